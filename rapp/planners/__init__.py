"""The planners by the names that strategies use: each is one file with one public function ``plan``."""

from __future__ import annotations

from collections.abc import Callable

from gridran.outcome import Outcome
from rapp.plan import Plan, PlanProblem
from rapp.planners import msrc, none, static_lb

Planner = Callable[[PlanProblem], Outcome[Plan]]

PLANNERS: dict[str, Planner] = {
    "none": none.plan,
    "static-lb": static_lb.plan,
    "msrc": msrc.plan,
}
