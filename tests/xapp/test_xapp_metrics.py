"""What the xApp tells of the policy in force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from gridran.scenario.params import Scenario
from gridran.strategies import STRATEGIES
from gridran.types import Policy, Snapshot
from xapp import core
from xapp.metrics import XappMetrics


def told(registry: CollectorRegistry) -> dict[str, float | None]:
    """The gauges of the policy by the end of their name."""
    names = ("fallback", "policy_age_seconds", "policy_valid_seconds", "policy_life_seconds")
    return {name: registry.get_sample_value(f"gridran_xapp_{name}") for name in names}


def test_age_rest_and_life_are_those_of_the_policy_in_force(
    small_scenario: Scenario, policy_of: Callable[..., Policy], report_of: Callable[..., Snapshot]
) -> None:
    """A policy of 0.25 h to 0.75 h has a life of 1,800 s, whatever its age; without one there is neither."""
    network = small_scenario.network
    state = replace(core.initial(small_scenario, STRATEGIES["msrc"]), policy=policy_of(network))
    _, effects = core.step(state, core.Report(report_of(network)))
    (control,) = [effect.dispatch for effect in effects if isinstance(effect, core.SendControl)]
    registry = CollectorRegistry()
    metrics = XappMetrics(registry, "msrc")

    metrics.decided(state, report_of(network, time_h=0.5), control, 0.01)
    assert told(registry) == pytest.approx(
        {"fallback": 0.0, "policy_age_seconds": 900.0, "policy_valid_seconds": 900.0, "policy_life_seconds": 1800.0}
    )
    metrics.decided(replace(state, policy=None), report_of(network, time_h=1.0), control, 0.01)
    assert told(registry) == {
        "fallback": 1.0, "policy_age_seconds": 0.0, "policy_valid_seconds": 0.0, "policy_life_seconds": 0.0
    }  # fmt: skip
