# ruff: noqa: N802 - method names are those of the proto files
"""The O1-like port of the node: telemetry for the slow loop, outcomes for observers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import grpc

from emulator.exchange import Exchange
from emulator.metrics import EmulatorMetrics
from emulator.node import Node
from emulator.pace import Pace
from gridran.runtime.audience import Audience
from gridran.runtime.grpc import abort_invalid
from gridran.runtime.tls import require_role
from gridran.wire.v1 import o1_telemetry_pb2 as o1
from gridran.wire.v1.o1_telemetry_pb2_grpc import O1ServiceServicer

T = TypeVar("T")
_PLANNER, _OPERATOR = "rapp", "operator"
_OBSERVERS = ("observer", _OPERATOR)


class O1Server(O1ServiceServicer):
    """Answers the rApp and observers; all state is the exchange's, and that of ``pace``."""

    def __init__(self, node: Node, exchange: Exchange, pace: Pace, metrics: EmulatorMetrics, log: Any) -> None:
        self._node, self._exchange, self._pace, self._metrics, self._log = node, exchange, pace, metrics, log
        metrics.listeners.labels("telemetry").set_function(lambda: len(exchange.telemetry))
        metrics.listeners.labels("outcomes").set_function(lambda: len(exchange.outcomes))

    def Describe(self, request: o1.DescribeRequest, context: grpc.ServicerContext) -> o1.DescribeResponse:  # noqa: ARG002 - it is empty
        """Who this node is, its network and clock."""
        require_role(context, _PLANNER, *_OBSERVERS)
        return self._node.description()

    def StreamTelemetry(
        self, request: o1.StreamTelemetryRequest, context: grpc.ServicerContext
    ) -> Iterator[o1.Telemetry]:
        """Reports of planning boundaries, the present one at once, until the caller leaves."""
        require_role(context, _PLANNER)
        self._log.info("O1 telemetry", requestor_id=request.requestor_id)
        yield from _heard(self._exchange.telemetry, context)

    def PlanApplied(self, request: o1.PlanAppliedRequest, context: grpc.ServicerContext) -> o1.PlanAppliedResponse:
        """The boundary has its plan: a clock that waits for it goes on. INVALID_ARGUMENT: the period is no boundary."""
        require_role(context, _PLANNER)
        if request.period % self._node.periods_per_plan:
            self._metrics.bad_messages.labels("PlanApplied").inc()
            abort_invalid(context, "period", f"{request.period} is no planning boundary")
        self._exchange.plan_applied(request.period, request.policy_id)
        return o1.PlanAppliedResponse()

    def StreamOutcomes(
        self, request: o1.StreamOutcomesRequest, context: grpc.ServicerContext
    ) -> Iterator[o1.OutcomeReport]:
        """What came of every period from the next one on, until the caller leaves."""
        require_role(context, _PLANNER, *_OBSERVERS)
        self._log.info("O1 outcomes", requestor_id=request.requestor_id)
        yield from _heard(self._exchange.outcomes, context)

    def SetPace(self, request: o1.SetPaceRequest, context: grpc.ServicerContext) -> o1.Pace:
        """The pace from now on; a request without fields asks for it. INVALID_ARGUMENT: this run cannot go so."""
        require_role(context, _OPERATOR)
        given = {name: getattr(request, name) if request.HasField(name) else None for name in ("paused", "speed")}
        try:
            self._pace.set(**given)
        except ValueError as wrong:
            self._metrics.bad_messages.labels("SetPace").inc()
            abort_invalid(context, "speed", str(wrong))
        if any(value is not None for value in given.values()):
            self._log.info("pace", paused=self._pace.paused, speed=self._pace.speed)
        return o1.Pace(paused=self._pace.paused, speed=self._pace.speed)


def _heard(audience: Audience[T], context: grpc.ServicerContext) -> Iterator[T]:
    """What ``audience`` hears, until the caller leaves."""
    feed = audience.join()
    if not context.add_callback(lambda: audience.leave(feed)):
        audience.leave(feed)
    yield from feed
