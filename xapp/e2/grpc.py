"""E2 by the embedded E2-like gRPC service."""

from __future__ import annotations

from collections.abc import Iterator

import grpc

from gridran.runtime.grpc import connect, field_path_of, one_line
from gridran.runtime.tls import Transport
from gridran.types import Dispatch, Network, Snapshot
from gridran.wire.convert import WireError, dispatch_to_proto, network_from_proto, snapshot_from_proto
from gridran.wire.v1 import e2_pb2 as e2
from gridran.wire.v1.e2_pb2_grpc import E2ServiceStub
from xapp.e2.port import Answer, E2Error, NodeInfo

_ID = "gridran-xapp"
_FUNCTIONS = (2, 3, 4, 20260)


class GrpcE2:
    """An ``E2Port`` to the node on ``address``."""

    def __init__(self, address: str, transport: Transport, deadline_s: float, max_message_mib: int) -> None:
        self._channel = connect(address, transport, "emulator", max_message_mib)
        self._stub = E2ServiceStub(self._channel)
        self._deadline_s = deadline_s

    def setup(self) -> NodeInfo:
        """As ``E2Port``."""
        try:
            answer = self._stub.Setup(e2.SetupRequest(ric_id=_ID), timeout=self._deadline_s)
            return NodeInfo(answer.e2_node_id, network_from_proto(answer.network, "network."))
        except grpc.RpcError as error:
            raise E2Error(one_line(error)) from None
        except WireError as error:
            raise E2Error(f"E2 setup: {error}") from None

    def reports(self, network: Network) -> Iterator[Snapshot]:
        """As ``E2Port``."""
        try:
            for indication in self._stub.Subscribe(e2.SubscribeRequest(requestor_id=_ID, ran_function_ids=_FUNCTIONS)):
                snapshot = self._read(indication, network)
                if snapshot is not None:
                    yield snapshot
        except grpc.RpcError as error:
            raise E2Error(one_line(error)) from None

    def send(self, control: Dispatch, network: Network) -> Answer:
        """As ``E2Port``."""
        request = e2.ControlRequest(requestor_id=_ID, control=dispatch_to_proto(control, network))
        try:
            answer = self._stub.Control(request, timeout=self._deadline_s)
        except grpc.RpcError as error:
            if isinstance(error, grpc.Call) and error.code() is grpc.StatusCode.INVALID_ARGUMENT:
                return Answer(False, error.details() or field_path_of(error))
            raise E2Error(one_line(error)) from None
        if answer.WhichOneof("outcome") == "ack":
            return Answer(True, "")
        return Answer(False, f"{e2.Cause.Name(answer.failure.cause)}: {answer.failure.reason}")

    def close(self) -> None:
        """Ends the connection."""
        self._channel.close()

    def _read(self, indication: e2.Indication, network: Network) -> Snapshot | None:
        """The report; one that cannot be used is answered with ERROR INDICATION."""
        try:
            return snapshot_from_proto(indication.snapshot, network, "snapshot.")
        except WireError as error:
            self._stub.ErrorIndication(
                e2.ErrorIndicationRequest(
                    requestor_id=_ID,
                    period=indication.snapshot.period,
                    cause=e2.CAUSE_PROTOCOL_ERROR,
                    field_path=error.field_path,
                    reason=error.message,
                ),
                timeout=self._deadline_s,
            )
            return None
