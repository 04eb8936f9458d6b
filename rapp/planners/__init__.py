"""The planners by the names that strategies use: each is one file with one public function ``plan``."""

from __future__ import annotations

from collections.abc import Callable

from gridran.outcome import Outcome
from gridran.plugins import function_named
from rapp.plan import Plan, PlanProblem
from rapp.planners import lifetime, msrc, none, static_lb

Planner = Callable[[PlanProblem], Outcome[Plan]]

BY_CLUSTER = ("msrc", "lifetime")  # they search, so they plan large networks cluster by cluster
PLANNERS: dict[str, Planner] = {
    "none": none.plan,
    "static-lb": static_lb.plan,
    "msrc": msrc.plan,
    "lifetime": lifetime.plan,
}


def planner_named(name: str) -> Planner:
    """The planner of that name, or the function "module:function". PluginError: there is none."""
    return function_named("planner", name, PLANNERS)
