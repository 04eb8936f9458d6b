"""The policy that the xApp gives itself when no other is in force: strategy ``independent``, every site normal."""

from __future__ import annotations

import numpy as np

from gridran.strategies import FALLBACK
from gridran.types import FloatArray, Network, PlanTier, Policy, ServiceClass, SiteMode, Snapshot


def fallback_policy(network: Network, snapshot: Snapshot, class_weight: FloatArray, price_usd_per_kwh: float) -> Policy:
    """Every site normal with all carriers, within its own battery's limits, for as long as nothing better arrives."""
    sites = network.site_count
    limit_kw = np.array([s.battery.discharge_limit_kw + s.v2x_limit_kw for s in network.sites])
    return Policy(
        policy_id="",
        strategy=FALLBACK,
        issued_h=snapshot.time_h,
        valid_until_h=np.inf,
        tier=PlanTier.SAFE,
        gap_frac=float("nan"),
        plan_age_h=0.0,
        mode=np.full(sites, int(SiteMode.NORMAL), dtype=np.int64),
        links=(),
        band_planned=np.ones((sites, network.band_count), dtype=np.bool_),
        power_budget_kw=np.where(snapshot.grid_up, 1e3, limit_kw),
        reserve_soc_frac=np.array([s.battery.soc_min_frac for s in network.sites]),
        price_usd_per_kwh=np.full(sites, price_usd_per_kwh),
        class_weight=class_weight,
        service_frac=np.ones((sites, len(ServiceClass))),
        availability_frac=np.ones((sites, len(ServiceClass))),
    )
