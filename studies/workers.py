"""Where trials are played: processes of this machine, or a Dask cluster; both are a ``concurrent.futures.Executor``."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module

from gridran.runtime.heap import keep_freed_memory
from studies.dask_cluster import cluster
from studies.fingerprint import PLAYED

# Sums over several threads differ in the last digit from sums over one.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def workers(jobs: int, dask: str) -> AbstractContextManager[Executor]:
    """``jobs`` processes, or the cluster at ``dask``: a scheduler's address, or ``local:N`` for N workers here.

    ClusterError: there is no such cluster.
    """
    return cluster(dask) if dask else processes(jobs)


@contextmanager
def processes(jobs: int) -> Iterator[Executor]:
    """Fresh processes of one thread each; on a way out by an error they end at once, whatever they are at."""
    before = set(multiprocessing.active_children())
    spawn = multiprocessing.get_context("spawn")
    with _environment(ONE_THREAD):
        pool = ProcessPoolExecutor(jobs, mp_context=spawn, initializer=_in_worker, initargs=(os.getpid(),))
        try:
            yield pool
        except BaseException:
            # A pool that finds itself broken gives up what waits, but stumbles over what was cancelled before.
            for child in set(multiprocessing.active_children()) - before:
                child.terminate()
            pool.shutdown(wait=False)
            raise
        pool.shutdown()


def _in_worker(parent: int) -> None:
    """Ctrl-C is the parent's to handle; a worker whose parent was killed has nobody to work for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_freed_memory()
    for module in PLAYED:  # now, not hours later, when a file may be another
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
