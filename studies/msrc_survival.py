"""Study ``msrc-survival``: how long the network lasts under three loads, Table II of the paper."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from gridran.scenario.loader import load_scenario
from gridran.scenario.params import Scenario
from studies.bound_rows import bound_rows, bound_tasks
from studies.charts import Panel, bars
from studies.claims import TARGET, Claim, at_least, at_most, increasing, ratio, within, worst
from studies.design import ALL_STRATEGIES, LOADS, Design, run_study, seeds
from studies.registry import StudyRequest
from studies.results import Results
from studies.rows import ALL_LOADS, Row, Table, gain_metric, gain_rows, metric_rows
from studies.thresholds import AVAILABILITY, SLA_HELD

NAME = "msrc-survival"
TRIALS, QUICK_TRIALS = 50, 3
BOUND_TRIALS = 10
HOURS = ("survival_h", "critical_h", "sla_h", "sla_volume_h", "service_h")
METRICS = (
    *HOURS,
    "first_depletion_h",
    "last_depletion_h",
    "continuity_frac",
    "handovers_per_user",
    "mode_switches_per_site",
    "ev_utilisation_frac",
    SLA_HELD,
    *AVAILABILITY,
)
BASES = ("independent", "independent-es", "static-lb")
BOUNDS = ("held_h", "bound_h", "bound_frac", "bound_gap_max_frac", "bound_se_max_frac")
GAINS = tuple(gain_metric(metric, base) for metric in HOURS for base in BASES)
PANELS: tuple[Panel, ...] = (
    ("survival_h", "survival_h: half of the critical users left"),
    ("critical_h", "critical_h: 95 % of the critical users left"),
    ("sla_h", "sla_h: all targets met"),
    ("service_h", "service_h: service per user"),
)
CI_LIMIT_FRAC = 0.05
INDEPENDENT_TOLERANCE_FRAC = 0.15


def msrc_survival(request: StudyRequest) -> None:
    """50 trials (quick: 3) of every strategy under every load, and the clairvoyant bounds of the first 10.

    A quick study computes none: each takes a minute and more.
    """
    bounds = 0 if request.quick else BOUND_TRIALS
    run_study(design({"paper": load_scenario("paper")}, seeds(request, TRIALS, QUICK_TRIALS), bounds), request)


def design(scenarios: Mapping[str, Scenario], trial_seeds: Sequence[int], bounds: int = BOUND_TRIALS) -> Design:
    """The study on the first of ``scenarios``, with the clairvoyant bound of the first ``bounds`` trials."""
    return Design(
        name=NAME,
        title="Network survival, Table II",
        scenarios=scenarios,
        strategies=ALL_STRATEGIES,
        loads=LOADS,
        seeds=trial_seeds,
        rows=lambda results: rows(results, bounds),
        claims=lambda table: claims(table, bounds),
        figure=lambda _, table: bars(table, PANELS, LOADS),
        shown=(*METRICS, *BOUNDS, *GAINS),
        then=lambda results: bound_tasks(results, bounds),
    )


def rows(results: Results, bounds: int) -> list[Row]:
    """Figures of merit, the bound and what is reached of it, then what each strategy gains over the baselines."""
    return [*metric_rows(results, METRICS), *bound_rows(results, bounds), *gain_rows(results, HOURS, BASES)]


def claims(table: Table, bounds: int = BOUND_TRIALS) -> list[Claim]:
    """What Table II says, and what gridran aims at; of bounds where ``bounds`` > 0 trials have one."""
    limit = _limit(table) if bounds else []
    return [*_published(table), *_gains(table), _service(table), *limit, *_precision(table)]


def _published(table: Table) -> list[Claim]:
    source = "MSRC Table II"

    def survival_h(strategy: str, load: str) -> float:
        return table.mean(strategy, load, "survival_h")

    def gain(strategy: str) -> float:
        return table.mean(strategy, ALL_LOADS, gain_metric("survival_h", "independent"))

    order = [
        increasing(
            f"smallest step of survival_h (h) from independent to static-lb to msrc, {load} load",
            source,
            [survival_h(strategy, load) for strategy in ("independent", "static-lb", "msrc")],
        )
        for load in LOADS
    ]
    independent = [
        within(
            f"survival_h (h) of independent at {load} load is within 15 % of {paper_h:g}",
            source,
            survival_h("independent", load),
            paper_h,
            INDEPENDENT_TOLERANCE_FRAC,
        )
        for load, paper_h in _paper_h(table, "independent").items()
    ]
    return [
        at_least(
            "static-lb survives at least 41 % longer than independent, mean of the loads",
            source,
            gain("static-lb"),
            0.41,
        ),
        at_least("msrc survives at least 96 % longer than independent, mean of the loads", source, gain("msrc"), 0.96),
        *order,
        *independent,
    ]


def _paper_h(table: Table, strategy: str) -> dict[str, float]:
    found = {load: table.row(strategy, load, "survival_h") for load in LOADS}
    return {load: row.paper for load, row in found.items() if row is not None and row.paper is not None}


def _gains(table: Table) -> list[Claim]:
    """(metric, base, least gain) of lifetime, over the mean of the loads."""
    wanted = (
        ("survival_h", "independent", 1.5),
        ("critical_h", "independent", 2.0),
        ("service_h", "independent", 0.5),
        ("survival_h", "independent-es", 0.4),
        ("critical_h", "independent-es", 1.0),
        ("sla_h", "independent-es", 1.0),
    )
    means = [
        at_least(
            f"lifetime gains at least {limit:.0%} in {metric} over {base}, mean of the loads",
            TARGET,
            table.mean("lifetime", ALL_LOADS, gain_metric(metric, base)),
            limit,
        )
        for metric, base, limit in wanted
    ]
    over_static = [table.mean("lifetime", load, gain_metric("survival_h", "static-lb")) for load in LOADS]
    claim = "lifetime gains at least 60 % in survival_h over static-lb on every load"
    return [*means, at_least(claim, TARGET, worst(over_static), 0.6)]


def _service(table: Table) -> Claim:
    """A gain counts only where Table III's targets hold at 2.5 h."""
    held = worst(table.mean("lifetime", load, SLA_HELD) for load in LOADS)
    claim = "lifetime holds the targets of Table III for 2.5 h: share of trials, on every load"
    return at_least(claim, TARGET, held, 1.0)


