"""The three clocks, without waiting for any of them."""

from __future__ import annotations

import threading

import pytest

from gridran.runtime.clock import Lockstep, Scaled, Wall, clock_of


class HandSet:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_wall_clock_passes_one_second_a_second() -> None:
    """Half a minute after the start, 30 s of a 60 s wait are left."""
    now = HandSet()
    clock = Wall(now)
    clock.start(0.0)
    now.now_s += 30.0
    assert clock.seconds_until(60.0 / 3600.0) == pytest.approx(30.0)


def test_scaled_clock_passes_speed_times_as_fast() -> None:
    """At 60 times real time an hour that starts at 2 h takes a minute."""
    now = HandSet()
    clock = Scaled(60.0, now)
    clock.start(2.0)
    assert clock.seconds_until(3.0) == pytest.approx(60.0)


def test_late_loop_is_not_made_to_wait() -> None:
    """A time that is over is reached at once, and the clock does not shift by the delay."""
    now = HandSet()
    clock = Scaled(1.0, now)
    clock.start(0.0)
    now.now_s += 45.0
    assert clock.seconds_until(30.0 / 3600.0) == 0.0
    assert clock.seconds_until(60.0 / 3600.0) == pytest.approx(15.0)


def test_wait_ends_at_once_when_stopped() -> None:
    """A set stop event ends a wait of an hour and says so."""
    stop = threading.Event()
    stop.set()
    for clock in (Wall(), Lockstep()):
        clock.start(0.0)
        assert not clock.wait_until(1.0, stop)


def test_wait_for_a_time_that_is_there() -> None:
    """Without a stop a wait for now says that it was reached; lockstep never waits."""
    wall, lockstep = Wall(), Lockstep()
    wall.start(1.0)
    lockstep.start(0.0)
    assert wall.wait_until(1.0, threading.Event())
    assert lockstep.seconds_until(5.0) == 0.0
    assert lockstep.wait_until(5.0, threading.Event())


def test_clock_of_speed() -> None:
    """0 is lockstep, 1 the wall, everything else scaled; a negative speed is refused."""
    assert isinstance(clock_of(0.0), Lockstep)
    assert isinstance(clock_of(1.0), Wall)
    assert clock_of(20.0).speed == 20.0
    with pytest.raises(ValueError, match="not above 0"):
        clock_of(-1.0)
