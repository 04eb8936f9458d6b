"""Finds and loads a scenario by name or file."""

from __future__ import annotations

from gridran.scenario.loader import load_scenario
from gridran.scenario.params import Scenario


def load(name: str) -> Scenario:
    """The shipped scenario called ``name`` (empty: the paper's), or that of a file. ScenarioError, a
    ValueError: one line for each mistake, ``file:line: key: message``."""
    return load_scenario(name or "paper")
