"""The clairvoyant bound as cells of a study: one for each load and seed, once the strategies' trials are there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridran.scenario.params import Scenario
from studies.bound import Held, bounds_h
from studies.cell import TrialTask
from studies.cellfile import Record
from studies.fingerprint import TRIAL_MODULES, code_version
from studies.results import Results
from studies.rows import Row, row_of
from studies.statistics import mean_ci95

BOUNDED_METRIC = "sla_h"
_MODULES = (*TRIAL_MODULES, "bound", "bound_model", "bound_search", "bound_world")
_DIGEST_LENGTH = 12
_NO_TIME_H = 1e-9


@dataclass(frozen=True)
class BoundTask:
    """The bounds of one trial: ``held`` has (strategy, sla_h, kWh that cars sold by site until then)."""

    variant: str
    load: str
    seed: int
    scenario: Scenario
    scenario_hash: str
    held: tuple[tuple[str, float, Sequence[float]], ...]

    @property
    def key(self) -> str:
        """What the bounds depend on, the energies as a digest."""
        held = hashlib.sha256(json.dumps(self.held).encode()).hexdigest()[:_DIGEST_LENGTH]
        what = f"bound {self.load} seed={self.seed} held={held}"
        return f"{what} scenario={self.scenario_hash} gridran={code_version(_MODULES)}"

    @property
    def label(self) -> str:
        return f"bound, {self.load} load, seed {self.seed}, {self.variant}"

    def run(self) -> dict[str, Any]:
        """``upper_h`` and ``lower_h`` by strategy."""
        held = {name: Held(sla_h, np.array(bought_kwh)) for name, sla_h, bought_kwh in self.held}
        found = bounds_h(self.scenario, self.seed, held)
        upper_h = {name: each.upper_h for name, each in found.items()}
        lower_h = {name: each.lower_h for name, each in found.items()}
        what = {"variant": self.variant, "load": self.load, "seed": self.seed}
        return {**what, "upper_h": upper_h, "lower_h": lower_h}


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
    return BoundTask(*place, any_of.scenario, any_of.scenario_hash, tuple(_held(results, task) for task in paired))


def _held(results: Results, task: TrialTask) -> tuple[str, float, Sequence[float]]:
    record = results.records[task.key]
    return task.cell.strategy, record["figures"][BOUNDED_METRIC], record["bought_kwh"]


def bound_rows(results: Results, most: int) -> list[Row]:
    """Of every strategy: its bound, how far that is closed, and ``bound_frac``, what it reached of it."""
    by_place: dict[tuple[str, str], dict[int, Record]] = {}
    for task in bound_tasks(results, most):
        if task.key in results.records:
            by_place.setdefault((task.variant, task.load), {})[task.seed] = results.records[task.key]
    rows = (_rows(results, group, by_place.get((group[0], group[2]), {})) for group in results.groups)
    return [row for each in rows for row in each]


def _rows(results: Results, group: tuple[str, str, str], bounds: dict[int, Record]) -> list[Row]:
    reached_h = results.values(group, BOUNDED_METRIC)
    seeds = [seed for seed in bounds if seed in reached_h]
    if not seeds:
        return []
    upper_h = np.array([bounds[seed]["upper_h"][group[1]] for seed in seeds])
    lower_h = np.array([bounds[seed]["lower_h"][group[1]] for seed in seeds])
    gap_frac = (upper_h - lower_h) / np.maximum(upper_h, _NO_TIME_H)
    frac = np.array([reached_h[seed] for seed in seeds]) / np.maximum(upper_h, _NO_TIME_H)
    estimates = {
        "bound_h": mean_ci95(upper_h.tolist()),
        "bound_gap_frac": mean_ci95(gap_frac.tolist()),
        "bound_gap_max_frac": (float(gap_frac.max()), float("nan")),
        "bound_frac": mean_ci95(frac.tolist()),
        "bound_frac_max": (float(frac.max()), float("nan")),
    }
    censored = results.censored(group, BOUNDED_METRIC)
    return [row_of(results, group, metric, estimate, len(seeds), censored) for metric, estimate in estimates.items()]
