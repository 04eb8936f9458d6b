"""``gridran study``: a study in this process, its trials by its workers; followed until it is done or stopped."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from console.main import EXIT_FAILED, EXIT_INTERRUPTED
from console.run import STOP_SIGNALS
from studies.registry import Study, StudyError, StudyRequest


def study(run: Study, request: StudyRequest) -> int:
    """Runs a study and returns the exit code. ValueError: an argument that only the study could judge."""
    try:
        with _stoppable():
            run(request)
    except StudyError as wrong:
        print(f"gridran study: {' '.join(str(wrong).split())}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        print("gridran study: stopped; finished trials are kept, --resume goes on from there", file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0


@contextmanager
def _stoppable() -> Iterator[None]:
    """Every signal that asks to stop is a KeyboardInterrupt."""
    before = {number: signal.signal(number, _as_interrupt) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _as_interrupt(*_: object) -> None:
    raise KeyboardInterrupt
