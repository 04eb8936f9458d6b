"""Where controls come in: one for each period, while that period waits for it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from gridran.types import Dispatch, Snapshot


@dataclass(frozen=True)
class Accepted:
    """A control that the node took, the message it came in and when."""

    dispatch: Dispatch
    message: object
    at_s: float


class ControlDesk:
    """Takes at most one control for the present period."""

    def __init__(self, changed: threading.Condition) -> None:
        self._changed = changed
        self._snapshot: Snapshot | None = None
        self._open = False
        self._accepted: Accepted | None = None
        self._handed_over_s: float | None = None

    @property
    def snapshot(self) -> Snapshot | None:
        """What the present period's indication says; None before the first and after the last period."""
        return self._snapshot

    @property
    def accepted(self) -> Accepted | None:
        return self._accepted

    def open(self, snapshot: Snapshot) -> None:
        """A new period: no control yet."""
        with self._changed:
            self._snapshot, self._open = snapshot, True
            self._accepted = self._handed_over_s = None

    def handed_over(self, period: int) -> None:
        """The period's indication goes out now; the first counts."""
        with self._changed:
            if self._snapshot is not None and self._snapshot.period == period and self._handed_over_s is None:
                self._handed_over_s = time.perf_counter()

    def take(self, dispatch: Dispatch, message: object) -> str:
        """Accepts a valid control; otherwise why not. The same message again is accepted again, with no effect."""
        with self._changed:
            if self._snapshot is None or dispatch.period != self._snapshot.period:
                return "the period is over"
            if self._accepted is not None:
                return "" if self._accepted.message == message else "the period has another control already"
            if not self._open:
                return "the period is over"
            self._accepted = Accepted(dispatch, message, time.perf_counter())
            self._changed.notify_all()
            return ""

    def forget(self) -> None:
        """RESET: the control of the present period is dropped, if it does not act yet."""
        with self._changed:
            if self._open:
                self._accepted = None

    def close(self) -> tuple[Dispatch | None, float | None]:
        """No more controls for this period: the one accepted, and its latency in ms."""
        with self._changed:
            self._open = False
            if self._accepted is None:
                return None, None
            if self._handed_over_s is None:
                return self._accepted.dispatch, None
            return self._accepted.dispatch, 1e3 * (self._accepted.at_s - self._handed_over_s)

    def end(self) -> None:
        """The run is over."""
        with self._changed:
            self._snapshot, self._open = None, False
