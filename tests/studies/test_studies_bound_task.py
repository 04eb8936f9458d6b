"""The clairvoyant bound as a second stage of a study: what it is asked, and the rows that come of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridran.scenario.params import Scenario
from studies import bound_task
from studies.bound import BoundResult, OfferedPrices
from studies.bound_task import BOUND, HOURS_H, bound_rows, bound_tasks, offered_prices
from studies.design import trials_of
from studies.msrc_survival import design
from studies.results import Results

FLAT, URGENT = [[0, [0.5, 0.5]]], [[0, [0.5, 0.5]], [3, [0.9, 0.5]]]


def results(scenario: Scenario, offers: list[object] = URGENT) -> Results:
    """Two strategies, two seeds: sla_h of 1 h and 2 h for independent, twice that for msrc."""
    study = design({"paper": scenario}, (1, 2), bounds=0)
    tasks = trials_of(replace(study, strategies=("independent", "msrc"), loads=("medium",), hours_h=6.0))
    records = {}
    for task in tasks:
        better = 2.0 if task.cell.strategy == "msrc" else 1.0
        figures = {"sla_h": better * task.cell.seed, "censored_metrics": []}
        records[task.key] = {"figures": figures, "offers": offers if better == 2.0 else FLAT}
    return Results(tasks, records)


def test_offers_are_given_period_by_period() -> None:
    """A price holds until the next change; the last one from there on."""
    found = offered_prices("msrc", [(0, [0.5, 0.5]), (3, [0.9, 0.5])], 0.25)
    np.testing.assert_array_equal(found.price_usd_per_kwh, [[0.5, 0.5]] * 3 + [[0.9, 0.5]])
    assert found.period_h == 0.25


def test_one_bound_for_each_load_and_seed(small_scenario: Scenario) -> None:
    """Over the offers of all strategies, for the first seeds only."""
    (task,) = bound_tasks(results(small_scenario), most=1)
    assert (task.load, task.seed) == ("medium", 1)
    assert [strategy for strategy, _ in task.offers] == ["independent", "msrc"]


def test_other_offers_are_another_bound(small_scenario: Scenario) -> None:
    """The key follows from what the strategies offered."""
    (urgent,) = bound_tasks(results(small_scenario), most=1)
    (flat,) = bound_tasks(results(small_scenario, FLAT), most=1)
    assert urgent.key != flat.key


def test_a_bound_is_asked_with_true_offers(small_scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """``studies.bound.bound_h`` gets scenario, seed, prices and hours; its two ends are the result."""
    asked = []

    def bound_h(scenario: Scenario, seed: int, offers: list[OfferedPrices], hours_h: float) -> BoundResult:
        asked.append((scenario.traffic.load_scale, seed, [o.strategy for o in offers], hours_h))
        return BoundResult(4.0, 3.9)

    monkeypatch.setattr(bound_task, "bound_h", bound_h)
    (task,) = bound_tasks(results(small_scenario), most=1)
    found = task.run()
    assert asked == [(1.0, 1, ["independent", "msrc"], HOURS_H)]
    assert (found["upper_h"], found["lower_h"]) == (4.0, 3.9)


def test_rows_of_the_bound(small_scenario: Scenario) -> None:
    """Bounds of 4 and 5 h, closed to 0 and 4 %: msrc reaches 2/4 and 4/5 of them, independent half of that."""
    found = results(small_scenario)
    bounds = zip(bound_tasks(found, 2), ((4.0, 4.0), (5.0, 4.8)), strict=True)
    records = {task.key: {"upper_h": upper, "lower_h": lower} for task, (upper, lower) in bounds}
    rows = bound_rows(Results(found.trials, {**found.records, **records}), 2)
    means = {(row.strategy, row.metric): row.mean for row in rows}
    assert means == pytest.approx(
        {
            (BOUND, "bound_h"): 4.5,
            (BOUND, "bound_lower_h"): 4.4,
            (BOUND, "bound_gap_frac"): 0.02,
            (BOUND, "bound_gap_max_frac"): 0.04,
            ("independent", "bound_frac"): 0.325,
            ("independent", "bound_frac_max"): 0.4,
            ("msrc", "bound_frac"): 0.65,
            ("msrc", "bound_frac_max"): 0.8,
        }
    )


def test_a_bound_as_far_as_it_looks_bounds_nothing(small_scenario: Scenario) -> None:
    """It is counted as censored, and its trial is left out of bound_frac."""
    found = results(small_scenario)
    bounds = zip(bound_tasks(found, 2), ((4.0, 4.0), (HOURS_H, HOURS_H)), strict=True)
    records = {task.key: {"upper_h": u, "lower_h": low} for task, (u, low) in bounds}
    rows = {(r.strategy, r.metric): r for r in bound_rows(Results(found.trials, {**found.records, **records}), 2)}
    assert rows[BOUND, "bound_h"].censored == 1
    assert (rows["msrc", "bound_frac"].mean, rows["msrc", "bound_frac"].trials) == (0.5, 1)


def test_without_bounds_there_are_no_rows(small_scenario: Scenario) -> None:
    """A study may do without, and rows are made of what is there."""
    assert bound_tasks(results(small_scenario), 0) == []
    assert bound_rows(results(small_scenario), 2) == []
