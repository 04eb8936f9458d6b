"""O1 as the page needs it: who the node is, what came of every period, and its pace."""

from __future__ import annotations

from collections.abc import Iterator

import grpc

from console.web.live import Node, Pace
from gridran.runtime.grpc import DEADLINE_S, MAX_MESSAGE_MIB, connect, one_line
from gridran.runtime.tls import Transport
from gridran.types import StepOutcome
from gridran.wire.convert import WireError, network_from_proto, outcome_from_proto
from gridran.wire.v1 import o1_telemetry_pb2 as o1
from gridran.wire.v1.o1_telemetry_pb2_grpc import O1ServiceStub

_ID = "gridran-web"


class O1Error(Exception):
    """The node cannot be reached, or what it sent cannot be used; one line."""


class PaceRefusedError(ValueError):
    """A pace that this run cannot have; one line."""


class O1Client:
    """One connection to the node on ``address``, as an operator. Every method raises O1Error; any thread may call."""

    def __init__(
        self,
        address: str,
        transport: Transport,
        deadline_s: float = DEADLINE_S,
        max_message_mib: int = MAX_MESSAGE_MIB,
    ) -> None:
        self._address = address
        self._channel = connect(address, transport, "emulator", max_message_mib)
        self._stub = O1ServiceStub(self._channel)
        self._deadline_s = deadline_s

    def describe(self) -> Node:
        """Who the node is."""
        try:
            answer = self._stub.Describe(o1.DescribeRequest(), timeout=self._deadline_s)
            network = network_from_proto(answer.network, "network.")
        except grpc.RpcError as error:
            raise self._failed(error) from None
        except WireError as error:
            raise O1Error(f"O1 describe: {error}") from None
        return Node(answer.managed_element, answer.scenario, network, answer.clock.speed)

    def outcomes(self, node: Node) -> Iterator[StepOutcome | str]:
        """What came of every period from now on, and last why the run ended: "hours", "lost" or "stopped"."""
        try:
            for report in self._stub.StreamOutcomes(o1.StreamOutcomesRequest(requestor_id=_ID)):
                if report.WhichOneof("report") == "summary":
                    yield report.summary.reason
                else:
                    yield outcome_from_proto(report.period.outcome, node.network, "outcome.")
        except grpc.RpcError as error:
            raise self._failed(error) from None
        except WireError as error:
            raise O1Error(f"O1 outcomes: {error}") from None

    def pace(self, paused: bool | None = None, speed: float | None = None, deadline_s: float | None = None) -> Pace:
        """The pace, after what is given was set. PaceRefusedError: the run cannot go so."""
        try:
            request = o1.SetPaceRequest(paused=paused, speed=speed)
            answer = self._stub.SetPace(request, timeout=deadline_s or self._deadline_s)
        except grpc.RpcError as error:
            if isinstance(error, grpc.Call) and error.code() is grpc.StatusCode.INVALID_ARGUMENT:
                raise PaceRefusedError(" ".join((error.details() or "").split())) from None
            raise self._failed(error) from None
        return Pace(answer.paused, answer.speed)

    def close(self) -> None:
        """Ends all calls from any thread."""
        self._channel.close()

    def _failed(self, error: grpc.RpcError) -> O1Error:
        """In the words of the innermost layer, where gRPC gives those of all."""
        code = error.code() if isinstance(error, grpc.Call) else None
        said = one_line(error)
        if code is grpc.StatusCode.UNAVAILABLE:
            said = f"nobody answers there: {said.rpartition(': ')[2].lower()}"
        return O1Error(f"{self._address}: {said}")
