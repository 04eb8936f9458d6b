"""Planner ``none``: no cooperation, γ = 0 at every site for ever (the paper's Independent Operation)."""

from __future__ import annotations

from gridran.outcome import Feasible, Outcome
from rapp.plan import Plan, PlanProblem
from rapp.safe_plan import NOTHING_PROVEN, safe_plan


def plan(problem: PlanProblem) -> Outcome[Plan]:
    """Every site normal with every carrier on; nothing is solved, so nothing is proven (gap NaN)."""
    return Feasible(safe_plan(problem.network, problem.snapshot), NOTHING_PROVEN)
