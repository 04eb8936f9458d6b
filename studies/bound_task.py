"""The clairvoyant bound as cells of a study: one for each load and seed, once the strategies' trials are there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridran.scenario.params import Scenario
from gridran.units import s_to_h
from studies.bound import BoundResult, OfferedPrices, bound_h
from studies.cell import TrialTask
from studies.cellfile import Record
from studies.fingerprint import TRIAL_MODULES, code_version
from studies.results import Results
from studies.rows import Row, row_of
from studies.statistics import mean_ci95

BOUNDED_METRIC = "sla_h"
BOUND = "bound"
"""Stands for a strategy in the rows of the bound itself."""

HOURS_H = 48.0
"""The bound looks further than the trials play; a bound of this much bounds nothing."""

_MODULES = (*TRIAL_MODULES, "bound", "bound_model", "bound_search", "bound_world")
_DIGEST_LENGTH = 12
_NO_TIME_H = 1e-9


@dataclass(frozen=True)
class BoundTask:
    """One bound over everybody who offers no more than ``offers``: by strategy, (period, $/kWh by site) of changes."""

    variant: str
    load: str
    seed: int
    scenario: Scenario
    scenario_hash: str
    offers: tuple[tuple[str, Sequence[tuple[int, Sequence[float]]]], ...]

    @property
    def key(self) -> str:
        """What the bound depends on, the offers as a digest."""
        offers = hashlib.sha256(json.dumps(self.offers).encode()).hexdigest()[:_DIGEST_LENGTH]
        what = f"bound {self.load} seed={self.seed} hours={HOURS_H:g} offers={offers}"
        return f"{what} scenario={self.scenario_hash} gridran={code_version(_MODULES)}"

    @property
    def label(self) -> str:
        return f"bound, {self.load} load, seed {self.seed}, {self.variant}"

    def run(self) -> dict[str, Any]:
        """``upper_h`` and ``lower_h`` of the bound."""
        period_h = s_to_h(self.scenario.time.period_s)
        offers = [offered_prices(strategy, changes, period_h) for strategy, changes in self.offers]
        found: BoundResult = bound_h(self.scenario, self.seed, offers, HOURS_H)
        what = {"variant": self.variant, "load": self.load, "seed": self.seed}
        return {**what, "upper_h": found.upper_h, "lower_h": found.lower_h}


def offered_prices(strategy: str, changes: Sequence[tuple[int, Sequence[float]]], period_h: float) -> OfferedPrices:
    """A row for every period up to the last change."""
    begins = [period for period, _ in changes]
    lengths = np.diff([*begins, begins[-1] + 1])
    return OfferedPrices(strategy, period_h, np.repeat(np.array([prices for _, prices in changes]), lengths, axis=0))


def bound_tasks(results: Results, most: int) -> list[BoundTask]:
    """The bounds of the first ``most`` seeds under every load, over the offers of all strategies that were played."""
    chosen = sorted({task.cell.seed for task in results.trials})[:most]
    trials: dict[tuple[str, str, int], list[TrialTask]] = {}
    for task in results.trials:
        if task.cell.seed in chosen:
            trials.setdefault((task.cell.variant, task.cell.load, task.cell.seed), []).append(task)
    return [_bound_task(results, place, paired) for place, paired in trials.items()]


def _bound_task(results: Results, place: tuple[str, str, int], paired: Sequence[TrialTask]) -> BoundTask:
    any_of = paired[0]
    offers = tuple((task.cell.strategy, results.records[task.key]["offers"]) for task in paired)
    return BoundTask(*place, any_of.scenario, any_of.scenario_hash, offers)


def bound_rows(results: Results, most: int) -> list[Row]:
    """The bound and how far it is closed, then ``bound_frac``: what each strategy reached of it, trial by trial.

    A bound of HOURS_H bounds nothing: it counts as ``censored``, its trial is not in ``bound_frac``.
    """
    by_place: dict[tuple[str, str], dict[int, Record]] = {}
    for task in bound_tasks(results, most):
        if task.key in results.records:
            by_place.setdefault((task.variant, task.load), {})[task.seed] = results.records[task.key]
    own = [row for place, found in by_place.items() for row in _own_rows(results, place, found)]
    return own + [row for group in results.groups for row in _frac_rows(results, group, by_place)]


def _own_rows(results: Results, place: tuple[str, str], found: dict[int, Record]) -> list[Row]:
    group = (place[0], BOUND, place[1])
    upper_h = np.array([record["upper_h"] for record in found.values()])
    lower_h = np.array([record["lower_h"] for record in found.values()])
    is_open = sum(map(_open, found.values()))
    gap_frac = (upper_h - lower_h) / np.maximum(upper_h, _NO_TIME_H)
    means = {"bound_h": upper_h, "bound_lower_h": lower_h, "bound_gap_frac": gap_frac}
    rows = [row_of(results, group, name, mean_ci95(v.tolist()), len(found), is_open) for name, v in means.items()]
    widest = float(gap_frac.max()), float("nan")
    return [*rows, row_of(results, group, "bound_gap_max_frac", widest, len(found), is_open)]


def _frac_rows(
    results: Results, group: tuple[str, str, str], by_place: dict[tuple[str, str], dict[int, Record]]
) -> list[Row]:
    bounds = by_place.get((group[0], group[2]), {})
    reached_h = results.values(group, BOUNDED_METRIC)
    closed_h = {seed: record["upper_h"] for seed, record in bounds.items() if not _open(record)}
    fracs = [reached_h[seed] / max(limit_h, _NO_TIME_H) for seed, limit_h in closed_h.items() if seed in reached_h]
    if not fracs:
        return []
    estimates = {"bound_frac": mean_ci95(fracs), "bound_frac_max": (max(fracs), float("nan"))}
    censored = results.censored(group, BOUNDED_METRIC)
    return [row_of(results, group, metric, estimate, len(fracs), censored) for metric, estimate in estimates.items()]


def _open(record: Record) -> bool:
    return bool(record["upper_h"] >= HOURS_H - _NO_TIME_H)
