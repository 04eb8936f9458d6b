"""Why a user is not served at its minimum rate: no user is shed silently (SPEC 5)."""

from __future__ import annotations

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray, ServiceClass, ShedReason
from xapp.dispatch.task import DispatchTask

BEST_EFFORT_FRAC = 0.5  # SPEC 7: best effort counts as served above half of its demand


def shed_reason(
    task: DispatchTask, reachable: BoolArray, ue_site: IntArray, rate_mbps: FloatArray, power_bound: BoolArray
) -> IntArray:
    """Reason [U]: ``reachable`` [U] some open site gives the user a rate; ``rate_mbps`` [U] granted;
    ``power_bound`` [N] the site's power budget is what binds."""
    snapshot = task.snapshot
    best_effort = snapshot.service_class == ServiceClass.BEST_EFFORT
    least = np.where(best_effort, BEST_EFFORT_FRAC * snapshot.demand_mbps, snapshot.min_rate_mbps)
    short = rate_mbps < least * (1.0 - 1e-6)
    own = snapshot.neighbour_site[:, 0]
    own_down = ~(snapshot.site_up | snapshot.grid_up)[own]
    reason = np.where(
        ~reachable,
        np.where(own_down, int(ShedReason.SITE_DOWN), int(ShedReason.OUT_OF_COVERAGE)),
        np.where(power_bound[np.maximum(ue_site, 0)], int(ShedReason.POWER_BUDGET), int(ShedReason.NO_CAPACITY)),
    )
    return np.where(short, reason, int(ShedReason.SERVED)).astype(np.int64)
