"""Can a policy be enforced here? The reason why not, naming the field, before it replaces a good one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridran.plugins import PluginError
from gridran.strategies import strategy_in_force
from gridran.types import Network, Policy, PolicySlot, ServiceClass, SiteMode
from xapp.dispatchers import dispatcher_named

_Fields = dict[str, tuple[npt.ArrayLike, tuple[int, ...]]]  # a field's values and the shape they must have


def policy_problem(network: Network, policy: Policy) -> str:
    """Why ``policy`` cannot be enforced on ``network``; empty where it can."""
    sites = (network.site_count,)
    own: _Fields = {
        "power_budget_kw": (policy.power_budget_kw, sites),
        "reserve_soc_frac": (policy.reserve_soc_frac, sites),
        "price_usd_per_kwh": (policy.price_usd_per_kwh, sites),
        "class_weight": (policy.class_weight, (len(ServiceClass),)),
        "availability_frac": (policy.availability_frac, (network.site_count, len(ServiceClass))),
    }
    return (
        _shape_or_value_problem(network, own)
        or _above_one("availability_frac", policy.availability_frac)
        or _slot_problem(network, policy)
        or _meaning_problem(policy)
        or _later_slots_problem(network, policy)
    )


def _shape_or_value_problem(network: Network, fields: _Fields) -> str:
    for name, (given, shape) in fields.items():
        values = np.asarray(given, dtype=np.float64)
        if values.ndim == len(shape) and len(values) != shape[0] and shape[0] == network.site_count:
            return f"{name}: {len(values)} sites, the network has {network.site_count}"
        if values.shape != shape:
            return f"{name}: shape {values.shape}, not {shape}"
        if not np.isfinite(values).all() or (values < 0).any():
            return f"{name}: not a finite, non-negative value"
    return ""


def _slot_problem(network: Network, slot: Policy | PolicySlot) -> str:
    """What is wrong with the fields that a policy and its later slots share."""
    n = network.site_count
    fields: _Fields = {
        "mode": (slot.mode, (n,)),
        "band_planned": (slot.band_planned, (n, network.band_count)),
        "service_frac": (slot.service_frac, (n, len(ServiceClass))),
    }
    problem = _shape_or_value_problem(network, fields)
    if problem:
        return problem
    if not np.isin(slot.mode, list(SiteMode)).all():
        return "mode: not a cooperation mode"
    if any(not (0 <= end < n) for link in slot.links for end in link):
        return "links: a site that does not exist"
    return _above_one("service_frac", slot.service_frac)


def _above_one(name: str, share_frac: npt.ArrayLike) -> str:
    return f"{name}: above 1" if (np.asarray(share_frac) > 1.0).any() else ""


def _meaning_problem(policy: Policy) -> str:
    if not policy.class_weight.any():
        return "class_weight: all zero"
    if np.isnan(policy.valid_until_h) or np.isnan(policy.issued_h):  # a comparison with NaN would never expire it
        return "valid_until_h: not a number"
    try:
        dispatcher_named(strategy_in_force(policy.strategy).dispatcher)
    except PluginError as unknown:
        return f"strategy: {unknown}"
    return ""


def _later_slots_problem(network: Network, policy: Policy) -> str:
    after_h = policy.issued_h
    for number, slot in enumerate(policy.slots):
        if not after_h < slot.from_h < policy.valid_until_h:
            return f"slots[{number}].from_h: must be after {after_h:g} and before {policy.valid_until_h:g}"
        problem = _slot_problem(network, slot)
        if problem:
            return f"slots[{number}].{problem}"
        after_h = slot.from_h
    return ""
