"""gRPC servers and channels as every service of gridran builds them: limits, deadlines, TLS, errors in one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NoReturn, Protocol

import grpc

from gridran.runtime.address import Address, PortInUse, check_free, parse_address
from gridran.runtime.roles import RoleInterceptor
from gridran.runtime.tls import Plaintext, Transport, channel_credentials, role_host, server_credentials

DEADLINE_S = 10.0  # of a call that answers at once
MAX_MESSAGE_MIB = 32  # an indication of 1,000 users and 19 sites is below 1 MiB
FIELD_PATH_KEY = "gridran-field-path"
_KEEPALIVE_MS = 20_000
_STREAM_WORKERS = 32  # every open stream holds one


class Register(Protocol):
    """Adds a servicer to a server: ``lambda server: add_E2ServiceServicer_to_server(servicer, server)``."""

    def __call__(self, server: grpc.Server) -> None: ...


@dataclass(frozen=True)
class Listening:
    """A server that has started, and where it listens (with the port the system chose where 0 was asked for)."""

    server: grpc.Server
    address: Address

    def stop(self, grace_s: float = 0.5) -> None:
        """Ends open calls after ``grace_s`` and returns when all have ended."""
        self.server.stop(grace_s).wait()


def start_server(
    address: str, transport: Transport, registrations: Iterable[Register], max_message_mib: int = MAX_MESSAGE_MIB
) -> Listening:
    """A server on ``address`` with the given servicers; with TLS it asks for the roles of ``METHOD_ROLES``.

    Raises ``PortInUse`` or ``ListenError``, one line that names the address; ``TlsError`` where a certificate cannot be
    read, or where plaintext would leave the machine.
    """
    wanted = parse_address(address)
    server = grpc.server(
        ThreadPoolExecutor(_STREAM_WORKERS, thread_name_prefix="grpc"),
        interceptors=[] if isinstance(transport, Plaintext) else [RoleInterceptor()],
        options=_server_options(max_message_mib),
    )
    for register in registrations:
        register(server)
    port = _bind(server, wanted, transport)
    server.start()
    return Listening(server, Address(wanted.host, port))


def connect(
    address: str, transport: Transport, server_role: str, max_message_mib: int = MAX_MESSAGE_MIB
) -> grpc.Channel:
    """A channel to the service with ``server_role`` on ``address``; with TLS nobody else is accepted there.

    It connects by itself, again and again where it must. TlsError as for ``start_server``.
    """
    target = parse_address(address)
    options = _channel_options(max_message_mib)
    if isinstance(transport, Plaintext):
        transport.check(target)
        return grpc.insecure_channel(str(target), options)
    options.append(("grpc.ssl_target_name_override", role_host(server_role)))
    return grpc.secure_channel(str(target), channel_credentials(transport), options)


def abort_invalid(context: grpc.ServicerContext, field_path: str, message: str) -> NoReturn:
    """Ends the call with INVALID_ARGUMENT; the field path begins the text and is in the trailing metadata, too."""
    context.set_trailing_metadata(((FIELD_PATH_KEY, field_path),))
    context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{field_path}: {message}")
    raise AssertionError("abort does not return")


def field_path_of(error: grpc.RpcError) -> str:
    """The field path that the server blamed, empty where it blamed none."""
    if not isinstance(error, grpc.Call):
        return ""
    metadata: Iterable[tuple[str, str | bytes]] = error.trailing_metadata() or ()
    return next((str(value) for key, value in metadata if key == FIELD_PATH_KEY), "")


def one_line(error: grpc.RpcError) -> str:
    """Status and details of a failed call for a log line."""
    if not isinstance(error, grpc.Call):
        return str(error)
    return f"{error.code().name}: {' '.join((error.details() or '').split())}"


def backoff_s(first_s: float = 0.2, most_s: float = 5.0) -> Iterator[float]:
    """How long to wait before each next attempt: twice as long every time, up to ``most_s``."""
    wait_s = first_s
    while True:
        yield wait_s
        wait_s = min(most_s, 2.0 * wait_s)


def _bind(server: grpc.Server, address: Address, transport: Transport) -> int:
    check_free(address)  # gRPC would fail as well, but with lines of its own on stderr
    try:
        if isinstance(transport, Plaintext):
            transport.check(address)
            return server.add_insecure_port(str(address))
        return server.add_secure_port(str(address), server_credentials(transport))
    except RuntimeError:
        raise PortInUse(str(address)) from None  # somebody was quicker


def _server_options(max_message_mib: int) -> list[tuple[str, int]]:
    return [
        *_size_options(max_message_mib),
        ("grpc.so_reuseport", 0),  # or a second server would silently share the port
        ("grpc.http2.min_ping_interval_without_data_ms", _KEEPALIVE_MS // 2),
    ]


def _channel_options(max_message_mib: int) -> list[tuple[str, int | str]]:
    return [
        *_size_options(max_message_mib),
        ("grpc.keepalive_time_ms", _KEEPALIVE_MS),  # a peer that vanished is noticed
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.enable_http_proxy", 0),  # peers are near; a proxy of the environment is for the world outside
        ("grpc.initial_reconnect_backoff_ms", 200),
        ("grpc.min_reconnect_backoff_ms", 200),
        ("grpc.max_reconnect_backoff_ms", 5_000),
    ]


def _size_options(max_message_mib: int) -> list[tuple[str, int]]:
    size = max_message_mib * 2**20
    return [("grpc.max_receive_message_length", size), ("grpc.max_send_message_length", size)]
