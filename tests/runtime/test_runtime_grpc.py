"""Servers and channels on the loopback: addresses, limits and errors."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import grpc
import pytest

from gridran.runtime.address import ListenError, PortInUse, parse_address
from gridran.runtime.grpc import backoff_s, connect, field_path_of, one_line, start_server
from gridran.runtime.tls import Plaintext, TlsError
from gridran.wire.v1 import o1_telemetry_pb2 as o1
from gridran.wire.v1 import o1_telemetry_pb2_grpc as o1_grpc


def test_call_over_plaintext_loopback(serve: Callable[..., tuple]) -> None:
    """On the loopback a call goes through without certificates when plaintext was asked for."""
    _, listening = serve(Plaintext())
    with connect(str(listening.address), Plaintext(), "emulator") as channel:
        assert o1_grpc.O1ServiceStub(channel).Describe(o1.DescribeRequest(), timeout=5.0).scenario == "test"


def test_peers_are_called_past_a_proxy(serve: Callable[..., tuple], monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment, here one that is not there, is for the world outside."""
    for name in ("no_grpc_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("grpc_proxy", "https_proxy", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    _, listening = serve(Plaintext())
    with connect(str(listening.address), Plaintext(), "emulator") as channel:
        assert o1_grpc.O1ServiceStub(channel).Describe(o1.DescribeRequest(), timeout=5.0).scenario == "test"


def test_bad_field_is_named_in_text_and_metadata(serve: Callable[..., tuple]) -> None:
    """An invalid field ends the call with INVALID_ARGUMENT; its path is in the details and in the metadata."""
    _, listening = serve(Plaintext())
    with (
        connect(str(listening.address), Plaintext(), "emulator") as channel,
        pytest.raises(grpc.RpcError) as caught,
    ):
        o1_grpc.O1ServiceStub(channel).PlanApplied(o1.PlanAppliedRequest(period=7), timeout=5.0)
    assert one_line(caught.value) == "INVALID_ARGUMENT: period: 7 is stale"
    assert field_path_of(caught.value) == "period"


def test_error_without_a_field_has_no_path() -> None:
    """An error that is no answer of a server names no field and still has its line."""
    assert field_path_of(grpc.RpcError("gone")) == ""
    assert one_line(grpc.RpcError("gone")) == "gone"


def test_port_in_use_is_one_line_with_the_address(serve: Callable[..., tuple]) -> None:
    """A second server on the same port is refused with the address in one line."""
    _, listening = serve(Plaintext())
    with pytest.raises(PortInUse) as caught:
        start_server(str(listening.address), Plaintext(), [])
    assert str(caught.value) == f"cannot listen on {listening.address}: the port is in use"


def test_address_of_another_machine_cannot_be_listened_on(certificates: dict) -> None:
    """An address that is not ours is refused in one line that says so."""
    with pytest.raises(ListenError, match=r"cannot listen on 203\.0\.113\.1:0: "):
        start_server("203.0.113.1:0", certificates["emulator"], [])


@pytest.mark.parametrize("address", ["0.0.0.0:0", "emulator:50051", "192.0.2.1:1"])
def test_plaintext_stays_on_the_loopback(address: str) -> None:
    """Plaintext to or on an address that others can reach is refused."""
    with pytest.raises(TlsError, match="plaintext is for loopback addresses only"):
        connect(address, Plaintext(), "emulator")


def test_plaintext_server_beyond_loopback_is_refused() -> None:
    """A server without TLS does not listen on all interfaces."""
    with pytest.raises(TlsError, match=r"0\.0\.0\.0:0: plaintext"):
        start_server("0.0.0.0:0", Plaintext(), [])


def test_message_above_the_limit_is_refused(serve: Callable[..., tuple]) -> None:
    """A message above the size limit ends the call with RESOURCE_EXHAUSTED, and the server goes on."""
    servicer, listening = serve(Plaintext(), max_message_mib=1)
    with connect(str(listening.address), Plaintext(), "emulator") as channel:
        stub = o1_grpc.O1ServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            stub.PlanApplied(o1.PlanAppliedRequest(policy_id="x" * 2**21), timeout=5.0)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert servicer.plans == 0
        assert stub.Describe(o1.DescribeRequest(), timeout=5.0).scenario == "test"


def test_backoff_doubles_up_to_its_bound() -> None:
    """Every wait is twice the one before, until the longest."""
    assert list(islice(backoff_s(0.5, 3.0), 5)) == [0.5, 1.0, 2.0, 3.0, 3.0]


@pytest.mark.parametrize(
    ("text", "host", "port", "loopback"),
    [
        ("127.0.0.1:50051", "127.0.0.1", 50051, True),
        ("localhost:0", "localhost", 0, True),
        ("[::1]:80", "::1", 80, True),
        ("0.0.0.0:80", "0.0.0.0", 80, False),  # noqa: S104  # it is what must be told apart
        ("emulator:50051", "emulator", 50051, False),
    ],
)
def test_address_is_read_and_written_alike(text: str, host: str, port: int, loopback: bool) -> None:
    """Host and port are told apart, IPv6 included, and written back as they were read."""
    address = parse_address(text)
    assert (address.host, address.port, address.is_loopback, str(address)) == (host, port, loopback, text)


@pytest.mark.parametrize("text", ["", "localhost", ":80", "localhost:", "localhost:http", "localhost:70000", "h:-1"])
def test_bad_address_is_quoted(text: str) -> None:
    """What is no address is quoted in the error."""
    with pytest.raises(ValueError, match="is not an address, HOST:PORT"):
        parse_address(text)
