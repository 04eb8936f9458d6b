"""The plan that needs no planner: every site normal, every carrier on."""

from __future__ import annotations

import math

import numpy as np

from gridran.types import Network, SiteMode, Snapshot
from rapp.plan import Plan

NOTHING_PROVEN = math.nan  # the gap of a plan that is a rule's answer, not a solver's


def safe_plan(network: Network, snapshot: Snapshot) -> Plan:
    """All sites NORMAL, all bands, no links; the draw is expected to stay as it is. Survival is not looked at (NaN)."""
    return Plan(
        mode=np.full(network.site_count, int(SiteMode.NORMAL), dtype=np.int64),
        links=(),
        band_on=np.ones((network.site_count, network.band_count), dtype=np.bool_),
        mean_power_kw=snapshot.load_kw,
        survival_h=math.nan,
        bound_survival_h=math.nan,
    )
