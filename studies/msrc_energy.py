"""Study ``msrc-energy``: batteries and critical availability over time at medium load, Fig. 2 of the paper.

Beside the usual files it writes ``msrc-energy.curves.csv``: mean and 95 % confidence interval of every curve.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from gridran.scenario.loader import load_scenario
from gridran.scenario.params import Scenario
from studies.cell import CURVE_NAMES, CURVE_STEP_H
from studies.charts import Panel, mean_curve, over_time
from studies.claims import TARGET, Claim, at_least, at_most, ratio
from studies.design import ALL_STRATEGIES, Design, run_study, seeds
from studies.output import csv_text
from studies.registry import StudyRequest
from studies.results import Results
from studies.rows import Row, Table, metric_rows, row_of
from studies.statistics import mean_ci95

NAME = "msrc-energy"
LOAD = "medium"
TRIALS, QUICK_TRIALS = 50, 3
METRICS = ("first_depletion_h", "last_depletion_h", "mean_site_power_kw", "load_kwh", "battery_kwh", "v2g_kwh")
AT_H = (1.0, 2.5, 5.0)
SPREAD = "depletion_spread_h"
PANELS: tuple[Panel, ...] = (
    ("soc_mean_frac", "mean charge of the batteries"),
    ("critical_availability_frac", "critical availability"),
)
SHOWN_H = 16.0
TOGETHER_H = 0.5


def msrc_energy(request: StudyRequest) -> None:
    """50 trials (quick: 3) of every strategy at medium load; those of ``msrc-survival`` are used where OUT has them."""
    run_study(design({"paper": load_scenario("paper")}, seeds(request, TRIALS, QUICK_TRIALS)), request)


def design(scenarios: Mapping[str, Scenario], trial_seeds: Sequence[int]) -> Design:
    """The study on the first of ``scenarios``."""
    return Design(
        name=NAME,
        title="Energy over time, Fig. 2",
        scenarios=scenarios,
        strategies=ALL_STRATEGIES,
        loads=(LOAD,),
        seeds=trial_seeds,
        rows=rows,
        claims=claims,
        figure=lambda results, _: over_time(results, PANELS, LOAD, SHOWN_H),
        shown=(
            *METRICS,
            SPREAD,
            *(_at_name(curve, h) for curve, _ in PANELS for h in AT_H),
            _at_name("soc_sd_frac", 2.5),
        ),
        files=lambda results: {f"{NAME}.curves.csv": curves_csv(results)},
    )


def rows(results: Results) -> list[Row]:
    """Depletion and energy, then every charge and availability curve at a few times."""
    at = [(curve, h) for curve in CURVE_NAMES[:4] for h in AT_H]
    points = [row for group in results.groups for curve, h in at if (row := _point(results, group, curve, h))]
    spread = [row for group in results.groups if (row := _spread(results, group))]
    return [*metric_rows(results, METRICS), *spread, *points]


def _at_name(curve: str, at_h: float) -> str:
    """``soc_mean_2h5_frac``: the curve ``soc_mean_frac`` at 2.5 h."""
    whole, _, part = f"{at_h:g}".partition(".")
    return f"{curve.removesuffix('_frac')}_{whole}h{part}_frac"


def _point(results: Results, group: tuple[str, str, str], curve: str, at_h: float) -> Row | None:
    """A curve in the step that begins at ``at_h``; a trial that ended before keeps its last value."""
    values = results.curve(group, curve)
    step = round(at_h / CURVE_STEP_H)
    if not values.size:
        return None
    column = values[:, min(step, values.shape[1] - 1)]
    return row_of(results, group, _at_name(curve, at_h), mean_ci95(column.tolist()), len(column))


def _spread(results: Results, group: tuple[str, str, str]) -> Row | None:
    """Time from the first empty battery to the last; a lower bound where one was not empty at the end."""
    first, last = (results.values(group, metric) for metric in ("first_depletion_h", "last_depletion_h"))
    if not first:
        return None
    spread_h = [last[seed] - first[seed] for seed in first]
    return row_of(
        results, group, SPREAD, mean_ci95(spread_h), len(spread_h), results.censored(group, "last_depletion_h")
    )


def claims(table: Table) -> list[Claim]:
    """What the paper reads from Fig. 2, and that lifetime keeps more in the batteries than msrc does."""

    def mean(strategy: str, metric: str) -> float:
        return table.mean(strategy, LOAD, metric)

    source, charge, uneven = "MSRC Fig. 2", _at_name("soc_mean_frac", 2.5), _at_name("soc_sd_frac", 2.5)
    return [
        at_most(
            "independent: hours from the first empty battery to the last are at most 0.5",
            source,
            mean("independent", SPREAD),
            TOGETHER_H,
        ),
        at_least(
            "msrc spreads the charges more than independent does: difference of their deviation at 2.5 h",
            source,
            mean("msrc", uneven) - mean("independent", uneven),
            0.0,
        ),
        at_most(
            "msrc needs less power than independent: ratio of the means",
            source,
            ratio(mean("msrc", "mean_site_power_kw"), mean("independent", "mean_site_power_kw")),
            1.0,
        ),
        at_least(
            "lifetime has more charge left at 2.5 h than msrc: difference of the means",
            TARGET,
            mean("lifetime", charge) - mean("msrc", charge),
            0.0,
        ),
    ]


def curves_csv(results: Results) -> str:
    """All curves: strategy, time_h, then mean and ci95 of each."""
    columns = ["strategy", "time_h", *(f"{name}{end}" for name in CURVE_NAMES for end in ("", "_ci95"))]
    lines: list[list[object]] = []
    for group in results.groups:
        curves = [mean_curve(results, group, name) for name in CURVE_NAMES]
        for step, at_h in enumerate(curves[0][0]):
            numbers = [round(float(series[step]), 6) for _, mean, half in curves for series in (mean, half)]
            lines.append([group[1], round(float(at_h), 6), *("" if math.isnan(x) else x for x in numbers)])
    return csv_text(columns, lines)
