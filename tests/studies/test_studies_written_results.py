"""The tables that people read are those that the studies wrote."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from studies.design import ALL_STRATEGIES

ROOT = Path(__file__).parents[2]
METRICS = ("survival_h", "critical_h", "sla_h", "service_h")
NUMBER = re.compile(r"\d+\.\d")


def found() -> dict[tuple[str, str, str], dict[str, str]]:
    """Rows of Table II's study by strategy, load and metric."""
    with (ROOT / "docs/results/msrc-survival.csv").open(encoding="utf-8", newline="") as file:
        return {(row["strategy"], row["load"], row["metric"]): row for row in csv.DictReader(file)}


def cells(page: str, strategy: str) -> list[str]:
    """Those of the one row of ``page`` that is the strategy's and has figures in it."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    (row,) = [line for line in lines if line.startswith(f"| `{strategy}` |") and NUMBER.search(line)]
    return [cell.strip() for cell in row.strip("|").split("|")][1:]


@pytest.mark.parametrize("strategy", ALL_STRATEGIES)
def test_the_results_page_has_the_studys_means(strategy: str) -> None:
    """Light, medium and heavy load to one decimal, and ≥ where a run was cut."""
    rows = found()
    for metric, cell in zip(METRICS, cells("docs/results.md", strategy), strict=True):
        mine = [rows[strategy, load, metric] for load in ("light", "medium", "heavy")]
        assert NUMBER.findall(cell.split("(")[0]) == [f"{float(row['mean']):.1f}" for row in mine]
        assert cell.startswith("≥") == any(int(row["censored"]) for row in mine)


@pytest.mark.parametrize("strategy", ALL_STRATEGIES)
def test_the_readme_has_the_studys_means_and_intervals(strategy: str) -> None:
    """Medium load; no interval where a run was cut."""
    rows = found()
    for metric, cell in zip(METRICS, cells("README.md", strategy), strict=True):
        row = rows[strategy, "medium", metric]
        cut = int(row["censored"]) > 0
        shown = [row["mean"]] if cut else [row["mean"], row["ci95"]]
        assert NUMBER.findall(cell) == [f"{float(value):.1f}" for value in shown]
        assert cell.startswith("≥") == cut
