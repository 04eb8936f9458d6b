"""The simulation thread: one period after the other, with both control loops around it.

A period: at a planning boundary the telemetry goes out and, in lockstep, its plan is waited for. The indication goes
out, its control is waited for, the world moves on, observers hear what happened. A peer that is not connected is
never waited for, and every wait has a deadline.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from emulator import faults, world
from emulator.exchange import Exchange
from emulator.metrics import EmulatorMetrics
from emulator.node import Node
from emulator.pace import Pace
from emulator.streams import Streams
from emulator.tally import Tally
from gridran.lost import failing_for_h, is_lost
from gridran.runtime.clock import Clock
from gridran.runtime.service_config import DeadlinesTable
from gridran.scenario.params import Scenario
from gridran.types import Dispatch, StepOutcome
from gridran.wire.convert import outcome_to_proto, snapshot_to_proto, telemetry_to_proto
from gridran.wire.v1 import o1_telemetry_pb2 as o1

_OBSERVER_DEADLINE_S = 30.0


class Sink(Protocol):
    """Where the periods of a run go besides the observers' streams. ``end`` when it is over, and once more, without
    effect, by who made it."""

    def begin(self, scenario: Scenario) -> None: ...

    def period(self, outcome: StepOutcome, control_latency_ms: float | None) -> bool: ...

    def end(self) -> None: ...


@dataclass(frozen=True)
class RunOrder:
    """What to play."""

    node: Node
    seed: int
    hours_h: float
    deadlines: DeadlinesTable


class Simulation:
    """Plays a run; ``play`` returns why it ended: "hours", "lost" or "stopped"."""

    def __init__(
        self, order: RunOrder, clock: Clock, exchange: Exchange, metrics: EmulatorMetrics, sink: Sink | None, log: Any
    ) -> None:
        self._order, self._clock, self._exchange = order, clock, exchange
        self.pace = Pace(clock, order.node.scenario.time.period_s, exchange.stop)
        self._metrics, self._sink, self._log = metrics, sink, log
        self._scenario = order.node.scenario
        self._streams = Streams(order.seed)
        self._world = world.initial(self._scenario, order.seed)
        self._lockstep = clock.speed == 0.0
        self.tally = Tally()

    def play(self) -> str:
        self._wait_for_peers()
        self._clock.start(self._world.time_h)
        reason = self._periods()
        self._exchange.outcomes.publish_whole(
            o1.OutcomeReport(summary=self.tally.summary(reason)), _OBSERVER_DEADLINE_S
        )
        return reason

    def _periods(self) -> str:
        failing_h = 0.0
        for period in range(round(self._order.hours_h / self._order.node.dt_h)):
            if not self.pace.hold(self._world.time_h):
                return "stopped"
            if period % self._order.node.periods_per_plan == 0:
                self._plan(period)
            outcome = self._period()
            if outcome is None:
                return "stopped"
            failing_h = failing_for_h(failing_h, outcome)
            if is_lost(failing_h):
                return "lost"
        return "hours"

    def _wait_for_peers(self) -> None:
        exchange = self._exchange
        both = exchange.wait(
            lambda: len(exchange.indications) > 0 and len(exchange.telemetry) > 0, self._order.deadlines.peers_s
        )
        if not both and not exchange.stop.is_set():
            missing = {"xapp": not len(exchange.indications), "rapp": not len(exchange.telemetry)}
            self._log.warning("starting without peers", missing=[name for name, is_so in missing.items() if is_so])

    def _plan(self, period: int) -> None:
        exchange = self._exchange
        exchange.telemetry.publish(telemetry_to_proto(world.telemetry(self._world), self._scenario.network))
        self._world = world.close_window(self._world)
        if not self._lockstep:
            return
        deadline_s = self._order.deadlines.plan_s
        self._wait_for(lambda: exchange.has_plan(period), lambda: len(exchange.telemetry) > 0, deadline_s)
        exchange.telemetry.forget_present()
        if not exchange.has_plan(period) and len(exchange.telemetry):
            self._metrics.late_plans.inc()
            self._log.warning("no plan within its deadline", period=period, deadline_s=deadline_s)

    def _period(self) -> StepOutcome | None:
        """One period under its control; None where the service was stopped meanwhile."""
        snapshot = world.observe(self._world)
        exchange, desk = self._exchange, self._exchange.desk
        desk.open(snapshot)
        if not faults.report_lost(self._scenario.faults, snapshot.time_h):
            exchange.indications.publish(snapshot_to_proto(snapshot, self._scenario.network))
            end_h = snapshot.time_h + self._order.node.dt_h
            deadline_s = self._order.deadlines.control_s if self._lockstep else self._clock.seconds_until(end_h)
            self._wait_for(lambda: desk.accepted is not None, lambda: len(exchange.indications) > 0, deadline_s)
        if not self._clock.wait_until(snapshot.time_h + self._order.node.dt_h, exchange.stop):
            return None
        exchange.indications.forget_present()
        control, latency_ms = desk.close()
        return self._advance(control, latency_ms)

    def _wait_for(self, done: Callable[[], bool], somebody: Callable[[], bool], deadline_s: float) -> None:
        """Until ``done``, or nobody is there to do it (in lockstep), or the deadline."""
        self._exchange.wait(lambda: done() or (self._lockstep and not somebody()), deadline_s)

    def _advance(self, control: Dispatch | None, latency_ms: float | None) -> StepOutcome:
        node = self._order.node
        self._world, outcome = world.advance(self._world, control, node.dt_h, self._streams)
        self.tally.add(control is not None, latency_ms)
        self._metrics.record(outcome, control is not None, latency_ms)
        if self._sink is not None:
            self._sink.period(outcome, latency_ms)
        self._publish(outcome, latency_ms)
        return outcome

    def _publish(self, outcome: StepOutcome, latency_ms: float | None) -> None:
        if not len(self._exchange.outcomes):
            return
        message = o1.PeriodReport(outcome=outcome_to_proto(outcome, self._scenario.network))
        if latency_ms is not None:
            message.control_latency_ms = latency_ms
        # In lockstep an observer may hold the clock; else a slow one must not.
        patience_s = _OBSERVER_DEADLINE_S if self._lockstep else 0.0
        if self._exchange.outcomes.publish_whole(o1.OutcomeReport(period=message), patience_s):
            self._log.warning("a slow observer was let go", period=outcome.period)
