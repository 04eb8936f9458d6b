# ruff: noqa: N802 - method names are those of the proto files
"""The E2-like port of the node: set-up, indications out, controls in."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import grpc

from emulator.exchange import Exchange
from emulator.field_path import wire_path
from emulator.metrics import EmulatorMetrics
from emulator.node import Node
from emulator.validate import problems
from gridran.runtime.grpc import abort_invalid
from gridran.runtime.tls import require_role
from gridran.types import Dispatch, Snapshot
from gridran.wire.convert import WireError, dispatch_from_proto
from gridran.wire.v1 import common_pb2 as pb
from gridran.wire.v1 import e2_pb2 as e2
from gridran.wire.v1.e2_pb2_grpc import E2ServiceServicer

_ROLE = "xapp"


class E2Server(E2ServiceServicer):
    """Answers the xApp; all state is the exchange's."""

    def __init__(
        self, node: Node, exchange: Exchange, metrics: EmulatorMetrics, rejected: Callable[[], None], log: Any
    ) -> None:
        self._node, self._exchange, self._metrics, self._rejected, self._log = node, exchange, metrics, rejected, log
        self._subscription_ids = itertools.count(1)
        metrics.listeners.labels("indications").set_function(lambda: len(exchange.indications))

    def Setup(self, request: e2.SetupRequest, context: grpc.ServicerContext) -> e2.SetupResponse:
        """Who this node is, its network, clock and RAN functions."""
        require_role(context, _ROLE)
        self._log.info("E2 setup", ric_id=request.ric_id)
        return self._node.setup()

    def Subscribe(self, request: e2.SubscribeRequest, context: grpc.ServicerContext) -> Iterator[e2.Indication]:
        """INDICATIONs, the present period's at once, until the caller leaves or the node is reset; a slow caller misses
        older ones."""
        require_role(context, _ROLE)
        feed = self._exchange.indications.join()
        if not context.add_callback(lambda: self._exchange.indications.leave(feed)):
            self._exchange.indications.leave(feed)  # the caller was gone before we began
        self._log.info("E2 subscription", requestor_id=request.requestor_id)
        yield from self._indications(next(self._subscription_ids), iter(feed))

    def Control(self, request: e2.ControlRequest, context: grpc.ServicerContext) -> e2.ControlResponse:
        """Takes a CONTROL for the period that waits for one; INVALID_ARGUMENT names the field that is not fit."""
        require_role(context, _ROLE)
        snapshot = self._exchange.desk.snapshot
        if snapshot is None:
            return _failure(e2.CAUSE_NODE_NOT_READY, "no period is waiting for a control")
        dispatch = self._checked(request.control, snapshot, context)
        refusal = self._exchange.desk.take(dispatch, request.control)
        if refusal:
            self._count("rejected")
            return _failure(e2.CAUSE_CONTROL_TIMER_EXPIRED, refusal)
        self._metrics.controls.labels("accepted").inc()
        return e2.ControlResponse(ack=e2.ControlAck(period=dispatch.period))

    def ErrorIndication(
        self, request: e2.ErrorIndicationRequest, context: grpc.ServicerContext
    ) -> e2.ErrorIndicationResponse:
        """Counts and logs an indication that the xApp could not use."""
        require_role(context, _ROLE)
        self._metrics.bad_messages.labels("Indication").inc()
        self._log.warning(
            "E2 error indication", period=request.period, field_path=request.field_path, reason=request.reason
        )
        return e2.ErrorIndicationResponse()

    def Reset(self, request: e2.ResetRequest, context: grpc.ServicerContext) -> e2.ResetResponse:
        """Forgets the control in hand and ends all subscriptions; answers with the period."""
        require_role(context, _ROLE)
        self._log.warning("E2 reset", requestor_id=request.requestor_id)
        self._exchange.desk.forget()
        self._exchange.indications.end_streams()
        snapshot = self._exchange.desk.snapshot
        return e2.ResetResponse(period=snapshot.period if snapshot else 0)

    def _indications(self, subscription_id: int, snapshots: Iterator[pb.Snapshot]) -> Iterator[e2.Indication]:
        for sequence_number, snapshot in enumerate(snapshots):
            indication = e2.Indication(
                subscription_id=subscription_id, sequence_number=sequence_number, snapshot=snapshot
            )
            self._exchange.desk.handed_over(snapshot.period)
            yield indication

    def _checked(self, control: e2.Control, snapshot: Snapshot, context: grpc.ServicerContext) -> Dispatch:
        """The control as a ``Dispatch``; ends the call where it is not fit to act on."""
        network = self._node.scenario.network
        try:
            dispatch = dispatch_from_proto(control, network, len(snapshot.ue_id), "control.")
        except WireError as error:
            self._refuse(context, error.field_path, error.message)
        for path, message in problems(network, snapshot, dispatch):
            self._refuse(context, wire_path(path, control, network), message)
        return dispatch

    def _refuse(self, context: grpc.ServicerContext, field_path: str, message: str) -> None:
        self._metrics.bad_messages.labels("Control").inc()
        self._count("rejected")
        abort_invalid(context, field_path, message)

    def _count(self, result: str) -> None:
        self._metrics.controls.labels(result).inc()
        self._rejected()


def _failure(cause: e2.Cause.ValueType, reason: str) -> e2.ControlResponse:
    return e2.ControlResponse(failure=e2.ControlFailure(cause=cause, reason=reason))
