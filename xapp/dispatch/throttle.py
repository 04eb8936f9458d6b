"""How a policy throttles: who is to have a minimum rate, and the most that anybody may be given beyond it.

A policy that gives less than everything promises the minimum rate to a share of each class, over all cells that promise
the same: to those who need least, since most users can be kept for the energy that way, and rather to those who have it
already, so that a session is not cut for one that needs a little less. Beyond that a user may have a share of its
demand, by class and own cell (column 0 of the report; the site that will serve it is decided later). A dispatcher
decides on ``throttled(task)``, as if users asked for no more than they may have; what is said about the users, and what
is held against physics, is always of the true report.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridran.service import least_demanding, promised_mbps, served
from gridran.types import BoolArray, FloatArray
from xapp.dispatch.task import DispatchTask

_KEPT_NEED_FRAC = 0.8  # who is served counts as needing this much of what it does


def throttled(task: DispatchTask) -> DispatchTask:
    """``task`` with the demands that the policy permits and the minimum rates that it promises; the same object where
    it permits everything."""
    if permits_all(task):
        return task
    promised = _promised_mbps(task)
    asked = replace(task.snapshot, demand_mbps=_permitted_mbps(task, promised), min_rate_mbps=promised)
    return replace(task, snapshot=asked)


def permitted_mbps(task: DispatchTask) -> FloatArray:
    """D' [U] = max(p, f·D): p the rate promised to the user, f the share of its class and own cell."""
    return task.snapshot.demand_mbps if permits_all(task) else _permitted_mbps(task, _promised_mbps(task))


def wanting(task: DispatchTask) -> BoolArray:
    """Users [U] who ask for anything at all."""
    return np.asarray(task.snapshot.demand_mbps > 0.0, dtype=np.bool_)


def permits_all(task: DispatchTask) -> bool:
    """Whether the policy throttles nobody."""
    return bool((task.policy.service_frac >= 1.0).all())


def _permitted_mbps(task: DispatchTask, promised_mbps: FloatArray) -> FloatArray:
    snapshot = task.snapshot
    share = task.policy.service_frac[snapshot.neighbour_site[:, 0], snapshot.service_class]
    return np.asarray(np.maximum(promised_mbps, share * snapshot.demand_mbps), dtype=np.float64)


def _promised_mbps(task: DispatchTask) -> FloatArray:
    """The minimum rate of who is among the promised share of its class, 0 for the others, [U]."""
    snapshot = task.snapshot
    need = promised_mbps(snapshot)
    has_it = served(snapshot.service_class, snapshot.demand_mbps, snapshot.min_rate_mbps, snapshot.served_mbps)
    ranked = np.where(has_it & (snapshot.serving_site >= 0), _KEPT_NEED_FRAC * need, need)
    share_frac, alike = np.unique(task.policy.availability_frac, axis=0, return_inverse=True)
    promises = alike.ravel()[snapshot.neighbour_site[:, 0]]
    first = np.zeros(len(need), dtype=np.bool_)
    for number, share in enumerate(share_frac):
        users = np.flatnonzero(promises == number)
        first[users] = least_demanding(snapshot.service_class[users], ranked[users], share)
    return np.where(first, need, 0.0)
