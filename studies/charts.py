"""Figures of the studies, drawn without a display. matplotlib is imported when the first one is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from studies.cell import CURVE_STEP_H
from studies.results import Results
from studies.rows import Row, Table
from studies.statistics import mean_ci95

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's palette, which colour-blind readers can tell apart.
COLOURS = {
    "independent": "#999999",
    "independent-es": "#56B4E9",
    "static-lb": "#E69F00",
    "msrc": "#0072B2",
    "lifetime": "#D55E00",
}
OTHER_COLOUR = "#009E73"
Panel = tuple[str, str]
"""A metric and what to call it."""


def panels(count: int, width_in: float = 4.2, height_in: float = 3.4) -> tuple[Figure, list[Any]]:
    """An empty figure of ``count`` axes side by side."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in * count, height_in), layout="constrained")
    axes = [figure.add_subplot(1, count, k + 1) for k in range(count)]
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
    return figure, axes


def bars(table: Table, shown: Sequence[Panel], loads: Sequence[str]) -> Figure:
    """A panel for each metric, a group of bars for each load, the paper's values as black marks."""
    figure, axes = panels(len(shown))
    for ax, (metric, title) in zip(axes, shown, strict=True):
        rows = [row for row in table.rows if row.metric == metric and row.load in loads]
        _bars_by_group(ax, rows, [row.load for row in rows])
        ax.set_title(title, fontsize=10)
    _legend(figure, axes[0])
    return figure


def bars_by_metric(table: Table, shown: Sequence[Panel], title: str) -> Figure:
    """One panel, a group of bars for each metric."""
    figure, (ax,) = panels(1, 7.0, 3.6)
    names = dict(shown)
    rows = [row for row in table.rows if row.metric in names]
    _bars_by_group(ax, rows, [names[row.metric] for row in rows])
    ax.set_title(title, fontsize=10)
    _legend(figure, ax)
    return figure


def _legend(figure: Figure, ax: Any) -> None:
    """The names of the first axes, below all of them."""
    handles, labels = ax.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=8, frameon=False)


def _bars_by_group(ax: Any, rows: Sequence[Row], group_of: Sequence[str]) -> None:
    groups = list(dict.fromkeys(group_of))
    strategies = list(dict.fromkeys(row.strategy for row in rows))
    width = 0.8 / max(len(strategies), 1)
    for k, strategy in enumerate(strategies):
        mine = [
            (groups.index(group), row) for group, row in zip(group_of, rows, strict=True) if row.strategy == strategy
        ]
        at = np.array([place for place, _ in mine]) + (k - (len(strategies) - 1) / 2) * width
        height, half = [row.mean or 0.0 for _, row in mine], [row.ci95 or 0.0 for _, row in mine]
        ax.bar(at, height, width, yerr=half, label=strategy, color=colour(strategy), error_kw={"lw": 0.8})
        papers = [(x, row.paper) for x, (_, row) in zip(at, mine, strict=True) if row.paper is not None]
        ax.plot(*np.array(papers).reshape(-1, 2).T, "k_", markersize=9, label="paper" if k == 0 else None)
    ax.set_xticks(range(len(groups)), groups, fontsize=8)


def over_time(results: Results, shown: Sequence[Panel], load: str, last_h: float) -> Figure:
    """A panel for each curve: the mean over trials by strategy, its 95 % confidence interval as a band."""
    figure, axes = panels(len(shown), 5.6, 3.6)
    for ax, (curve, title) in zip(axes, shown, strict=True):
        for strategy in results.strategies:
            time_h, mean, half = mean_curve(results, (results.variants[0], strategy, load), curve)
            ax.plot(time_h, mean, label=strategy, color=colour(strategy))
            ax.fill_between(time_h, mean - half, mean + half, color=colour(strategy), alpha=0.2, lw=0)
        ax.set(xlim=(0.0, last_h), ylim=(0.0, None), xlabel="hours since the grid went down")
        ax.set_title(title, fontsize=10)
    _legend(figure, axes[0])
    return figure


def mean_curve(results: Results, group: tuple[str, str, str], curve: str) -> tuple[Any, Any, Any]:
    """Mid-times (h), means and half-widths, each [T]; half-width 0 for a single trial."""
    values = results.curve(group, curve)
    time_h = (np.arange(values.shape[-1]) + 0.5) * CURVE_STEP_H
    estimates = np.array([mean_ci95(column) for column in values.T]).reshape(-1, 2)
    return time_h, estimates[:, 0], np.nan_to_num(estimates[:, 1])


def by_variant(table: Table, metric: str, title: str) -> Figure:
    """A line for each variant, a dot with its interval for each strategy, an arrowhead for a lower bound."""
    rows = [row for row in table.rows if row.metric == metric and row.mean is not None]
    variants = list(dict.fromkeys(row.variant for row in rows))
    figure, (ax,) = panels(1, 7.5, 1.2 + 0.24 * len(variants))
    for row in rows:
        at, mean, half = variants.index(row.variant), row.mean or 0.0, row.ci95 or 0.0
        ax.plot(mean, at, ">" if row.censored else "o", ms=5, color=colour(row.strategy), zorder=3)
        ax.hlines(at, max(mean - half, 0.0), mean + half, color=colour(row.strategy), lw=1.6)
    for strategy in dict.fromkeys(row.strategy for row in rows):
        ax.plot([], [], "o", color=colour(strategy), label=strategy)
    ax.set_yticks(range(len(variants)), variants, fontsize=8)
    ax.set_xlim(left=0.0)
    ax.invert_yaxis()
    ax.set_title(title, fontsize=10)
    ax.grid(axis="y", lw=0.3)
    _legend(figure, ax)
    return figure


def against(table: Table, across: Panel, up: Panel) -> Figure:
    """One metric against another, a labelled point with both intervals for each variant."""
    figure, (ax,) = panels(1, 5.5, 4.0)
    by_name = {metric: {r.variant: r for r in table.rows if r.metric == metric} for metric in (across[0], up[0])}
    pairs = [(row, by_name[up[0]][variant]) for variant, row in by_name[across[0]].items()]
    x, y = [row.mean for row, _ in pairs], [row.mean for _, row in pairs]
    half_x, half_y = [row.ci95 or 0.0 for row, _ in pairs], [row.ci95 or 0.0 for _, row in pairs]
    ax.errorbar(x, y, xerr=half_x, yerr=half_y, fmt="o-", color=COLOURS["lifetime"], lw=1.0)
    for row, other in pairs:
        ax.annotate(row.variant, (row.mean, other.mean), xytext=(5, 5), textcoords="offset points", fontsize=8)
    ax.set(xlabel=across[1], ylabel=up[1])
    return figure


def colour(strategy: str) -> str:
    """The colour of a strategy, the same in every figure."""
    return COLOURS.get(strategy, OTHER_COLOUR)
