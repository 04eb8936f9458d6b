"""The clairvoyant bound as cells of a study: one for each load and seed, once the strategies' trials are there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridran.scenario.params import Scenario
from studies.bound import Spent, bounds_h
from studies.cell import TrialTask
from studies.cellfile import Record
from studies.fingerprint import all_code_version
from studies.results import Results
from studies.rows import Row, row_of
from studies.statistics import mean_ci95

BOUNDED_METRIC = "sla_h"
_FIGURES = ("upper_h", "lower_h", "se_frac")
_DIGEST_LENGTH = 12
_NO_TIME_H = 1e-9


@dataclass(frozen=True)
class BoundTask:
    """The bounds of one trial: ``spent`` has (strategy, sla_h, kWh by site bought and undrawn until then)."""

    variant: str
    load: str
    seed: int
    scenario: Scenario
    scenario_hash: str
    spent: tuple[tuple[str, float, Sequence[float], Sequence[float]], ...]

    @property
    def key(self) -> str:
        """What the bounds depend on, the energies as a digest."""
        spent = hashlib.sha256(json.dumps(self.spent).encode()).hexdigest()[:_DIGEST_LENGTH]
        what = f"bound {self.load} seed={self.seed} spent={spent}"
        return f"{what} scenario={self.scenario_hash} gridran={all_code_version()}"

    @property
    def label(self) -> str:
        return f"bound, {self.load} load, seed {self.seed}, {self.variant}"

    def run(self) -> dict[str, Any]:
        """``upper_h``, ``lower_h`` and ``se_frac``, each by strategy."""
        spent = {name: Spent(sla_h, np.array(bought), np.array(undrawn)) for name, sla_h, bought, undrawn in self.spent}
        found = bounds_h(self.scenario, self.seed, spent)
        figures = {what: {name: getattr(each, what) for name, each in found.items()} for what in _FIGURES}
        return {"variant": self.variant, "load": self.load, "seed": self.seed, **figures}


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
    return BoundTask(*place, any_of.scenario, any_of.scenario_hash, tuple(_spent(results, task) for task in paired))


def _spent(results: Results, task: TrialTask) -> tuple[str, float, Sequence[float], Sequence[float]]:
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
    seeds = [seed for seed in bounds if seed in trials]
    if not seeds:
        return []
    upper_h, lower_h, se_frac = (np.array([bounds[seed][what][group[1]] for seed in seeds]) for what in _FIGURES)
    held_h = np.array([trials[seed]["held_h"] for seed in seeds])
    gap_frac = (upper_h - lower_h) / np.maximum(upper_h, _NO_TIME_H)
    frac = held_h / np.maximum(upper_h, _NO_TIME_H)
    estimates = {
        "held_h": mean_ci95(held_h.tolist()),
        "bound_h": mean_ci95(upper_h.tolist()),
        "bound_gap_frac": mean_ci95(gap_frac.tolist()),
        "bound_gap_max_frac": (float(gap_frac.max()), float("nan")),
        "bound_se_max_frac": (float(se_frac.max()), float("nan")),
        "bound_frac": mean_ci95(frac.tolist()),
        "bound_frac_max": (float(frac.max()), float("nan")),
    }
    censored = results.censored(group, BOUNDED_METRIC, seeds)
    return [row_of(results, group, metric, estimate, len(seeds), censored) for metric, estimate in estimates.items()]
