"""The processes that the console starts: they die with it, by request first and by force after a grace time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

GRACE_S = 15.0


@dataclass(frozen=True)
class Child:
    """A started process, what it is called and where its words go; ``spare``: the others can do without it."""

    name: str
    process: subprocess.Popen[str]
    log: Path
    spare: bool = False

    @property
    def last_words(self) -> str:
        """The last line of its log that says something."""
        lines = [text for text in self.log.read_text(encoding="utf-8", errors="replace").splitlines() if text.strip()]
        return lines[-1].strip() if lines else "it said nothing"


class Children:
    """Processes that end together: a context manager that leaves none behind."""

    def __init__(self, log_dir: Path) -> None:
        log_dir.mkdir(parents=True, exist_ok=True)
        self._log_dir = log_dir
        self._children: list[Child] = []

    def __enter__(self) -> Children:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, name: str, command: Sequence[str], piped: bool = False, spare: bool = False) -> Child:
        """Starts ``command``; its output goes to a log, or standard output to a pipe where ``piped``.

        Each child leads a session of its own, so that Ctrl-C reaches it only through ``stop``, which lets it finish.
        """
        log = self._log_dir / f"{name}.log"
        with log.open("w", encoding="utf-8") as file:
            process = subprocess.Popen(  # noqa: S603  # our own interpreter and modules
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if piped else file,
                stderr=file,
                env=_environment(),
                text=True,
                start_new_session=True,
            )
        child = Child(name, process, log, spare)
        self._children.append(child)
        return child

    def dead(self) -> Child | None:
        """A child that has ended, if any, and that the others cannot do without."""
        needed = (child for child in self._children if not child.spare)
        return next((child for child in needed if child.process.poll() is not None), None)

    def stop(self) -> None:
        """Asks every child to end, waits, and kills what is left; a second Ctrl-C cuts the waiting short."""
        for child in self._children:
            _signal(child, signal.SIGTERM)
        deadline_s = time.monotonic() + GRACE_S
        with contextlib.suppress(KeyboardInterrupt):
            for child in self._children:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.process.wait(max(0.0, deadline_s - time.monotonic()))
        for child in self._children:
            _signal(child, signal.SIGKILL)
            child.process.wait()
            _close(child.process.stdout)
        self._children.clear()


def _environment() -> dict[str, str]:
    """This process's, but for settings of services: what was asked for stands in their files."""
    own = {name: text for name, text in os.environ.items() if not name.startswith("GRIDRAN_")}
    return own | {"GRIDRAN_PARENT": str(os.getpid())}


def _signal(child: Child, number: signal.Signals) -> None:
    if child.process.poll() is None:
        child.process.send_signal(number)


def _close(pipe: IO[str] | None) -> None:
    if pipe is not None:
        pipe.close()
