"""Why a user is not served at its minimum rate: no user is shed silently (SPEC 5)."""

from __future__ import annotations

import numpy as np

from gridran.service import served
from gridran.types import BoolArray, FloatArray, IntArray, ShedReason
from xapp.dispatch.task import DispatchTask
from xapp.dispatch.throttle import permits_all, permitted_mbps


def shed_reason(
    task: DispatchTask, reachable: BoolArray, ue_site: IntArray, rate_mbps: FloatArray, power_bound: BoolArray
) -> IntArray:
    """Reason [U]: ``reachable`` [U] some open site gives the user a rate; ``rate_mbps`` [U] granted;
    ``power_bound`` [N] the site's power budget is what binds. ``task`` has the true demands, not the throttled ones."""
    snapshot = task.snapshot
    short = ~served(snapshot.service_class, snapshot.demand_mbps, snapshot.min_rate_mbps, rate_mbps)
    own = snapshot.neighbour_site[:, 0]
    own_down = ~(snapshot.site_up | snapshot.grid_up)[own]
    no_room = np.where(power_bound[np.maximum(ue_site, 0)], int(ShedReason.POWER_BUDGET), int(ShedReason.NO_CAPACITY))
    reason = np.where(
        ~reachable,
        np.where(own_down, int(ShedReason.SITE_DOWN), int(ShedReason.OUT_OF_COVERAGE)),
        np.where(limited(task), int(ShedReason.POLICY_LIMIT), no_room),
    )
    return np.where(short, reason, int(ShedReason.SERVED)).astype(np.int64)


def limited(task: DispatchTask) -> BoolArray:
    """Users [U] whom the policy itself permits less than they must have to count as served."""
    if permits_all(task):
        return np.zeros(len(task.snapshot.demand_mbps), dtype=np.bool_)
    snapshot = task.snapshot
    return ~served(snapshot.service_class, snapshot.demand_mbps, snapshot.min_rate_mbps, permitted_mbps(task))
