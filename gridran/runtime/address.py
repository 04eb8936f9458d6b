"""Addresses, HOST:PORT, and what can go wrong when a service wants to listen on one."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from dataclasses import dataclass


class ListenError(OSError):
    """An address that a service cannot listen on; one line that names it."""

    def __init__(self, address: str, why: str) -> None:
        super().__init__(f"cannot listen on {address}: {why}")
        self.address = address


class PortInUse(ListenError):  # noqa: N818  # says what happened, as a caller reads it
    """Another process listens on the address."""

    def __init__(self, address: str) -> None:
        super().__init__(address, "the port is in use")


@dataclass(frozen=True, slots=True)
class Address:
    """A host name or IP address, and a port; port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """True where nobody outside this machine can be at the other end."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_address(text: str) -> Address:
    """``HOST:PORT``, an IPv6 host in brackets. ValueError says what is wrong."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{text!r} is not an address, HOST:PORT")
    return Address(host, int(port))


def check_free(address: Address) -> None:
    """``ListenError`` where a server could not listen on ``address`` now; found by trying with a plain socket."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: old connections do not count
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            raise listen_error(address, error) from None


def listen_error(address: Address, error: OSError) -> ListenError:
    """``error`` of a ``bind`` in one line."""
    if error.errno == errno.EADDRINUSE:
        return PortInUse(str(address))
    return ListenError(str(address), os.strerror(error.errno) if error.errno and error.errno > 0 else str(error))
