"""O1: telemetry in, "plan applied" out, by the embedded O1-like gRPC service of the node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import grpc

from gridran.runtime.grpc import connect, one_line
from gridran.runtime.tls import Transport
from gridran.types import Network, Telemetry
from gridran.wire.convert import WireError, network_from_proto, telemetry_from_proto
from gridran.wire.v1 import o1_telemetry_pb2 as o1
from gridran.wire.v1.o1_telemetry_pb2_grpc import O1ServiceStub

_ID = "gridran-rapp"


class O1Error(Exception):
    """The node cannot be reached, or what it sent cannot be used; one line."""


@dataclass(frozen=True)
class NodeInfo:
    """What Describe says. ``node_id`` is new with every run of the node."""

    node_id: str
    network: Network


class O1Client:
    """One connection to the node on ``address``. Every method raises O1Error."""

    def __init__(self, address: str, transport: Transport, deadline_s: float, max_message_mib: int) -> None:
        self._channel = connect(address, transport, "emulator", max_message_mib)
        self._stub = O1ServiceStub(self._channel)
        self._deadline_s = deadline_s

    def describe(self) -> NodeInfo:
        try:
            answer = self._stub.Describe(o1.DescribeRequest(), timeout=self._deadline_s)
            return NodeInfo(answer.managed_element, network_from_proto(answer.network, "network."))
        except grpc.RpcError as error:
            raise O1Error(one_line(error)) from None
        except WireError as error:
            raise O1Error(f"O1 describe: {error}") from None

    def telemetry(self, network: Network) -> Iterator[Telemetry]:
        """A report at every planning boundary until the node ends the run."""
        try:
            for message in self._stub.StreamTelemetry(o1.StreamTelemetryRequest(requestor_id=_ID)):
                yield telemetry_from_proto(message, network, "telemetry.")
        except grpc.RpcError as error:
            raise O1Error(one_line(error)) from None
        except WireError as error:
            raise O1Error(f"O1 telemetry: {error}") from None

    def plan_applied(self, period: int, policy_id: str) -> None:
        """The boundary is dealt with; ``policy_id`` is empty where the xApp could not be reached."""
        request = o1.PlanAppliedRequest(period=period, policy_id=policy_id)
        try:
            self._stub.PlanApplied(request, timeout=self._deadline_s)
        except grpc.RpcError as error:
            raise O1Error(one_line(error)) from None

    def close(self) -> None:
        """Ends all calls from any thread."""
        self._channel.close()
