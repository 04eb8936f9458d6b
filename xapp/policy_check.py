"""Can a policy be enforced here? The reason why not, naming the field, before it replaces a good one."""

from __future__ import annotations

import numpy as np

from gridran.strategies import STRATEGIES
from gridran.types import Network, Policy, ServiceClass, SiteMode


def policy_problem(network: Network, policy: Policy) -> str:
    """Why ``policy`` cannot be enforced on ``network``; empty where it can."""
    return _shape_or_value_problem(network, policy) or _meaning_problem(network, policy)


def _shape_or_value_problem(network: Network, policy: Policy) -> str:
    sites = (network.site_count,)
    expected = {
        "mode": (policy.mode, sites),
        "power_budget_kw": (policy.power_budget_kw, sites),
        "reserve_soc_frac": (policy.reserve_soc_frac, sites),
        "price_usd_per_kwh": (policy.price_usd_per_kwh, sites),
        "band_planned": (policy.band_planned, (network.site_count, network.band_count)),
        "class_weight": (policy.class_weight, (len(ServiceClass),)),
    }
    for name, (given, shape) in expected.items():
        values = np.asarray(given, dtype=np.float64)
        if values.ndim == len(shape) and len(values) != shape[0] and shape[0] == network.site_count:
            return f"{name}: {len(values)} sites, the network has {network.site_count}"
        if values.shape != shape:
            return f"{name}: shape {values.shape}, not {shape}"
        if not np.isfinite(values).all() or (values < 0).any():
            return f"{name}: not a finite, non-negative value"
    return ""


def _meaning_problem(network: Network, policy: Policy) -> str:
    if not np.isin(policy.mode, list(SiteMode)).all():
        return "mode: not a cooperation mode"
    if not policy.class_weight.any():
        return "class_weight: all zero"
    if np.isnan(policy.valid_until_h) or np.isnan(policy.issued_h):  # a comparison with NaN would never expire it
        return "valid_until_h: not a number"
    if policy.strategy not in STRATEGIES:
        return f"strategy: {policy.strategy!r} is unknown"
    if any(not (0 <= end < network.site_count) for link in policy.links for end in link):
        return "links: a site that does not exist"
    return ""
