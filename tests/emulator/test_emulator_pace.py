"""A pace holds, hurries and slows what comes next; time is the test's own."""

from __future__ import annotations

import threading
import time

import pytest

from emulator.pace import Pace
from gridran.runtime.clock import Lockstep, Scaled

PERIOD_S = 30.0


class Watch:
    """A monotonic clock that the test sets."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(name="watch")
def _watch() -> Watch:
    """It is 100 s."""
    return Watch()


def test_another_speed_counts_from_the_next_period(watch: Watch) -> None:
    """After a spell far too fast the clock stands where the simulation does: nothing has to be caught up with."""
    clock = Scaled(60.0, watch)
    pace = Pace(clock, PERIOD_S, threading.Event(), watch)
    clock.start(0.0)
    pace.set(None, 1e5)
    assert pace.hold(0.0)
    watch.now_s += 5.0  # 139 h at that speed, of which the simulation played one
    pace.set(None, 60.0)
    assert pace.hold(1.0)
    assert clock.seconds_until(1.0 + PERIOD_S / 3600.0) == pytest.approx(PERIOD_S / 60.0)


def test_a_pause_shifts_the_clock_of_a_run_that_keeps_time(watch: Watch) -> None:
    """When it goes on, the period that was held begins then."""
    clock = Scaled(60.0, watch)
    pace = Pace(clock, PERIOD_S, threading.Event(), watch)
    clock.start(0.0)
    pace.set(True, None)
    held = threading.Thread(target=pace.hold, args=(0.5,))
    held.start()
    time.sleep(0.05)
    assert held.is_alive()
    watch.now_s += 1000.0
    pace.set(False, None)
    held.join(5.0)
    assert not held.is_alive()
    assert clock.seconds_until(0.5 + 1.0 / 120.0) == pytest.approx(0.5)


def test_lockstep_waits_no_less_than_asked() -> None:
    """Two periods at 300 times real time are a tenth of a second apart; at 0 nothing is waited for."""
    pace = Pace(Lockstep(), PERIOD_S, threading.Event())
    pace.set(None, 300.0)
    began_s = time.monotonic()
    assert pace.hold(0.0)
    assert pace.hold(1.0 / 120.0)
    assert time.monotonic() - began_s >= 0.1
    pace.set(None, 0.0)
    assert pace.hold(1.0 / 60.0)


@pytest.mark.parametrize("speed", [-1.0, 1e-308, 1e9, float("inf"), float("nan")])
def test_no_such_speed(speed: float) -> None:
    """What is not 0 nor between 0.01 and 100,000 is refused, and nothing changes."""
    pace = Pace(Lockstep(), PERIOD_S, threading.Event())
    with pytest.raises(ValueError, match="is not between"):
        pace.set(True, speed)
    assert (pace.paused, pace.speed) == (False, 0.0)


def test_a_run_that_keeps_time_cannot_stop_doing_so(watch: Watch) -> None:
    """0 is for lockstep runs."""
    with pytest.raises(ValueError, match="keeps time"):
        Pace(Scaled(60.0, watch), PERIOD_S, threading.Event(), watch).set(None, 0.0)


def test_a_stop_ends_a_pause() -> None:
    """A service that ends does not wait for an operator."""
    stop = threading.Event()
    pace = Pace(Lockstep(), PERIOD_S, stop)
    pace.set(True, None)
    threading.Timer(0.05, stop.set).start()
    assert not pace.hold(0.0)
