"""Planner ``msrc``: the cooperation-mode MILP of the paper, (18)-(26), solved anew every 15 minutes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridran.outcome import Feasible, Infeasible, Optimal, Outcome
from gridran.types import FloatArray
from rapp.cooperation.demand import demand_points
from rapp.cooperation.gathering import gathered
from rapp.cooperation.inputs import battery_kwh, class_mean, cooperation_problem, growth_frac
from rapp.cooperation.solve import Limits, Pattern, solve
from rapp.cooperation.variables import Problem
from rapp.plan import Plan, PlanProblem

UNLIMITED_H = 1e4


def plan(problem: PlanProblem) -> Outcome[Plan]:
    """The mode pattern that maximises the shortest site life at the required service (SPEC 4)."""
    if not (problem.snapshot.site_up | problem.snapshot.grid_up).any():
        return Infeasible("no site has power")
    cooperation = build(problem)
    limits = Limits(problem.params.gap_frac, problem.params.node_limit, problem.params.time_limit_s)
    start = problem.previous.mode if problem.previous is not None else None
    outcome = solve(cooperation, limits, start)
    match outcome:
        case Optimal(pattern, gap):
            return Optimal(_plan(pattern), gap)
        case Feasible(pattern, gap):
            return Feasible(_plan(pattern), gap)
    return outcome


def build(problem: PlanProblem) -> Problem:
    """The cooperation problem behind a planning problem: volumes, energies and who takes part."""
    network, snapshot = problem.network, problem.snapshot
    ue_point = gathered(network, snapshot, problem.params.demand_points)
    points = demand_points(network, snapshot, expected_volume_mbps(problem), problem.class_weight, ue_point)
    energy_kwh = np.maximum(battery_kwh(problem) + problem.forecast.ev_energy_kwh, 1e-3)
    cooperation = cooperation_problem(problem, points, energy_kwh)
    return cooperation if problem.decided_mode is None else replace(cooperation, decided_mode=problem.decided_mode)


def expected_volume_mbps(problem: PlanProblem) -> FloatArray:
    """Volume [U] that the plan must carry: class target × expected demand.

    A session is far shorter than a plan, so what a user will ask for over the next quarter of an hour is its class's
    mean, not the draw of this moment. The forecast scales it by own cell with the largest value of the plan's period.
    """
    snapshot = problem.snapshot
    mean_mbps = class_mean(snapshot, snapshot.demand_mbps)[snapshot.service_class]
    target = np.asarray(problem.params.service_target_frac)[snapshot.service_class]
    return np.asarray(mean_mbps * target * growth_frac(problem), dtype=np.float64)


def _plan(pattern: Pattern) -> Plan:
    survival_h = 1.0 / pattern.s_per_h if pattern.s_per_h > 1.0 / UNLIMITED_H else UNLIMITED_H
    return Plan(
        mode=pattern.mode,
        links=pattern.links,
        band_on=pattern.band_on.astype(np.bool_),
        mean_power_kw=pattern.power_kw,
        survival_h=survival_h,
        bound_survival_h=float("nan"),  # the proven gap is on the objective as a whole, not on this term of it
    )
