"""One trial in process: the same decisions as the services, without the wire between them.

The order inside a period is the contract of lockstep: telemetry, plan, policy, then indication, control, world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from emulator.streams import Streams
from emulator.world import World, advance, close_window, initial, observe, telemetry
from gridran.scenario.params import Scenario
from gridran.strategies import strategy_named
from gridran.types import Dispatch, Policy, StepOutcome
from rapp import core as rapp_core
from xapp import core as xapp_core


@dataclass(frozen=True)
class Period:
    """One period of a trial: the outcome, the control behind it and, at a planning boundary, the new policy."""

    outcome: StepOutcome
    control: Dispatch | None
    policy: Policy | None
    notes: tuple[tuple[str, rapp_core.Note | xapp_core.Note], ...]


def periods_per_plan(scenario: Scenario) -> int:
    """Fast-loop periods in one slow-loop period."""
    return max(1, round(scenario.time.plan_period_min * 60.0 / scenario.time.period_s))


def trial(scenario: Scenario, strategy_name: str, seed: int, hours_h: float) -> Iterator[Period]:
    """Play ``strategy_name`` through ``scenario`` and yield every period, up to ``hours_h``. ValueError: no such strategy."""
    strategy = strategy_named(strategy_name)
    streams = Streams(seed)
    world = initial(scenario, seed)
    rapp = rapp_core.initial(scenario, strategy)
    xapp = xapp_core.initial(scenario, strategy)
    dt_h = scenario.time.period_s / 3600.0
    per_plan = periods_per_plan(scenario)
    for period in range(round(hours_h / dt_h)):
        notes: list[tuple[str, rapp_core.Note | xapp_core.Note]] = []
        policy = None
        if period % per_plan == 0:
            world, rapp, policy = _plan(world, rapp, notes)
            xapp, _ = _xapp(xapp, xapp_core.PolicyPut(policy), notes)
        xapp, control = _xapp(xapp, xapp_core.Report(observe(world)), notes)
        xapp, _ = _xapp(xapp, xapp_core.ControlOutcome(period, True, ""), notes)
        world, outcome = advance(world, control, dt_h, streams)
        yield Period(outcome, control, policy, tuple(notes))


def run_until(periods: Iterator[Period], stop: Callable[[StepOutcome], bool]) -> Iterator[Period]:
    """The periods up to and including the first at which ``stop`` says so."""
    for period in periods:
        yield period
        if stop(period.outcome):
            return


def _plan(
    world: World, rapp: rapp_core.State, notes: list[tuple[str, rapp_core.Note | xapp_core.Note]]
) -> tuple[World, rapp_core.State, Policy]:
    rapp, effects = rapp_core.step(rapp, rapp_core.TelemetryArrived(telemetry(world)))
    notes += [("rapp", e) for e in effects if isinstance(e, rapp_core.Note)]
    (policy,) = (e.policy for e in effects if isinstance(e, rapp_core.PutPolicy))
    return close_window(world), rapp, policy


def _xapp(
    state: xapp_core.State, event: xapp_core.Event, notes: list[tuple[str, rapp_core.Note | xapp_core.Note]]
) -> tuple[xapp_core.State, Dispatch | None]:
    state, effects = xapp_core.step(state, event)
    notes += [("xapp", e) for e in effects if isinstance(e, xapp_core.Note)]
    controls = [e.dispatch for e in effects if isinstance(e, xapp_core.SendControl)]
    return state, controls[-1] if controls else None
