"""Many trials over local processes: each trial is a pure function of its arguments, so order never matters."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy import stats

from gridran.scenario.params import Scenario
from studies.kpis import KpiAccumulator, RunMeta
from studies.trial import trial

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class TrialTask:
    """One trial: ``load`` is only the label that the result carries."""

    scenario: Scenario
    strategy: str
    load: str
    seed: int
    hours_h: float


def figures(task: TrialTask) -> dict[str, object]:
    """The figures of merit of one trial, keys as in kpis.json; it stops when the network is lost."""
    kpis = KpiAccumulator.for_network(task.scenario.network, task.scenario.ev.power_limit_kw)
    for period in trial(task.scenario, task.strategy, task.seed, task.hours_h):
        kpis.add(period.outcome)
        if kpis.lost:
            break
    return dict(kpis.result(RunMeta(task.strategy, task.load, task.seed, wall_s=0.0)))


def in_parallel(work: Callable[[T], R], tasks: Sequence[T], jobs: int) -> Iterator[tuple[int, R]]:
    """(task number, result) as they finish, over ``jobs`` processes; Ctrl-C cancels what has not begun."""
    if jobs <= 1:
        yield from ((number, work(task)) for number, task in enumerate(tasks))
        return
    with ProcessPoolExecutor(min(jobs, os.cpu_count() or 1, len(tasks))) as pool:
        running = {pool.submit(work, task): number for number, task in enumerate(tasks)}
        try:
            for future in as_completed(running):
                yield running[future], future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def mean_ci95(values: Sequence[float]) -> tuple[float, float]:
    """Mean and half-width of its 95 % confidence interval (Student's t); the half-width of one value is NaN."""
    sample = np.asarray(values, dtype=np.float64)
    if len(sample) < 2:
        return float(sample.mean()), float("nan")
    half = stats.t.ppf(0.975, len(sample) - 1) * sample.std(ddof=1) / np.sqrt(len(sample))
    return float(sample.mean()), float(half)