def _limit(table: Table) -> list[Claim]:
    reached = worst(table.mean("lifetime", load, "bound_frac") for load in LOADS)
    found, gaps, errors = (
        [row.mean for row in table.rows if row.metric == metric and row.mean is not None]
        for metric in ("bound_frac_max", "bound_gap_max_frac", "bound_se_max_frac")
    )
    return [
        at_least(
            "lifetime holds the targets for at least 85 % of the clairvoyant bound on every load", TARGET, reached, 0.85
        ),
        at_most("no strategy outlives a clairvoyant bound: largest share", TARGET, max(found, default=math.nan), 1.0),
        at_most("standard error of every bound is at most 1 %", TARGET, max(errors, default=math.nan), 0.01),
        at_most("every clairvoyant bound is closed to 5 %: widest gap", TARGET, max(gaps, default=math.nan), 0.05),
    ]


def _precision(table: Table) -> list[Claim]:
    def widest_frac(metrics: Sequence[str]) -> float:
        found = [row for row in table.rows if row.metric in metrics and row.censored < row.trials]
        return -worst(-_half_width_frac(row) for row in found)

    return [
        at_most(
            f"every CI95 half-width of {name} is at most 5 % of its mean", TARGET, widest_frac(metrics), CI_LIMIT_FRAC
        )
        for name, metrics in (("survival_h", ("survival_h",)), ("all five figures in hours", HOURS))
    ]


def _half_width_frac(row: Row) -> float:
    """Half-width of the interval as a share of the mean: 0 for what is equal in every trial, NaN for a single one."""
    if row.mean is None or row.ci95 is None:
        return math.nan
    return 0.0 if row.ci95 == 0.0 else ratio(row.ci95, row.mean)
