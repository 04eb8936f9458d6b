"""One trial in process: the same decisions as the services, without the wire between them.

The order inside a period is the contract of lockstep: telemetry, plan, policy, then indication, control, world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import rapp.core as rapp_core
import xapp.core as xapp_core
from emulator.streams import Streams
from emulator.world import World, advance, close_window, initial, observe, telemetry
from gridran.scenario.params import Scenario
from gridran.strategies import Strategy, strategy_named
from gridran.types import Dispatch, Policy, StepOutcome
from gridran.units import s_to_h
from rapp.notes import Note as RappNote
from xapp.notes import Note as XappNote


@dataclass(frozen=True)
class Period:
    """One period of a trial: the outcome, the control behind it and, at a planning boundary, the new policy."""

    outcome: StepOutcome
    control: Dispatch | None
    policy: Policy | None
    notes: tuple[tuple[str, RappNote | XappNote], ...]


@dataclass(frozen=True)
class Play:
    """A trial between two periods: the world and its draws, the slow loop and the fast loop."""

    scenario: Scenario
    streams: Streams
    world: World
    slow: rapp_core.State
    fast: xapp_core.State


def periods_per_plan(scenario: Scenario) -> int:
    """Fast-loop periods in one slow-loop period."""
    return max(1, round(scenario.time.plan_period_min * 60.0 / scenario.time.period_s))


def trial(scenario: Scenario, strategy_name: str, seed: int, hours_h: float) -> Iterator[Period]:
    """Play ``strategy_name`` through ``scenario`` and yield every period, up to ``hours_h``.

    ValueError: no such strategy.
    """
    play = begin(scenario, strategy_named(strategy_name), seed)
    for _ in range(round(hours_h * 3600.0 / scenario.time.period_s)):
        play, period = next_period(play)
        yield period


def begin(scenario: Scenario, strategy: Strategy, seed: int) -> Play:
    """Time 0, before the first plan. ValueError: the strategy names something unknown."""
    return Play(
        scenario=scenario,
        streams=Streams(seed),
        world=initial(scenario, seed),
        slow=rapp_core.initial(scenario, strategy),
        fast=xapp_core.initial(scenario, strategy),
    )


def next_period(play: Play) -> tuple[Play, Period]:
    """One period of 30 s, with a new plan first where one is due."""
    world, slow, fast = play.world, play.slow, play.fast
    notes: list[tuple[str, RappNote | XappNote]] = []
    policy = None
    if world.period % periods_per_plan(play.scenario) == 0:
        world, slow, policy = _plan(world, slow, notes)
        fast, _ = _fast(fast, xapp_core.PolicyPut(policy), notes)
    fast, control = _fast(fast, xapp_core.Report(observe(world)), notes)
    fast, _ = _fast(fast, xapp_core.ControlOutcome(world.period, True, ""), notes)
    world, outcome = advance(world, control, s_to_h(play.scenario.time.period_s), play.streams)
    return replace(play, world=world, slow=slow, fast=fast), Period(outcome, control, policy, tuple(notes))


def run_until(periods: Iterator[Period], stop: Callable[[StepOutcome], bool]) -> Iterator[Period]:
    """The periods up to and including the first at which ``stop`` says so."""
    for period in periods:
        yield period
        if stop(period.outcome):
            return


def _plan(
    world: World, slow: rapp_core.State, notes: list[tuple[str, RappNote | XappNote]]
) -> tuple[World, rapp_core.State, Policy]:
    slow, effects = rapp_core.step(slow, rapp_core.TelemetryArrived(telemetry(world)))
    notes += [("rapp", e) for e in effects if isinstance(e, RappNote)]
    (policy,) = (e.policy for e in effects if isinstance(e, rapp_core.PutPolicy))
    return close_window(world), slow, policy


def _fast(
    state: xapp_core.State, event: xapp_core.Event, notes: list[tuple[str, RappNote | XappNote]]
) -> tuple[xapp_core.State, Dispatch | None]:
    state, effects = xapp_core.step(state, event)
    notes += [("xapp", e) for e in effects if isinstance(e, XappNote)]
    controls = [e.dispatch for e in effects if isinstance(e, xapp_core.SendControl)]
    return state, controls[-1] if controls else None
