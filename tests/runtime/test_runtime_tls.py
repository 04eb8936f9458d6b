"""Mutual TLS and roles against a real server on the loopback."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from gridran.runtime.certificates import make_certificates
from gridran.runtime.grpc import Listening, connect, one_line, start_server
from gridran.runtime.roles import METHOD_ROLES
from gridran.runtime.tls import ROLES, Plaintext, Tls, TlsError, Transport
from gridran.wire.v1 import a1_policy_pb2, e2_pb2
from gridran.wire.v1 import o1_telemetry_pb2 as o1
from gridran.wire.v1 import o1_telemetry_pb2_grpc as o1_grpc


def outcome(listening: Listening, transport: Transport, method: str, request: object, server: str = "emulator") -> str:
    """``"ok"``, or status and details of the call in one line."""
    with connect(str(listening.address), transport, server) as channel:
        try:
            answer = getattr(o1_grpc.O1ServiceStub(channel), method)(request, timeout=5.0)
            if method.startswith("Stream"):
                list(answer)
        except grpc.RpcError as error:
            return one_line(error)
    return "ok"


def test_every_role_may_read(serve: Callable[..., tuple], certificates: dict[str, Tls]) -> None:
    """Describe is open to the rApp, the xApp and observers."""
    _, listening = serve(certificates["emulator"])
    for role in ("rapp", "xapp", "observer"):
        assert outcome(listening, certificates[role], "Describe", o1.DescribeRequest()) == "ok"


def test_only_the_rapp_may_report_a_plan(serve: Callable[..., tuple], certificates: dict[str, Tls]) -> None:
    """Another role is refused with PERMISSION_DENIED before the servicer sees the call; the rApp gets through."""
    servicer, listening = serve(certificates["emulator"])
    for role in ("xapp", "observer", "emulator"):
        refused = outcome(listening, certificates[role], "PlanApplied", o1.PlanAppliedRequest())
        assert refused == f"PERMISSION_DENIED: needs role rapp, the certificate has {role}"
    assert servicer.plans == 0
    assert outcome(listening, certificates["rapp"], "PlanApplied", o1.PlanAppliedRequest()).startswith("INVALID")
    assert servicer.plans == 1


def test_roles_guard_streams_too(serve: Callable[..., tuple], certificates: dict[str, Tls]) -> None:
    """A stream is refused for the wrong role and runs for the right one."""
    _, listening = serve(certificates["emulator"])
    request = o1.StreamTelemetryRequest()
    assert outcome(listening, certificates["xapp"], "StreamTelemetry", request).startswith("PERMISSION_DENIED")
    assert outcome(listening, certificates["rapp"], "StreamTelemetry", request) == "ok"


def test_certificate_without_a_known_role_is_refused(serve: Callable[..., tuple], tmp_path: Path) -> None:
    """A certificate of the right authority whose role may do nothing is refused."""
    own = make_certificates(tmp_path, roles=("emulator", "visitor"))
    _, listening = serve(own["emulator"])
    assert outcome(listening, own["visitor"], "Describe", o1.DescribeRequest()).startswith("PERMISSION_DENIED")


def test_caller_without_certificate_is_refused(serve: Callable[..., tuple], certificates: dict[str, Tls]) -> None:
    """Plaintext to a TLS port fails."""
    _, listening = serve(certificates["emulator"])
    assert outcome(listening, Plaintext(), "Describe", o1.DescribeRequest()).startswith("UNAVAILABLE")


def test_certificate_of_another_authority_is_refused(
    serve: Callable[..., tuple], certificates: dict[str, Tls], tmp_path: Path
) -> None:
    """A certificate with the right role from an authority that nobody trusts fails."""
    stranger = make_certificates(tmp_path)["rapp"]
    mixed = Tls(stranger.certificate, stranger.key, certificates["rapp"].authority)
    _, listening = serve(certificates["emulator"])
    assert outcome(listening, mixed, "Describe", o1.DescribeRequest()).startswith("UNAVAILABLE")


def test_client_refuses_a_server_with_another_role(serve: Callable[..., tuple], certificates: dict[str, Tls]) -> None:
    """Who wants the emulator does not talk to an xApp on its port."""
    _, listening = serve(certificates["xapp"])
    assert outcome(listening, certificates["rapp"], "Describe", o1.DescribeRequest()).startswith("UNAVAILABLE")


def test_every_method_has_its_roles() -> None:
    """The table of roles lists exactly the methods of the three services, and only roles that exist."""
    methods = {
        f"/{service.full_name}/{method.name}"
        for module in (a1_policy_pb2, e2_pb2, o1)
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }
    assert set(METHOD_ROLES) == methods
    assert {role for roles in METHOD_ROLES.values() for role in roles} <= set(ROLES)


def test_only_rapp_puts_policies_and_only_xapp_controls() -> None:
    """The two calls that change the network belong to one role each."""
    assert METHOD_ROLES["/gridran.v1.A1PolicyService/PutPolicy"] == ("rapp",)
    assert METHOD_ROLES["/gridran.v1.E2Service/Control"] == ("xapp",)


def test_keys_are_for_their_owner_only(certificates: dict[str, Tls]) -> None:
    """No key file can be read by anybody else, and the authority's key is not there."""
    for tls in certificates.values():
        assert stat.S_IMODE(tls.key.stat().st_mode) == 0o600
    folder = certificates["rapp"].key.parent
    assert sorted(p.name for p in folder.glob("*.key")) == sorted(f"{role}.key" for role in ROLES)


def test_certificates_can_be_made_again(tmp_path: Path) -> None:
    """A second set replaces the first in the same folder."""
    first = make_certificates(tmp_path)["rapp"].key.read_bytes()
    assert make_certificates(tmp_path)["rapp"].key.read_bytes() != first


def test_missing_key_file_is_named(certificates: dict[str, Tls], tmp_path: Path) -> None:
    """A file that is not there is named in one line."""
    absent = Tls(certificates["rapp"].certificate, tmp_path / "absent.key", certificates["rapp"].authority)
    with pytest.raises(TlsError, match=r"absent\.key: No such file"):
        start_server("127.0.0.1:0", absent, [])
