"""The progress of a study: a bar on a terminal, a line now and then in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from studies.progress import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

PLAIN_EVERY_S = 15.0


def shown_progress() -> Progress:
    """The progress that fits the output."""
    return BarOfTrials() if sys.stdout.isatty() else LinesOfTrials()


class LinesOfTrials:
    """A line at most every ``PLAIN_EVERY_S``, and one for the last trial."""

    def __init__(self, file: TextIO | None = None, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._file = file or sys.stdout
        self._clock_s = clock_s
        self._total, self._kept, self._done = 0, 0, 0
        self._begun_s, self._said_s = 0.0, 0.0

    def begin(self, total: int, done: int) -> None:
        """``done`` of the ``total`` trials are already there."""
        self._total, self._kept, self._done = total, done, done
        self._begun_s = self._said_s = self._clock_s()
        kept = f", {done} of them already there" if done else ""
        self._say(f"{total} trials{kept}")

    def advance(self, label: str, wall_s: float) -> None:
        """One more trial, which took ``wall_s``."""
        self._done += 1
        now_s = self._clock_s()
        if now_s - self._said_s < PLAIN_EVERY_S and self._done < self._total:
            return
        self._said_s = now_s
        spent_s = now_s - self._begun_s
        left_s = spent_s * (self._total - self._done) / (self._done - self._kept)
        left = f", about {duration(left_s)} left" if self._done < self._total else ""
        self._say(f"{self._done} of {self._total} trials in {duration(spent_s)}{left}; last: {label} ({wall_s:.1f} s)")

    def close(self) -> None:
        """Nothing is held open."""

    def _say(self, line: str) -> None:
        print(line, file=self._file, flush=True)


class BarOfTrials:
    """A bar over the trials, with the last one finished beside it."""

    def __init__(self) -> None:
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def begin(self, total: int, done: int) -> None:
        """``done`` of the ``total`` trials are already there."""
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self.close()
        columns = (MofNCompleteColumn(), BarColumn(), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
        self._bar = Bar(*columns, TextColumn("{task.description}"))
        self._task = self._bar.add_task("starting", total=total, completed=done)
        self._bar.start()

    def advance(self, label: str, wall_s: float) -> None:
        """One more trial, which took ``wall_s``."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, description=f"{label} ({wall_s:.1f} s)")

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()


def duration(seconds: float) -> str:
    """``42 s``, ``3 min 05 s``, ``2 h 10 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
