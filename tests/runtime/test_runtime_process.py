"""A service as a process: a signal ends it, whenever it comes."""

from __future__ import annotations

import contextlib
import signal

import pytest

from gridran.runtime.process import EXIT_OK, play


class Sleeper:
    """A service that would never end by itself; ``start`` does what it is given."""

    def __init__(self, swallow: bool) -> None:
        self._swallow, self.stopped = swallow, False

    def start(self) -> None:
        with contextlib.suppress(*((KeyboardInterrupt,) if self._swallow else ())):
            signal.raise_signal(signal.SIGTERM)

    def wait(self) -> int:
        raise AssertionError("the service went on after its signal")

    def stop(self) -> bool:
        self.stopped = True
        return True


@pytest.mark.parametrize("swallow", [False, True], ids=["raised", "lost on the way"])
def test_a_signal_during_start_ends_the_service(swallow: bool) -> None:
    """A SIGTERM while it starts ends the service, even where a library lets no exception out of its callback."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    service = Sleeper(swallow)
    try:
        assert play("xapp", lambda: service) == EXIT_OK
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert service.stopped
