"""Where the simulation and the callers meet: who listens, which control is in, which plan is applied.

One condition guards all of it, so that the simulation can wait for "a control, or nobody left to send one, or stop".
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from emulator.control_desk import ControlDesk
from gridran.runtime.audience import Audience
from gridran.wire.v1 import common_pb2 as pb
from gridran.wire.v1 import o1_telemetry_pb2 as o1

_OUTCOMES_BUFFERED = 64


class Exchange:
    """All meeting points of one emulator, and its ``stop`` signal."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.stop = threading.Event()
        self.desk = ControlDesk(self.changed)
        self.indications: Audience[pb.Snapshot] = Audience(self.changed, 1)
        self.telemetry: Audience[o1.Telemetry] = Audience(self.changed, 1)
        self.outcomes: Audience[o1.OutcomeReport] = Audience(self.changed, _OUTCOMES_BUFFERED)
        self._plan_period = -1

    def wait(self, until: Callable[[], bool], timeout_s: float) -> bool:
        """Waits until ``until`` holds (True), ``timeout_s`` is over or the service stops."""
        with self.changed:
            self.changed.wait_for(lambda: until() or self.stop.is_set(), timeout_s)
            return until()

    def request_stop(self) -> None:
        with self.changed:
            self.stop.set()
            self.changed.notify_all()

    def plan_applied(self, period: int, policy_id: str) -> None:
        """The plan of that boundary has been dealt with; without a ``policy_id`` the xApp does not have it yet."""
        with self.changed:
            if policy_id:
                self.telemetry.forget_present()
            self._plan_period = max(self._plan_period, period)
            self.changed.notify_all()

    def has_plan(self, period: int) -> bool:
        return self._plan_period >= period

    def close(self, drain_s: float) -> None:
        """The run is over: all streams end, observers first hear everything that was said."""
        self.desk.end()
        self.outcomes.close(drain_s)
        self.indications.close()
        self.telemetry.close()
