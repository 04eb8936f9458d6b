"""The clairvoyant bound as a second stage of a study: what it is asked, and the rows that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from gridran.scenario.params import Scenario
from studies import bound_task
from studies.bound import BoundResult, Had
from studies.bound_rows import bound_rows, bound_tasks
from studies.design import trials_of
from studies.msrc_survival import design
from studies.results import Results

WHAT = ("upper_h", "gap_frac", "se_frac")


def results(scenario: Scenario, sold_kwh: float = 1.0) -> Results:
    """Two strategies, two seeds: sla_h of 1 h and 2 h for independent, twice that for msrc, which cars sold to."""
    study = design({"paper": scenario}, (1, 2), bounds=0)
    tasks = trials_of(replace(study, strategies=("independent", "msrc"), loads=("medium",), hours_h=6.0))
    records = {}
    for task in tasks:
        better = 2.0 if task.cell.strategy == "msrc" else 1.0
        figures = {"sla_h": better * task.cell.seed, "censored_metrics": []}
        had = {"bought_kwh": [sold_kwh * (better - 1.0)] * 7, "undrawn_kwh": [0.1 * better] * 7}
        records[task.key] = {"figures": figures, "held_h": figures["sla_h"], **had}
    return Results(tasks, records)


def test_one_task_for_each_load_and_seed(small_scenario: Scenario) -> None:
    """For all strategies together, for the first seeds only."""
    (task,) = bound_tasks(results(small_scenario), most=1)
    assert (task.load, task.seed) == ("medium", 1)
    assert [(name, sla_h) for name, sla_h, *_ in task.had] == [("independent", 1.0), ("msrc", 2.0)]


def test_other_energy_is_another_bound(small_scenario: Scenario) -> None:
    """The key follows from what the cars sold."""
    (one,) = bound_tasks(results(small_scenario), most=1)
    (two,) = bound_tasks(results(small_scenario, 2.0), most=1)
    assert one.key != two.key


def test_a_bound_is_asked_with_true_energy(small_scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """``studies.bound.bounds_h`` gets scenario, seed and what every strategy had; the two ends are the result."""
    asked = []

    def bounds_h(scenario: Scenario, seed: int, had: Mapping[str, Had]) -> dict[str, BoundResult]:
        asked.append((scenario.traffic.load_scale, seed, {n: _figures(e) for n, e in had.items()}))
        return {name: BoundResult(4.0, 0.03, 0.01) for name in had}

    monkeypatch.setattr(bound_task, "bounds_h", bounds_h)
    (task,) = bound_tasks(results(small_scenario), most=1)
    found = task.run()
    assert asked == [(1.0, 1, {"independent": (1.0, 0.0, 0.7), "msrc": (2.0, 7.0, 1.4)})]
    assert [found[what]["msrc"] for what in WHAT] == [4.0, 0.03, 0.01]


def _figures(had: Had) -> tuple[float, float, float]:
    return had.sla_h, float(had.bought_kwh.sum()), round(float(had.undrawn_kwh.sum()), 6)


def test_rows_of_the_bound(small_scenario: Scenario) -> None:
    """Bounds of 4 and 5 h, closed to 0 and 4 %: msrc reaches 2/4 and 4/5 of them, independent a quarter and 2/5."""
    found = results(small_scenario)
    bounds = zip(bound_tasks(found, 2), ((4.0, 0.0), (5.0, 0.04)), strict=True)
    both = ("independent", "msrc")
    records = {
        task.key: {what: dict.fromkeys(both, value) for what, value in zip(WHAT, (upper, gap, 0.01), strict=True)}
        for task, (upper, gap) in bounds
    }
    rows = bound_rows(Results(found.trials, {**found.records, **records}), 2)
    means = {(row.strategy, row.metric): row.mean for row in rows}
    closed = {"bound_se_max_frac": 0.01, "bound_h": 4.5, "bound_gap_max_frac": 0.04}
    reached = {"independent": (0.325, 0.4), "msrc": (0.65, 0.8)}
    for name, (mean, most) in reached.items():
        wanted = {**closed, "bound_frac": mean, "bound_frac_max": most}
        assert {metric: means[name, metric] for metric in wanted} == pytest.approx(wanted)


def test_without_bounds_there_are_no_rows(small_scenario: Scenario) -> None:
    """A study may do without, and rows are made of what is there."""
    assert bound_tasks(results(small_scenario), 0) == []
    assert bound_rows(results(small_scenario), 2) == []


def test_an_unknown_bound_has_no_row(small_scenario: Scenario) -> None:
    """Of two seeds of which one has its bound, rows are over that one."""
    found = results(small_scenario)
    task = bound_tasks(found, 2)[0]
    record = {what: {"independent": 4.0, "msrc": 4.0} for what in WHAT}
    rows = bound_rows(Results(found.trials, {**found.records, task.key: record}), 2)
    assert {row.trials for row in rows} == {1}
    assert np.isclose(next(r.mean or 0.0 for r in rows if (r.strategy, r.metric) == ("msrc", "bound_frac")), 0.5)
