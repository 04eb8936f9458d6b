"""Means, paired gains, rows and claims, on numbers whose answer is plain."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from gridran.scenario.params import Scenario
from studies.claims import at_least, at_most, increasing, within
from studies.design import trials_of
from studies.msrc_survival import design
from studies.output import Document
from studies.results import Results
from studies.rows import ALL_LOADS, Table, gain_rows, metric_rows
from studies.statistics import mean_ci95, paired_gain
from studies.table import block, markdown, row_text

SURVIVAL = {
    ("independent", "light"): [3.0, 3.4],
    ("independent", "medium"): [2.0, 3.0],
    ("msrc", "light"): [6.0, 6.8],
    ("msrc", "medium"): [5.0, 7.5],
}


def results(scenario: Scenario, censored: Mapping[tuple[str, str], list[str]] | None = None) -> Results:
    """SURVIVAL as if it had been played."""
    small = replace(
        design({"paper": scenario}, (1, 2), bounds=0), strategies=("independent", "msrc"), loads=("light", "medium")
    )
    tasks = trials_of(small)
    records = {}
    for task in tasks:
        group = (task.cell.strategy, task.cell.load)
        survival_h = SURVIVAL[group][task.cell.seed - 1]
        figures = {"survival_h": survival_h, "service_h": 0.9 * survival_h, "critical_h": None, "lost": not censored}
        records[task.key] = {"figures": figures | {"censored_metrics": (censored or {}).get(group, [])}}
    return Results(tasks, records)


def test_ci95_is_students_t() -> None:
    """t(0.975, n−1)·s/√n for five values."""
    values = [2.1, 2.4, 2.2, 2.9, 2.6]
    mean, half = mean_ci95(values)
    low, high = stats.t.interval(0.95, 4, loc=np.mean(values), scale=stats.sem(values))
    assert mean == pytest.approx(np.mean(values))
    assert (mean - half, mean + half) == pytest.approx((low, high))


def test_one_trial_has_no_interval() -> None:
    """A single value has a mean and nothing else."""
    mean, half = mean_ci95([2.5])
    assert mean == 2.5
    assert math.isnan(half)


def test_pairing_cancels_what_a_seed_does_to_both() -> None:
    """Twice the base in every trial is a gain of exactly 100 %, however the trials scatter."""
    base = np.array([[1.0, 2.0, 4.0]])
    gain, half = paired_gain(2.0 * base, base)
    assert gain == pytest.approx(1.0)
    assert half == pytest.approx(0.0, abs=1e-12)


def test_a_base_of_zero_in_one_trial_is_no_obstacle() -> None:
    """The gain is that of the means; only a base that is 0 throughout has none."""
    gain, half = paired_gain(np.array([[2.0, 4.0]]), np.array([[0.0, 2.0]]))
    assert gain == pytest.approx(2.0)
    assert half > 0.0
    assert math.isnan(paired_gain(np.array([[2.0, 4.0]]), np.zeros((1, 2)))[0])


def test_the_gain_over_all_loads_is_the_mean_of_theirs() -> None:
    """+100 % and +150 % are +125 %."""
    base = np.array([[3.0, 3.4], [2.0, 3.0]])
    assert paired_gain(base * np.array([[2.0], [2.5]]), base)[0] == pytest.approx(1.25)


def test_rows_have_the_papers_value_beside_them(small_scenario: Scenario) -> None:
    """One row a strategy, load and metric, in the order of the study; a metric without values has no row."""
    rows = metric_rows(results(small_scenario), ("survival_h", "critical_h"))
    assert [(r.strategy, r.load, r.metric, r.paper) for r in rows] == [
        ("independent", "light", "survival_h", 3.2),
        ("msrc", "light", "survival_h", 5.8),
        ("independent", "medium", "survival_h", 2.5),
        ("msrc", "medium", "survival_h", 5.0),
    ]
    assert [r.mean for r in rows] == pytest.approx([3.2, 6.4, 2.5, 6.25])


def test_gains_are_rows_by_load_and_over_all(small_scenario: Scenario) -> None:
    """msrc gains 100 % at light load, 150 % at medium, 125 % over both, where the paper says 96 %."""
    rows = gain_rows(results(small_scenario), ("survival_h",), ("independent",))
    assert [(r.strategy, r.load, r.metric) for r in rows] == [
        ("msrc", load, "survival_h_gain_over_independent_frac") for load in ("light", "medium", ALL_LOADS)
    ]
    assert [r.mean for r in rows] == pytest.approx([1.0, 1.5, 1.25])
    assert rows[-1].paper == 0.96


def test_censored_trials_are_counted_and_marked(small_scenario: Scenario) -> None:
    """A mean over trials that ended first is a lower bound, and so is a gain made from it."""
    found = results(small_scenario, {("msrc", "light"): ["survival_h"]})
    rows = Table([*metric_rows(found, ("survival_h",)), *gain_rows(found, ("survival_h",), ("independent",))])
    row = rows.row("msrc", "light", "survival_h")
    gain = rows.row("msrc", ALL_LOADS, "survival_h_gain_over_independent_frac")
    assert row is not None
    assert gain is not None
    assert row.censored == gain.censored == 2
    assert row_text(row).startswith("≥ 6.40 ± ")
    assert row_text(row).endswith(" [5.8]")


def test_over_a_lower_bound_there_is_no_gain(small_scenario: Scenario) -> None:
    """Who is compared with a run that was cut may have gained less."""
    found = results(small_scenario, {("independent", "light"): ["survival_h"]})
    rows = Table(gain_rows(found, ("survival_h",), ("independent",)))
    means = {load: rows.row("msrc", load, "survival_h_gain_over_independent_frac") for load in ("light", "medium")}
    assert means["light"] is not None
    assert means["medium"] is not None
    assert means["light"].mean is None
    assert means["medium"].mean == pytest.approx(1.5)


def test_service_that_was_cut_is_a_lower_bound(small_scenario: Scenario) -> None:
    """``service_h`` has no threshold: it is whole only where the network was lost."""
    cut = metric_rows(results(small_scenario, {("msrc", "light"): ["survival_h"]}), ("service_h",))
    whole = metric_rows(results(small_scenario), ("service_h",))
    assert {row.censored for row in cut} == {2}
    assert {row.censored for row in whole} == {0}


def test_claims_are_computed_from_the_table(small_scenario: Scenario) -> None:
    """The claim of +96 % gets the value of the row that it speaks of."""
    found = results(small_scenario)
    study = design({"paper": small_scenario}, (1, 2), bounds=0)
    claims = study.claims(Table(study.rows(found)))
    (gain,) = [claim for claim in claims if claim.claim.startswith("msrc survives")]
    assert gain.value == pytest.approx(1.25)
    assert gain.held
    assert gain.source == "MSRC Table II"


def test_a_claim_without_a_value_does_not_hold() -> None:
    """Nothing is proven by a row that is not there."""
    for claim in (at_least("c", "s", math.nan, 0.0), at_most("c", "s", math.nan, 0.0)):
        assert claim.value is None
        assert not claim.held


def test_claims_hold_at_their_limits() -> None:
    """At least and at most include the limit; an order has no ties; a tolerance is relative to the target."""
    assert at_least("c", "s", 1.0, 1.0).held
    assert at_most("c", "s", 1.0, 1.0).held
    assert not increasing("c", "s", [1.0, 1.0]).held
    assert increasing("c", "s", [1.0, 2.0, 2.5]).value == 0.5
    assert within("c", "s", 2.3, 2.0, 0.15).held
    assert not within("c", "s", 2.31, 2.0, 0.15).held


def test_a_block_has_a_strategy_a_column(small_scenario: Scenario) -> None:
    """The printed table: metrics down, strategies across."""
    rows = [row for row in metric_rows(results(small_scenario), ("survival_h",)) if row.load == "light"]
    head, line = block("light", rows)
    assert head.split() == ["light", "independent", "msrc"]
    assert line.startswith("survival_h")


def test_a_page_has_every_table_and_claim(small_scenario: Scenario) -> None:
    """Markdown: a head a load, metrics down, strategies across, the claims with their values, and the figure."""
    rows = metric_rows(results(small_scenario), ("survival_h",))
    claims = [at_least("it lasts", "Table II", 2.0, 1.0), at_most("it is short", "Table II", 2.0, 1.0)]
    page = markdown("Survival", Document("study", 2, rows, claims, {}), ("survival_h",)).splitlines()
    assert page[0] == "# Survival"
    assert "| paper, light load | independent | msrc |" in page
    assert sum(line.startswith("| survival_h |") for line in page) == 2
    assert "| it lasts | Table II | 2 | held |" in page
    assert "| it is short | Table II | 2 | missed |" in page
    assert "![Survival](study.png)" in page
