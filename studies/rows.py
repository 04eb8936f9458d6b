"""The rows of a study's table: a mean with its confidence interval, and the paper's value beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from studies.published import published_value
from studies.results import Results
from studies.statistics import Estimate, mean_ci95, paired_gain

ALL_LOADS = "all"


@dataclass(frozen=True)
class Row:
    """``trials`` that the mean is over; ``censored`` of them ended before the metric was reached, so that the mean is
    a lower bound. None: no number can be given (a single trial has no interval, a base of 0 no gain)."""

    variant: str
    strategy: str
    load: str
    metric: str
    mean: float | None
    ci95: float | None
    trials: int
    censored: int
    paper: float | None


COLUMNS = tuple(Row.__dataclass_fields__)


def as_dict(row: Row) -> dict[str, Any]:
    """The row for JSON and CSV."""
    return asdict(row)


def metric_rows(results: Results, metrics: Sequence[str]) -> list[Row]:
    """One row for each group of trials and metric."""
    rows = []
    for group in results.groups:
        for metric in metrics:
            values = results.values(group, metric)
            if values:
                censored = results.censored(group, metric, values)
                rows.append(row_of(results, group, metric, mean_ci95(list(values.values())), len(values), censored))
    return rows


def row_of(
    results: Results, group: tuple[str, str, str], metric: str, estimate: Estimate, trials: int, censored: int = 0
) -> Row:
    """A row; the paper's value stands beside the first variant, the paper's own scenario."""
    variant, strategy, load = group
    paper = published_value(strategy, load, metric) if variant == results.variants[0] else None
    mean, ci95 = (None if math.isnan(value) else value for value in estimate)
    return Row(variant, strategy, load, metric, mean, ci95, trials, censored, paper)


def gain_metric(metric: str, base: str) -> str:
    """The name of the gain in ``metric`` over strategy ``base``."""
    return f"{metric}_gain_over_{base}_frac"


def gain_rows(results: Results, metrics: Sequence[str], bases: Sequence[str]) -> list[Row]:
    """Paired gains of each strategy over the ``bases`` before it, by load and over all loads.

    ``censored`` counts the trials of the strategy that gains. Over a base that is only a lower bound there is no gain.
    """
    loads = {load: [load] for load in results.loads}
    if len(loads) > 1:
        loads[ALL_LOADS] = list(results.loads)
    rank = {strategy: k for k, strategy in enumerate(results.strategies)}
    pairs = [(s, base) for s in rank for base in bases if base in rank and rank[base] < rank[s]]
    return [
        row
        for variant in results.variants
        for load, members in loads.items()
        for strategy, base in pairs
        for metric in metrics
        if (row := _gain_row(results, variant, (strategy, base), (load, members), metric)) is not None
    ]


def _gain_row(
    results: Results, variant: str, pair: tuple[str, str], loads: tuple[str, list[str]], metric: str
) -> Row | None:
    (strategy, base), (load, members) = pair, loads
    groups = [(variant, strategy, member) for member in members]
    base_groups = [(variant, base, member) for member in members]
    found = [results.values(group, metric) for group in groups]
    bases = [results.values(group, metric) for group in base_groups]
    seeds = sorted(set.intersection(*(set(values) for values in [*found, *bases])))
    if not seeds:
        return None
    numbers = np.array([[v[s] for s in seeds] for v in found]), np.array([[v[s] for s in seeds] for v in bases])
    censored, unknown = (sum(results.censored(g, metric, seeds) for g in each) for each in (groups, base_groups))
    gain = (math.nan, math.nan) if unknown else paired_gain(*numbers)
    return row_of(results, (variant, strategy, load), gain_metric(metric, base), gain, len(seeds), censored)


class Table:
    """Rows by what they say, for claims."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = tuple(rows)
        self._by = {(row.variant, row.strategy, row.load, row.metric): row for row in rows}
        self._first = rows[0].variant if rows else ""

    def row(self, strategy: str, load: str, metric: str, variant: str = "") -> Row | None:
        """The row, of the first variant unless another is named; None where there is none."""
        return self._by.get((variant or self._first, strategy, load, metric))

    def mean(self, strategy: str, load: str, metric: str, variant: str = "") -> float:
        """The row's mean, NaN where there is none."""
        found = self.row(strategy, load, metric, variant)
        return math.nan if found is None or found.mean is None else found.mean
