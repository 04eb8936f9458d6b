"""How a policy throttles: the most that each user may be given, by the class and the own cell of the user.

The site that will serve a user is decided later, so the share is that of its own cell (column 0 of the report). A
dispatcher decides on ``throttled(task)``, as if users asked for no more than they may have; what is said about the
users, and what is held against physics, is always of the true report.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridran.types import BoolArray, FloatArray
from xapp.dispatch.task import DispatchTask


def throttled(task: DispatchTask) -> DispatchTask:
    """``task`` with demands that the policy permits; the same object where it permits everything."""
    if permits_all(task):
        return task
    return replace(task, snapshot=replace(task.snapshot, demand_mbps=permitted_mbps(task)))


def permitted_mbps(task: DispatchTask) -> FloatArray:
    """D' [U] = max(min(r_min, D), f·D) for the share f of the user's class, by own cell; 0 where f is 0.

    r_min is the minimum rate (10), which best effort does not have.
    """
    snapshot = task.snapshot
    if permits_all(task):
        return snapshot.demand_mbps
    share = task.policy.service_frac[snapshot.neighbour_site[:, 0], snapshot.service_class]
    least = np.minimum(snapshot.min_rate_mbps, snapshot.demand_mbps)
    return np.where(share > 0.0, np.maximum(least, share * snapshot.demand_mbps), 0.0)


def wanting(task: DispatchTask) -> BoolArray:
    """Users [U] who ask for anything at all."""
    return np.asarray(task.snapshot.demand_mbps > 0.0, dtype=np.bool_)


def permits_all(task: DispatchTask) -> bool:
    """Whether the policy throttles nobody."""
    return bool((task.policy.service_frac >= 1.0).all())
