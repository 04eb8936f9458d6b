"""When a user counts as served, and who is served first when not all can be (SPEC 7)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray, ServiceClass, ShedReason, Snapshot, StepOutcome

WHOLE = 1.0 - 1e-6  # of what was asked for or promised, from where on it counts as all of it
BEST_EFFORT_SERVED_FRAC = 0.5  # best effort counts as served above half of its demand
BEST_EFFORT_PROMISED_FRAC = 0.51  # so this is what it is given where it is given no more than it must


def served(
    service_class: IntArray, demand_mbps: FloatArray, min_rate_mbps: FloatArray, served_mbps: FloatArray
) -> BoolArray:
    """Users [U] at or above their minimum rate or all that they ask for; best-effort users above half of it, or who ask
    for nothing."""
    above_half = (served_mbps > BEST_EFFORT_SERVED_FRAC * demand_mbps) | (demand_mbps <= 0.0)
    at_minimum = served_mbps >= np.minimum(min_rate_mbps, demand_mbps) * WHOLE
    return np.where(service_class == ServiceClass.BEST_EFFORT, above_half, at_minimum)


def fully_served(outcome: StepOutcome) -> BoolArray:
    """Users [U] that get all they ask for."""
    full: BoolArray = outcome.served_mbps >= outcome.demand_mbps * WHOLE
    return full


def shed_counts(outcome: StepOutcome) -> IntArray:
    """Users by class and shed reason, shape [4, 6]; column 0 counts the served."""
    classes, reasons = len(ServiceClass), len(ShedReason)
    cell = outcome.service_class * reasons + outcome.shed_reason
    return np.bincount(cell, minlength=classes * reasons).reshape(classes, reasons).astype(np.int64)


def least_mbps(snapshot: Snapshot) -> FloatArray:
    """What each user [U] must have to count as served: its minimum rate (10), best effort half of its demand."""
    best_effort = snapshot.service_class == ServiceClass.BEST_EFFORT
    return np.where(best_effort, BEST_EFFORT_SERVED_FRAC * snapshot.demand_mbps, snapshot.min_rate_mbps)


def promised_mbps(snapshot: Snapshot) -> FloatArray:
    """The rate [U] that makes a user count as served with nothing to spare, never above its demand."""
    best_effort = snapshot.service_class == ServiceClass.BEST_EFFORT
    least = np.where(best_effort, BEST_EFFORT_PROMISED_FRAC * snapshot.demand_mbps, snapshot.min_rate_mbps)
    return np.asarray(np.minimum(least, snapshot.demand_mbps), dtype=np.float64)


def least_demanding(service_class: IntArray, need_mbps: FloatArray, share_frac: FloatArray) -> BoolArray:
    """Users [U] among the ``share_frac`` [4] of their class that need least; equal needs in the order of the users."""
    kept = np.zeros(len(need_mbps), dtype=np.bool_)
    for kind, share in enumerate(share_frac):
        users = np.flatnonzero(service_class == kind)
        order = users[np.argsort(need_mbps[users], kind="stable")]
        kept[order[: int(np.ceil(share * len(users) - 1e-9))]] = True
    return kept


def readable(snapshot: Snapshot) -> Snapshot:
    """``snapshot`` where a user whose demand is not a number asks for nothing, so that it cannot spoil the others'."""
    least, demand = snapshot.min_rate_mbps, snapshot.demand_mbps
    known = np.isfinite(demand) & np.isfinite(least)
    if known.all():
        return snapshot
    return replace(snapshot, demand_mbps=np.where(known, demand, 0.0), min_rate_mbps=np.where(known, least, 0.0))
