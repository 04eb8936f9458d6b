"""Where the thread that hears the emulator and the browsers' tasks meet: the newest state, never a queue.

A browser that takes its time finds the newest frame when it comes back and has skipped the others; nothing ever waits
for it. Timeline points are kept whole, so that it misses none of them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from console.web.frame import Point
from console.web.live import Live

WATCHERS_MAX = 64


class TooManyWatchersError(Exception):
    """More browsers than one page can serve."""


@dataclass(frozen=True)
class News:
    """What a watcher has not seen. ``run`` counts runs, ``change`` everything that happened; ``points`` from the
    watcher's number of them on."""

    live: Live
    run: int
    change: int
    points: tuple[Point, ...]


@dataclass(frozen=True)
class _Bell:
    loop: asyncio.AbstractEventLoop
    event: asyncio.Event

    def ring(self) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.event.set)


class Board:
    """One live run. Every method may be called from any thread, but ``watched`` from a task."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live, self._run, self._change = Live(), 0, 0
        self._points: list[Point] = []
        self._bells: list[_Bell] = []
        self.closed = False

    @property
    def live(self) -> Live:
        """The run as last heard of."""
        return self._live

    @property
    def watchers(self) -> int:
        """Browsers that look on."""
        return len(self._bells)

    def begin(self, live: Live) -> None:
        """Another run."""
        with self._lock:
            self._run, self._points = self._run + 1, []
            self._put(live)

    def change(self, change: Callable[[Live], Live], *points: Point) -> None:
        """The run is now ``change`` of what it was, its timeline longer by ``points``."""
        with self._lock:
            self._points.extend(points)
            self._put(change(self._live))

    def update(self, **fields: object) -> None:
        """Sets fields of ``Live``."""
        self.change(lambda live: replace(live, **fields))  # type: ignore[arg-type]  # names and types as in Live

    def close(self) -> None:
        """All watchers are told to leave."""
        with self._lock:
            self.closed = True
            self._put(self._live)

    def news(self, run: int, points: int) -> News:
        """What a watcher of ``run`` that has that many ``points`` does not know."""
        with self._lock:
            known = points if run == self._run else 0
            return News(self._live, self._run, self._change, tuple(self._points[known:]))

    @contextmanager
    def watched(self) -> Iterator[asyncio.Event]:
        """An event that is set when there are news. TooManyWatchersError."""
        bell = _Bell(asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            if len(self._bells) >= WATCHERS_MAX:
                raise TooManyWatchersError(f"{WATCHERS_MAX} browsers watch already")
            self._bells.append(bell)
        try:
            yield bell.event
        finally:
            with self._lock:
                self._bells.remove(bell)

    def _put(self, live: Live) -> None:
        self._live, self._change = live, self._change + 1
        for bell in self._bells:
            bell.ring()
