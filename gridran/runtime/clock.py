"""How simulated time passes: with the wall clock, faster by a factor, or in lockstep with the loops."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from gridran.units import h_to_s


class Clock(Protocol):
    """``speed``: simulated seconds per second, 0 where it follows no real time."""

    @property
    def speed(self) -> float: ...

    def start(self, time_h: float) -> None:
        """It is ``time_h`` now."""

    def seconds_until(self, time_h: float) -> float:
        """Real seconds until the simulated time ``time_h``; 0 where that is over."""

    def wait_until(self, time_h: float, stop: threading.Event) -> bool:
        """Sleeps until then; False, at once, where ``stop`` is set."""


@dataclass
class Scaled:
    """``speed`` simulated seconds per second. A loop that falls behind is not waited for: it catches up."""

    speed: float
    monotonic_s: Callable[[], float] = time.monotonic
    _zero_s: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        if self.speed <= 0.0:
            raise ValueError(f"speed {self.speed:g} is not above 0")

    def start(self, time_h: float) -> None:
        self._zero_s = self.monotonic_s() - h_to_s(time_h) / self.speed

    def seconds_until(self, time_h: float) -> float:
        return max(0.0, self._zero_s + h_to_s(time_h) / self.speed - self.monotonic_s())

    def go_on(self, time_h: float, speed: float) -> None:
        """It is ``time_h`` now, and goes on at ``speed``."""
        self.speed = speed
        self.start(time_h)

    def wait_until(self, time_h: float, stop: threading.Event) -> bool:
        return not stop.wait(self.seconds_until(time_h))


class Wall(Scaled):
    """One simulated second per second."""

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__(1.0, monotonic_s)


class Lockstep:
    """As fast as both loops answer: no time passes but by their steps."""

    speed = 0.0

    def start(self, time_h: float) -> None:
        """Nothing to set."""

    def seconds_until(self, time_h: float) -> float:  # noqa: ARG002  # the protocol's name
        return 0.0

    def wait_until(self, time_h: float, stop: threading.Event) -> bool:  # noqa: ARG002  # the protocol's name
        return not stop.is_set()


def clock_of(speed: float) -> Clock:
    """The clock for ``speed`` times real time; 0 is lockstep. ValueError where it is negative."""
    if speed == 0.0:
        return Lockstep()
    return Wall() if speed == 1.0 else Scaled(speed)
