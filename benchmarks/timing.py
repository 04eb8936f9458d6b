"""Times of calls, ours beside a peer's, in processor time: what else a machine is at changes that least."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def timed(call: Callable[[], T]) -> tuple[T, float]:
    """What ``call`` gives, and the milliseconds of processor time that it took over all threads."""
    started_s = time.process_time()
    found = call()
    return found, (time.process_time() - started_s) * 1e3


def alternating_ms(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of every one of ``calls``, by turns over ``rounds`` rounds after one that does not count."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, call in calls.items():
            _, ms = timed(call)
            taken[name] += [ms] if number else []
    return taken


def spread(name: str, ms: list[float]) -> dict[str, float]:
    """Median, 99th percentile and largest of ``ms``."""
    p50, p99 = np.percentile(ms, [50.0, 99.0])
    return {f"{name}_p50_ms": float(p50), f"{name}_p99_ms": float(p99), f"{name}_max_ms": float(np.max(ms))}
