"""Which bounds a study asks for once its trials are there, and the rows that come of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from studies.bound_task import FIGURES, BoundTask
from studies.cell import TrialTask
from studies.cellfile import Record
from studies.results import Results
from studies.rows import Row, row_of
from studies.statistics import mean_ci95

BOUNDED_METRIC = "sla_h"


def bound_tasks(results: Results, most: int) -> list[BoundTask]:
    """The bounds of the first ``most`` seeds under every load, for all strategies that were played."""
    chosen = sorted({task.cell.seed for task in results.trials})[:most]
    trials: dict[tuple[str, str, int], list[TrialTask]] = {}
    for task in results.trials:
        if task.cell.seed in chosen:
            trials.setdefault((task.cell.variant, task.cell.load, task.cell.seed), []).append(task)
    return [_bound_task(results, place, paired) for place, paired in trials.items()]


def _bound_task(results: Results, place: tuple[str, str, int], paired: Sequence[TrialTask]) -> BoundTask:
    any_of = paired[0]
    return BoundTask(*place, any_of.scenario, any_of.scenario_hash, tuple(_had(results, task) for task in paired))


def _had(results: Results, task: TrialTask) -> tuple[str, float, Sequence[float], Sequence[float]]:
    record = results.records[task.key]
    return task.cell.strategy, record["figures"][BOUNDED_METRIC], record["bought_kwh"], record["undrawn_kwh"]


def bound_rows(results: Results, most: int) -> list[Row]:
    """Of every strategy: its bound, how far that is closed, and ``bound_frac``, what it reached of it."""
    by_place: dict[tuple[str, str], dict[int, Record]] = {}
    for task in bound_tasks(results, most):
        if task.key in results.records:
            by_place.setdefault((task.variant, task.load), {})[task.seed] = results.records[task.key]
    rows = (_rows(results, group, by_place.get((group[0], group[2]), {})) for group in results.groups)
    return [row for each in rows for row in each]


def _rows(results: Results, group: tuple[str, str, str], bounds: dict[int, Record]) -> list[Row]:
    trials = results.trials_of(*group)
    seeds = [seed for seed, bound in bounds.items() if seed in trials and group[1] in bound["upper_h"]]
    if not seeds:
        return []
    upper_h, gap_frac, se_frac = (np.array([bounds[seed][what][group[1]] for seed in seeds]) for what in FIGURES)
    held_h = np.array([trials[seed]["held_h"] for seed in seeds])
    frac = held_h / upper_h
    cut = results.censored(group, BOUNDED_METRIC, seeds)
    estimates = {
        "held_h": (mean_ci95(held_h.tolist()), cut),
        "bound_h": (mean_ci95(upper_h.tolist()), 0),
        "bound_gap_max_frac": ((float(gap_frac.max()), math.nan), 0),
        "bound_se_max_frac": ((float(se_frac.max()), math.nan), 0),
        "bound_frac": (mean_ci95(frac.tolist()), cut),
        "bound_frac_max": ((float(frac.max()), math.nan), cut),
    }
    return [
        row_of(results, group, metric, found, len(seeds), censored) for metric, (found, censored) in estimates.items()
    ]
