"""A Dask cluster as an executor, of somebody's own or of this machine. Needs the extra ``cluster``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any

LOCAL = "local:"
CONNECT_S = 15.0


class ClusterError(ValueError):
    """The Dask cluster that was asked for cannot be used; says why in one line."""


@contextmanager
def cluster(address: str, version: Callable[[], str]) -> Iterator[Executor]:
    """The executor of the cluster whose scheduler is at ``address``, or of N workers here for ``local:N``; on a way out
    by an error what waits there is given up.

    ClusterError: it cannot be reached, or its workers have another ``version`` than this process.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise ClusterError("Dask is not installed; pip install 'gridran[cluster]'") from None
    with ExitStack() as opened:
        where: Any = address
        if address.startswith(LOCAL):
            count = _worker_count(address)
            here = distributed.LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=None)
            where = opened.enter_context(here)
        try:
            client = opened.enter_context(distributed.Client(where, timeout=CONNECT_S))
        except (OSError, ValueError) as wrong:
            raise ClusterError(f"no Dask scheduler at {address!r}: {wrong}") from None
        check_code(client.run(version), version())
        executor = client.get_executor(pure=False)
        try:
            yield executor
        except BaseException:
            executor.shutdown(wait=False)
            raise


def _worker_count(address: str) -> int:
    text = address.removeprefix(LOCAL)
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise ClusterError(f"{address!r} is not local:N with N workers; give {LOCAL}2")
    return int(text)


def check_code(version_of: dict[str, str], ours: str) -> None:
    """ClusterError names the first worker whose version is not ``ours``: it would compute something else."""
    for worker, version in sorted(version_of.items()):
        if version != ours:
            raise ClusterError(f"worker {worker} has gridran {version}, not {ours}; install the same there")
