"""Other processes to compute in: of this machine, or a Dask cluster; both are a ``concurrent.futures.Executor``."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib import import_module
from multiprocessing.process import BaseProcess
from typing import TypeVar

from gridran.runtime.dask_cluster import cluster
from gridran.runtime.heap import keep_freed_memory

_ENDED_S = 2.0  # what a process that is asked to end may still take
A = TypeVar("A")
B = TypeVar("B")
# Sums over several threads differ in the last digit from sums over one.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def workers(
    jobs: int, dask: str, modules: Sequence[str], version: Callable[[], str]
) -> AbstractContextManager[Executor]:
    """``jobs`` processes that know ``modules`` from the start, or the cluster at ``dask``: a scheduler's address, or
    ``local:N`` for N workers here, which must have the same ``version``.

    ClusterError: there is no such cluster.
    """
    return cluster(dask, version) if dask else processes(jobs, modules)


@contextmanager
def processes(jobs: int, modules: Sequence[str]) -> Iterator[Executor]:
    """Fresh processes of one thread each, the first of them with the first task; on the way out they end at once,
    whatever they are at."""
    before = set(multiprocessing.active_children())
    spawn = multiprocessing.get_context("spawn")
    with _environment(ONE_THREAD):
        pool = ProcessPoolExecutor(
            jobs, mp_context=spawn, initializer=_in_worker, initargs=(os.getpid(), tuple(modules))
        )
        try:
            yield pool
        finally:
            # A pool that finds itself broken gives up what waits, but stumbles over what was cancelled before.
            children = set(multiprocessing.active_children()) - before
            for child in children:
                child.terminate()
            pool.shutdown(wait=False)
            _reap(children)


def _reap(children: Iterable[BaseProcess]) -> None:
    """Waits for processes that were asked to end, so that what they used is known; kills who does not."""
    deadline_s = time.monotonic() + _ENDED_S
    for child in children:
        child.join(max(0.0, deadline_s - time.monotonic()))
        if child.is_alive():
            child.kill()
            child.join()


def _in_worker(parent: int, modules: Sequence[str]) -> None:
    """Ctrl-C is the parent's to handle; a worker whose parent was killed has nobody to work for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a parent that is ending ignores it, and would pass that on
    keep_freed_memory()
    for module in modules:  # now, not hours later, when a file may be another
        import_module(module)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class Restarted:
    """``map`` over workers that are opened when first asked, and anew after one died or none answered in time."""

    def __init__(self, opened: Callable[[], AbstractContextManager[Executor]], deadline_s: float) -> None:
        self._opened, self._deadline_s = opened, deadline_s
        self._stack: ExitStack | None = None
        self._executor: Executor | None = None

    def __call__(self, function: Callable[[A], B], items: Iterable[A]) -> list[B]:
        """The results in order. BrokenExecutor: one died; TimeoutError: the deadline is over; either ends them all."""
        if self._executor is None:
            self._stack = ExitStack()
            self._executor = self._stack.enter_context(self._opened())
        try:
            return list(self._executor.map(function, items, timeout=self._deadline_s))
        except (BrokenExecutor, TimeoutError):
            self.close()
            raise

    def close(self) -> None:
        """Ends the workers, whatever they are at."""
        stack, self._stack, self._executor = self._stack, None, None
        if stack is not None:
            stack.close()
