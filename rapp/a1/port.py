"""The A1 port: what the rApp needs of whatever carries policies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from gridran.types import Network, Policy


class A1Error(Exception):
    """The xApp cannot be reached; one line. Trying again may help."""


@dataclass(frozen=True)
class Status:
    """ENFORCED, or NOT_ENFORCED with a reason."""

    policy_id: str
    enforced: bool
    reason: str


class A1Port(Protocol):
    """Every method raises A1Error."""

    def put(self, policy: Policy, network: Network, deadline_s: float) -> Status:
        """The xApp's answer; a refusal is NOT_ENFORCED with the reason."""

    def statuses(self) -> Iterator[Status]:
        """The present status of the held policy, then every change."""

    def close(self) -> None:
        """Ends all calls from any thread."""
