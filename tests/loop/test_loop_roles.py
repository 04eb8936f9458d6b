"""Mutual TLS: every service has a role, and a role may do only its own part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
import pytest

from gridran.runtime.certificates import make_certificates
from gridran.runtime.grpc import connect
from gridran.runtime.tls import Tls
from gridran.wire.v1 import a1_policy_pb2 as a1
from gridran.wire.v1 import e2_pb2 as e2
from gridran.wire.v1 import o1_telemetry_pb2 as o1
from gridran.wire.v1.a1_policy_pb2_grpc import A1PolicyServiceStub
from gridran.wire.v1.e2_pb2_grpc import E2ServiceStub
from gridran.wire.v1.o1_telemetry_pb2_grpc import O1ServiceStub


@pytest.fixture
def certificates(tmp_path: Path) -> dict[str, Tls]:
    return make_certificates(tmp_path / "tls")


def test_the_loop_closes_over_mutual_tls(loop_of: Any, certificates: dict[str, Tls]) -> None:
    """Three services with a certificate each play a run like those on plaintext."""
    loop = loop_of(strategy="independent")
    loop.certificates = certificates
    assert loop.all_three(4).wait() == 0
    assert loop.recorder.policies() == ["independent-0000000"] * 4


def test_a_role_may_do_only_its_own_part(loop_of: Any, certificates: dict[str, Tls]) -> None:
    """Only the rApp may put policies, only the xApp may control; observers may look."""
    loop = loop_of(strategy="independent")
    loop.certificates = certificates
    loop.emulator(4)
    loop.xapp()
    put = a1.PutPolicyRequest(policy_type_id=20260)
    denied = [
        ("xapp", loop.a1_address, "xapp", lambda c: A1PolicyServiceStub(c).PutPolicy(put)),
        ("observer", loop.a1_address, "xapp", lambda c: A1PolicyServiceStub(c).PutPolicy(put)),
        ("rapp", loop.node_address, "emulator", lambda c: E2ServiceStub(c).Control(e2.ControlRequest())),
        ("observer", loop.node_address, "emulator", lambda c: E2ServiceStub(c).Reset(e2.ResetRequest())),
        ("xapp", loop.node_address, "emulator", lambda c: O1ServiceStub(c).PlanApplied(o1.PlanAppliedRequest())),
    ]
    for role, address, server, call in denied:
        with connect(address, certificates[role], server) as channel, pytest.raises(grpc.RpcError) as refusal:
            call(channel)
        assert refusal.value.code() is grpc.StatusCode.PERMISSION_DENIED
    with connect(loop.node_address, certificates["observer"], "emulator") as channel:
        assert O1ServiceStub(channel).Describe(o1.DescribeRequest()).user_count == 150


def test_a_stranger_gets_no_connection(loop_of: Any, certificates: dict[str, Tls], tmp_path: Path) -> None:
    """A certificate of another authority ends the handshake."""
    loop = loop_of(strategy="independent")
    loop.certificates = certificates
    loop.emulator(4)
    stranger = make_certificates(tmp_path / "other")["xapp"]
    trusting = Tls(stranger.certificate, stranger.key, certificates["xapp"].authority)
    with connect(loop.node_address, trusting, "emulator") as channel, pytest.raises(grpc.RpcError) as refusal:
        E2ServiceStub(channel).Setup(e2.SetupRequest(), timeout=5.0)
    assert refusal.value.code() is grpc.StatusCode.UNAVAILABLE
