# ruff: noqa: N802 - method names are those of the proto files
"""The A1-like port of the xApp: policies in, their status out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

import grpc

from gridran.runtime.grpc import abort_invalid
from gridran.runtime.tls import require_role
from gridran.wire.convert import POLICY_TYPE_ID, WireError, policy_from_proto
from gridran.wire.policy_json import policy_type_osc, policy_type_std
from gridran.wire.v1 import a1_policy_pb2 as a1
from gridran.wire.v1.a1_policy_pb2_grpc import A1PolicyServiceServicer
from xapp.decider import Decider, status_to_proto
from xapp.metrics import XappMetrics

_ROLE = "rapp"


class A1Server(A1PolicyServiceServicer):
    """Answers the rApp; all state is the decider's."""

    def __init__(self, decider: Decider, metrics: XappMetrics, log: Any) -> None:
        self._decider, self._metrics, self._log = decider, metrics, log

    def ListPolicyTypes(
        self,
        request: a1.ListPolicyTypesRequest,  # noqa: ARG002 - it is empty
        context: grpc.ServicerContext,
    ) -> a1.ListPolicyTypesResponse:
        """The one policy type that this xApp enforces."""
        require_role(context, _ROLE, "observer")
        return a1.ListPolicyTypesResponse(policy_types=[_policy_type()])

    def PutPolicy(self, request: a1.PutPolicyRequest, context: grpc.ServicerContext) -> a1.PolicyStatus:
        """Takes a policy from its next period on; INVALID_ARGUMENT names the field for which it is refused."""
        require_role(context, _ROLE)
        if request.policy_type_id != POLICY_TYPE_ID:
            self._refuse(context, "policy_type_id", f"{request.policy_type_id} is unknown, this is {POLICY_TYPE_ID}")
        try:
            policy = policy_from_proto(request.policy, self._decider.network, "policy.")
        except WireError as error:
            self._refuse(context, error.field_path, error.message)
        status = self._decider.put(request.policy, policy)
        if not status.enforced:
            field, _, message = status.reason.partition(": ")
            self._refuse(context, f"policy.{field}", message)
        return status_to_proto(status)

    def GetPolicy(self, request: a1.GetPolicyRequest, context: grpc.ServicerContext) -> a1.Policy:
        """The policy held; NOT_FOUND where it is another one or none."""
        require_role(context, _ROLE, "observer")
        held = self._decider.held_policy
        if held is None or held.policy_id != request.policy_id:
            _not_found(context, request.policy_id)
        return held

    def DeletePolicy(self, request: a1.DeletePolicyRequest, context: grpc.ServicerContext) -> a1.DeletePolicyResponse:
        """Drops the policy held; NOT_FOUND where it is another one or none."""
        require_role(context, _ROLE)
        if not self._decider.delete(request.policy_id):
            _not_found(context, request.policy_id)
        self._log.info("policy deleted", policy_id=request.policy_id)
        return a1.DeletePolicyResponse()

    def GetStatus(self, request: a1.GetStatusRequest, context: grpc.ServicerContext) -> a1.PolicyStatus:
        """Whether the policy last accepted is enforced, and why not; NOT_FOUND where that was another one."""
        require_role(context, _ROLE, "observer")
        status = self._decider.status
        if status is None or status.policy_id != request.policy_id:
            _not_found(context, request.policy_id)
        return status

    def WatchStatus(self, request: a1.WatchStatusRequest, context: grpc.ServicerContext) -> Iterator[a1.PolicyStatus]:
        """Every change of a status, of one policy or (empty id) of all, until the caller leaves."""
        require_role(context, _ROLE, "observer")
        feed = self._decider.statuses.join()
        if not context.add_callback(lambda: self._decider.statuses.leave(feed)):
            self._decider.statuses.leave(feed)
        for status in feed:
            if request.policy_id in ("", status.policy_id):
                yield status

    def _refuse(self, context: grpc.ServicerContext, field_path: str, message: str) -> NoReturn:
        self._metrics.bad_messages.labels("PutPolicy").inc()
        self._log.warning("policy refused", field_path=field_path, why=message)
        abort_invalid(context, field_path, message)


def _not_found(context: grpc.ServicerContext, policy_id: str) -> NoReturn:
    context.abort(grpc.StatusCode.NOT_FOUND, f"there is no policy {policy_id!r}")
    raise AssertionError("abort does not return")


def _policy_type() -> a1.PolicyType:
    """Type 20260 with its JSON schemas, as they are shipped."""
    std = policy_type_std()
    return a1.PolicyType(
        policy_type_id=POLICY_TYPE_ID,
        name=policy_type_osc()["name"],
        policy_schema=json.dumps(std["policySchema"]),
        status_schema=json.dumps(std["statusSchema"]),
    )
