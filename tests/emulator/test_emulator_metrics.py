"""What the emulator counts, period by period."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from emulator.metrics import EmulatorMetrics
from emulator.streams import Streams
from emulator.world import advance, initial
from gridran.scenario.params import Scenario, TimeParams

HELD, SAFE = ({"state": "held"}, {"state": "safe"})


def counted(registry: CollectorRegistry) -> tuple[float | None, ...]:
    """Periods held, periods in the safe state, missed controls, and the watchdog's state."""
    name = "gridran_emulator_watchdog_periods_total"
    return (
        registry.get_sample_value(name, HELD),
        registry.get_sample_value(name, SAFE),
        registry.get_sample_value("gridran_emulator_controls_total", {"result": "missed"}),
        registry.get_sample_value("gridran_emulator_watchdog_state"),
    )


def test_periods_without_a_control_are_counted_by_what_acted(scenario_of: Callable[..., Scenario]) -> None:
    """One is held, two are in the safe state; the counts stay when a control has come again and the state is over."""
    registry, scenario = CollectorRegistry(), scenario_of(rings=0, ues=5)
    metrics = EmulatorMetrics(registry, scenario, "msrc")
    assert counted(registry) == (0, 0, 0, 0)
    _, safe = advance(initial(scenario, 1), None, 1.0 / 120.0, Streams(1))  # nothing to hold
    controlled = replace(safe, strategy="msrc")
    metrics.record(controlled, in_time=True, latency_ms=3.0)
    assert counted(registry) == (0, 0, 0, 0)
    metrics.record(controlled, in_time=False, latency_ms=None)
    assert counted(registry) == (1, 0, 1, 1)
    metrics.record(safe, in_time=False, latency_ms=None)
    metrics.record(safe, in_time=False, latency_ms=None)
    assert counted(registry) == (1, 2, 3, 2)
    metrics.record(controlled, in_time=True, latency_ms=3.0)
    assert counted(registry) == (1, 2, 3, 0)


def test_the_planning_period_is_told_in_seconds(scenario_of: Callable[..., Scenario]) -> None:
    """That of the scenario, before anything is played."""
    registry = CollectorRegistry()
    EmulatorMetrics(registry, scenario_of(rings=0, time=TimeParams(plan_period_min=5.0)), "msrc")
    assert registry.get_sample_value("gridran_emulator_plan_period_seconds") == pytest.approx(300.0)
