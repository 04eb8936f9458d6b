"""What a planning problem says about energy and demand, in the arrays that the cooperation models take."""

from __future__ import annotations

import numpy as np

from gridran.service import least_demanding, promised_mbps
from gridran.types import FloatArray, ServiceClass, Snapshot
from rapp.cooperation.demand import DemandPoints
from rapp.cooperation.variables import Problem
from rapp.plan import UNDECIDED, PlanProblem

CLASSES = len(ServiceClass)


def cooperation_problem(problem: PlanProblem, points: DemandPoints, energy_kwh: FloatArray) -> Problem:
    """The cooperation problem of serving ``points`` with ``energy_kwh`` [N] to spend."""
    network, snapshot = problem.network, problem.snapshot
    unknown = np.full(network.site_count, -1, dtype=np.int64)
    return Problem(
        network=network,
        points=points,
        energy_kwh=energy_kwh,
        alive=(snapshot.site_up | snapshot.grid_up).astype(np.int64),
        drains=(~snapshot.grid_up).astype(np.int64),
        previous_mode=unknown if problem.previous is None else problem.previous.mode,
        objective_weight=problem.params.objective_weight,
        decided_mode=np.full(network.site_count, UNDECIDED),
    )


def battery_kwh(problem: PlanProblem) -> FloatArray:
    """What each battery can still deliver above its floor, [N]."""
    batteries = [s.battery for s in problem.network.sites]
    capacity = np.array([b.capacity_kwh * b.discharge_efficiency_frac for b in batteries])
    floor = np.array([b.soc_min_frac for b in batteries])
    return np.asarray(np.maximum(problem.snapshot.soc_frac - floor, 0.0) * capacity, dtype=np.float64)


def full_battery_kwh(problem: PlanProblem) -> FloatArray:
    """What each battery delivers above its floor from the charge that it has when an outage begins, [N]."""
    batteries = [s.battery for s in problem.network.sites]
    usable = [(b.initial_soc_frac - b.soc_min_frac) * b.capacity_kwh * b.discharge_efficiency_frac for b in batteries]
    return np.maximum(np.array(usable, dtype=np.float64), 0.0)


def served_volume_mbps(problem: PlanProblem, share_frac: tuple[float, ...]) -> FloatArray:
    """Expected volume [U] when ``share_frac`` [4] of each class's users have their minimum rate, the least demanding
    first, and the others nothing.

    A session is far shorter than a plan, so every user counts with its class's mean, not with the draw of this moment.
    """
    snapshot = problem.snapshot
    need = promised_mbps(snapshot)
    kept = least_demanding(snapshot.service_class, need, np.array(share_frac))
    return class_mean(snapshot, np.where(kept, need, 0.0))[snapshot.service_class] * growth_frac(problem)


def class_mean(snapshot: Snapshot, value: FloatArray) -> FloatArray:
    """Mean of ``value`` [U] over each class, [4]; 0 where the class has no user."""
    count = np.bincount(snapshot.service_class, minlength=CLASSES)
    total = np.bincount(snapshot.service_class, weights=value, minlength=CLASSES)
    return np.asarray(total / np.maximum(count, 1), dtype=np.float64)


def growth_frac(problem: PlanProblem) -> FloatArray:
    """Demand over the coming plan period relative to now, by each user's own cell, [U]."""
    growth = problem.forecast.demand_frac[:1].max(axis=0)[problem.snapshot.neighbour_site[:, 0]]
    return np.asarray(growth, dtype=np.float64)
