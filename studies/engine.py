"""Plays the cells of a study: what is known is kept, the rest goes to the workers, every finished one to disk at once.

A cell is a pure function of its task, and results are looked up by key. So neither the number of workers, nor their
order, nor a kill between two cells can change a table.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Protocol

from gridran.runtime.workers import workers
from studies.cellfile import CellFile, Record
from studies.fingerprint import PLAYED, all_code_version
from studies.registry import StudyError, StudyRequest

Records = Mapping[str, Record]


class Task(Protocol):
    """Something to be played somewhere; it travels by pickle. Equal keys mean equal results."""

    @property
    def key(self) -> str: ...

    @property
    def label(self) -> str: ...

    def run(self) -> dict[str, Any]:
        """The result, ready for JSON."""
        ...


Tasks = Callable[[Records], Sequence[Task]]
"""All tasks that can be named, given the results so far; the study is done when every one of them has a result."""


def play(name: str, tasks: Tasks, request: StudyRequest) -> Records:
    """The results of all ``tasks`` by key. StudyError: one failed; ClusterError: there is no such cluster."""
    all_code_version()  # of the files as they are now, whatever becomes of them while the study plays
    with (
        workers(request.jobs, request.dask, PLAYED, all_code_version) as executor,
        CellFile(request.out, name, request.resume) as cells,
    ):
        if cells.set_aside:
            print(f"starting afresh, for there is no --resume; earlier trials are now in {cells.set_aside}", flush=True)
        if others := _others(tasks(cells.records), cells.records):
            print(f"{others} kept trials are of other code, scenarios or seeds than now; not used", flush=True)
        try:
            while todo := _missing(tasks(cells.records), cells, request):
                for task, result in finished(executor, todo):
                    _keep(cells, task, result)
                    request.progress.advance(task.label, result["wall_s"])
        finally:
            request.progress.close()
        return cells.records


def _others(known: Sequence[Task], records: Records) -> int:
    """Kept results that nobody asks for, of the kinds (the first word of a key) that are asked for by now."""
    asked = {task.key for task in known}
    kinds = {key.split()[0] for key in asked}
    return sum(key.split()[0] in kinds for key in set(records) - asked)


def _keep(cells: CellFile, task: Task, result: dict[str, Any]) -> None:
    try:
        cells.add(task.key, result)
    except ValueError:
        raise StudyError(f"trial {task.label!r} has a figure that is not a number; please report it") from None


def _missing(known: Sequence[Task], cells: CellFile, request: StudyRequest) -> list[Task]:
    by_key = {task.key: task for task in known}
    todo = [task for key, task in by_key.items() if not cells.take(key)]
    if todo:
        request.progress.begin(len(by_key), len(by_key) - len(todo))
    return todo


def finished(executor: Executor, tasks: Sequence[Task]) -> Iterator[tuple[Task, dict[str, Any]]]:
    """(task, result) as they finish. StudyError: one failed; to give up the others is the executor's owner's part."""
    running = {executor.submit(timed, task): task for task in tasks}
    for future in as_completed(running):
        yield running[future], _result(future, running[future])


def _result(future: Future[dict[str, Any]], task: Task) -> dict[str, Any]:
    try:
        return future.result()
    except BrokenProcessPool:
        raise StudyError("a worker process was killed (out of memory?); go on with --resume") from None
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise StudyError(f"trial {task.label!r} failed with {why}; mend it and go on with --resume") from error


def timed(task: Task) -> dict[str, Any]:
    """The task's result and ``wall_s``, how long it took."""
    started_s = time.perf_counter()
    result = task.run()
    return {**result, "wall_s": round(time.perf_counter() - started_s, 3)}
