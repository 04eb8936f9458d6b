"""How fast periods follow one another: the run's own clock, and what an operator who watches asks of it.

A lockstep run stays one: it only waits between periods, so its results do not change. A run that keeps time keeps it
at another speed from its next period on, and a pause shifts its clock. Only the simulation's thread touches the clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from gridran.runtime.clock import Clock, Scaled

_SLOWEST, _FASTEST = 0.01, 1e5


class Pace:
    """``paused`` and ``speed``, simulated seconds per second (0: as fast as both loops answer). Any thread may set it;
    the simulation's asks ``hold``."""

    def __init__(
        self, clock: Clock, period_s: float, stop: threading.Event, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock, self._period_s, self._stop, self._monotonic_s = clock, period_s, stop, monotonic_s
        self._changed = threading.Condition()
        self._paused, self._speed = False, clock.speed
        self._begun_s = monotonic_s()

    @property
    def paused(self) -> bool:
        """Whether the next period waits for somebody to go on."""
        return self._paused

    @property
    def speed(self) -> float:
        """Simulated seconds per second; 0: as fast as both loops answer."""
        return self._speed

    def set(self, paused: bool | None, speed: float | None) -> None:
        """What is None stays. ValueError: a speed that this run cannot have."""
        if speed == 0.0 and isinstance(self._clock, Scaled):
            raise ValueError("0 is for lockstep runs, this one keeps time")
        if speed is not None and speed != 0.0 and not _SLOWEST <= speed <= _FASTEST:
            raise ValueError(f"{speed:g} is not between {_SLOWEST:g} and {_FASTEST:g}")
        with self._changed:
            self._paused = self._paused if paused is None else paused
            if speed is not None:
                self._speed = speed
            self._changed.notify_all()

    def hold(self, time_h: float) -> bool:
        """Waits until the period that begins at ``time_h`` may; False where the service stops."""
        waited = False
        with self._changed:
            while not self._stop.is_set() and (self._paused or self._early_s() > 0.0):
                waited = waited or self._paused
                self._changed.wait(0.2 if self._paused else min(0.2, self._early_s()))
        if isinstance(self._clock, Scaled) and (waited or self._clock.speed != self._speed):
            self._clock.go_on(time_h, self._speed)
        self._begun_s = self._monotonic_s()
        return not self._stop.is_set()

    def _early_s(self) -> float:
        """How much too early the next period of a lockstep run would be."""
        if self._speed == 0.0 or isinstance(self._clock, Scaled):
            return 0.0
        return self._begun_s + self._period_s / self._speed - self._monotonic_s()
