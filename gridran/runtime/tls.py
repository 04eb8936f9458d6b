"""Who may talk to whom: mutual TLS with a role in every certificate, or plaintext on loopback when asked for.

A certificate names its role twice: as the URI ``urn:gridran:role:ROLE``, which servers read, and as the host name
``ROLE.gridran``, by which clients make sure that they talk to the service they mean, wherever it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, cast

import grpc

from gridran.runtime.address import Address

ROLES = ("emulator", "xapp", "rapp", "observer", "operator")
_URI_PREFIX = "urn:gridran:role:"


class TlsError(ValueError):
    """A transport that must not or cannot be used; one line."""


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: the service's own certificate and key, and the authority that signed its peers."""

    certificate: Path
    key: Path
    authority: Path


@dataclass(frozen=True, slots=True)
class Plaintext:
    """No TLS, and so no roles: only between processes of one machine."""

    def check(self, address: Address) -> None:
        """TlsError unless ``address`` is on loopback."""
        if not address.is_loopback:
            raise TlsError(f"{address}: plaintext is for loopback addresses only, give certificates")


Transport = Tls | Plaintext


def role_uri(role: str) -> str:
    return f"{_URI_PREFIX}{role}"


def role_host(role: str) -> str:
    return f"{role}.gridran"


def server_credentials(tls: Tls) -> grpc.ServerCredentials:
    """Credentials that demand a certificate from every client. TlsError where a file cannot be read."""
    key, certificate, authority = _read(tls)
    return grpc.ssl_server_credentials([(key, certificate)], root_certificates=authority, require_client_auth=True)


def channel_credentials(tls: Tls) -> grpc.ChannelCredentials:
    """Credentials of a client. TlsError where a file cannot be read."""
    key, certificate, authority = _read(tls)
    return grpc.ssl_channel_credentials(authority, key, certificate)


def peer_roles(context: grpc.ServicerContext) -> frozenset[str] | None:
    """The roles in the caller's certificate; None where the port is plaintext."""
    facts = cast("Mapping[str, Iterable[bytes]]", context.auth_context())  # its stub forgets that values are lists
    if b"ssl" not in facts.get("transport_security_type", ()):
        return None
    names = [name.decode("utf-8", "replace") for name in facts.get("x509_subject_alternative_name", ())]
    return frozenset(name.removeprefix(_URI_PREFIX) for name in names if name.startswith(_URI_PREFIX))


def require_role(context: grpc.ServicerContext, *allowed: str) -> None:
    """Ends the call with PERMISSION_DENIED unless the caller has one of the roles, or the port is plaintext."""
    roles = peer_roles(context)
    if roles is not None and roles.isdisjoint(allowed):
        _deny(context, roles, allowed)


def _deny(context: grpc.ServicerContext, roles: frozenset[str], allowed: tuple[str, ...]) -> NoReturn:
    who = ", ".join(sorted(roles)) or "none"
    context.abort(
        grpc.StatusCode.PERMISSION_DENIED, f"needs role {' or '.join(allowed) or '(nobody)'}, the certificate has {who}"
    )
    raise AssertionError("abort does not return")


def _read(tls: Tls) -> tuple[bytes, bytes, bytes]:
    try:
        return tls.key.read_bytes(), tls.certificate.read_bytes(), tls.authority.read_bytes()
    except OSError as error:
        raise TlsError(f"{error.filename}: {error.strerror}") from error
