"""What the xApp must not lose: the accepted policy, its E2 subscription, its decisions. Written before it acts."""

from __future__ import annotations

from pathlib import Path

from gridran.runtime.journal import Entry, Journal

_POLICY, _SUBSCRIPTION, _DECISION = "policy", "subscription", "decision"
KEPT_ENTRIES = 20_000  # a week of 30 s periods


class XappJournal:
    """The xApp's journal in ``path``. Payloads are wire bytes or JSON, as the shell made them."""

    def __init__(self, path: Path | str, keep: int = KEPT_ENTRIES) -> None:
        self._journal = Journal(path, keep)

    def record_policy(self, policy_id: str, policy: bytes) -> None:
        """The policy about to be accepted: the one in force from now on, and one more in the log."""
        self._journal.put_and_append(_POLICY, _POLICY, policy_id, policy)

    def forget_policy(self) -> None:
        """The policy was deleted: none is in force after a restart."""
        self._journal.forget(_POLICY)

    def last_policy(self) -> bytes | None:
        """The policy in force, None where there is none."""
        return self._journal.get(_POLICY)

    def policies(self, limit: int | None = None) -> list[Entry]:
        """The newest accepted policies by policy id, oldest first."""
        return self._journal.entries(_POLICY, limit)

    def record_subscription(self, subscription: bytes) -> None:
        """The E2 subscription to ask for again after a restart."""
        self._journal.put(_SUBSCRIPTION, subscription)

    def subscription(self) -> bytes | None:
        return self._journal.get(_SUBSCRIPTION)

    def record_decision(self, period: int, decision: bytes) -> None:
        """What is about to be sent for ``period``, or what was said about it."""
        self._journal.append(_DECISION, str(period), decision)

    def decisions(self, limit: int | None = None) -> list[Entry]:
        """The newest decisions by period, oldest first."""
        return self._journal.entries(_DECISION, limit)

    def close(self) -> None:
        self._journal.close()
