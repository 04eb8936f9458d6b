"""Says everything that is wrong with a scenario, without using it."""

from __future__ import annotations

from pathlib import Path

from gridran.scenario.loader import load_scenario
from gridran.scenario.problem import Problem, ScenarioError


def check(path: str | Path) -> tuple[Problem, ...]:
    """Every mistake in a scenario file (or a shipped scenario) and its data files, in file order; empty when good."""
    try:
        load_scenario(path)
    except ScenarioError as error:
        return error.problems
    return ()
