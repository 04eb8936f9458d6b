"""The scenario that a service's ``[run]`` table asks for; the same in all three services."""

from __future__ import annotations

from gridran.runtime.service_config import ConfigError, RunTable
from gridran.scenario.loader import load_override, load_scenario
from gridran.scenario.params import Scenario
from gridran.strategies import Strategy, strategy_named

DEFAULT_SCENARIO = "paper"


def scenario_of(run: RunTable) -> Scenario:
    """The scenario under its load. ScenarioError: every mistake found."""
    return load_scenario(run.scenario or DEFAULT_SCENARIO, load_override(run.load))


def strategy_of(run: RunTable) -> Strategy:
    """The strategy. ConfigError: there is none of that name."""
    try:
        return strategy_named(run.strategy)
    except ValueError as error:
        raise ConfigError(f"run.strategy: {error}") from None
