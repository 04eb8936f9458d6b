"""A1 by the embedded A1-like gRPC service of the xApp."""

from __future__ import annotations

from collections.abc import Iterator

import grpc

from gridran.runtime.grpc import connect, one_line
from gridran.runtime.tls import Transport
from gridran.types import Network, Policy
from gridran.wire.convert import POLICY_TYPE_ID, policy_to_proto
from gridran.wire.v1 import a1_policy_pb2 as a1
from gridran.wire.v1.a1_policy_pb2_grpc import A1PolicyServiceStub
from rapp.a1.port import A1Error, Status


class GrpcA1:
    """An ``A1Port`` to the xApp on ``address``."""

    def __init__(self, address: str, transport: Transport, max_message_mib: int) -> None:
        self._channel = connect(address, transport, "xapp", max_message_mib)
        self._stub = A1PolicyServiceStub(self._channel)

    def put(self, policy: Policy, network: Network, deadline_s: float) -> Status:
        """As ``A1Port``."""
        request = a1.PutPolicyRequest(policy_type_id=POLICY_TYPE_ID, policy=policy_to_proto(policy, network))
        try:
            # Waiting until ready bridges the pause of a channel that tried too early.
            return _status(self._stub.PutPolicy(request, timeout=deadline_s, wait_for_ready=True))
        except grpc.RpcError as error:
            if isinstance(error, grpc.Call) and error.code() is grpc.StatusCode.INVALID_ARGUMENT:
                return Status(policy.policy_id, False, error.details() or "")
            raise A1Error(one_line(error)) from None

    def statuses(self) -> Iterator[Status]:
        """As ``A1Port``."""
        try:
            for message in self._stub.WatchStatus(a1.WatchStatusRequest(), wait_for_ready=True):
                yield _status(message)
        except grpc.RpcError as error:
            raise A1Error(one_line(error)) from None

    def close(self) -> None:
        """Ends the connection."""
        self._channel.close()


def _status(message: a1.PolicyStatus) -> Status:
    return Status(message.policy_id, message.enforce_status == a1.ENFORCE_STATUS_ENFORCED, message.reason)
