"""What a running simulation shows: a bar on a terminal, a line now and then in a pipe.

Fed by the emulator's events, one JSON object per line of its standard output:

``{"event": "start", "sites": 19, "ues": 1000, "hours_h": 24.0}``
``{"event": "period", "period": 0, "time_h": 0.0083, "modes": {"normal": 19, "helping": 0, "assisted": 0,
"deep_sleep": 0, "down": 0}, "soc_min_frac": 0.79, "served_frac": {"emergency": 1.0, "voice": 1.0,
"essential": 0.99, "best_effort": 0.97}}``  (``time_h``: end of the period; a site that is down counts in no mode)
``{"event": "end", "reason": "hours" | "lost" | "stopped", "time_h": 4.2}``
"""

from __future__ import annotations

import json
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PLAIN_EVERY_H = 0.25
MODE_LABELS = (("normal", "normal"), ("helping", "helping"), ("assisted", "assisted"), ("deep_sleep", "asleep"))


class ProgressView(Protocol):
    """Shows events until it is closed."""

    def show(self, event: dict[str, Any]) -> None: ...

    def close(self) -> None: ...


def event_of(line: str) -> dict[str, Any] | None:
    """The event in a line of the emulator's output; None where the line holds none."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None


def describe(event: dict[str, Any]) -> str:
    """One period in words: sites by mode, lowest charge, users served by class."""
    modes = event["modes"]
    sites = [f"{modes[key]} {label}" for key, label in (*MODE_LABELS, ("down", "down")) if modes.get(key)]
    served = event["served_frac"]
    shares = " ".join(f"{short} {served[key]:.0%}" for key, short in _SHORT)
    return f"sites {', '.join(sites)} · lowest charge {event['soc_min_frac']:.0%} · served {shares}"


_SHORT = (("emergency", "emg"), ("voice", "voice"), ("essential", "ess"), ("best_effort", "b-e"))


class PlainProgress:
    """A line every quarter of an hour of simulated time."""

    def __init__(self, hours_h: float, file: TextIO | None = None) -> None:
        self._hours_h = hours_h
        self._file = file or sys.stdout
        self._next_h = 0.0

    def show(self, event: dict[str, Any]) -> None:
        if event["event"] == "period" and event["time_h"] >= self._next_h:
            self._next_h += PLAIN_EVERY_H
            line = f"{event['time_h']:5.2f} h of {self._hours_h:g} h  {describe(event)}"
            print(line, file=self._file, flush=True)

    def close(self) -> None:
        """Nothing is held open."""


class BarProgress:
    """A bar over the hours asked for, with the state of the network under it."""

    def __init__(self, hours_h: float) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._bar: Progress = Progress(
            TextColumn("[bold]{task.fields[at]}"), BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}")
        )
        self._task: TaskID = self._bar.add_task("starting", total=hours_h, at="0.00 h")
        self._bar.start()

    def show(self, event: dict[str, Any]) -> None:
        if event["event"] == "period":
            at = f"{event['time_h']:.2f} h"
            self._bar.update(self._task, completed=event["time_h"], at=at, description=describe(event))

    def close(self) -> None:
        self._bar.stop()


class ShownProgress:
    """The view that fits the output, closed on every way out."""

    def __init__(self, hours_h: float) -> None:
        self.view: ProgressView = BarProgress(hours_h) if sys.stdout.isatty() else PlainProgress(hours_h)

    def __enter__(self) -> ProgressView:
        return self.view

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.view.close()
