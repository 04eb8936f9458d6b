"""The southbound port: what the xApp needs of whatever carries E2."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from gridran.types import Dispatch, Network, Snapshot


class E2Error(Exception):
    """The node cannot be reached, or what it sent cannot be used; one line."""


@dataclass(frozen=True)
class NodeInfo:
    """What E2 SETUP says. ``node_id`` is new with every run of the node."""

    node_id: str
    network: Network


@dataclass(frozen=True)
class Answer:
    """RIC CONTROL ACK, or FAILURE with its reason."""

    acked: bool
    reason: str


class E2Port(Protocol):
    """One association with a node. Every method raises E2Error."""

    def setup(self) -> NodeInfo: ...

    def reports(self, network: Network) -> Iterator[Snapshot]:
        """Subscribes; a report at the start of every period until the node ends the run."""

    def send(self, control: Dispatch, network: Network) -> Answer: ...

    def close(self) -> None:
        """Ends the association from any thread."""
