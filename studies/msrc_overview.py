"""Study ``msrc-overview``: service, cars and signalling at medium load, Table IV of the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gridran.scenario.loader import load_scenario
from gridran.scenario.params import Scenario
from studies.charts import Panel, bars
from studies.claims import TARGET, Claim, at_least, at_most, increasing, ratio
from studies.design import ALL_STRATEGIES, Design, run_study, seeds
from studies.registry import StudyRequest
from studies.results import Results
from studies.rows import Row, Table, metric_rows

NAME = "msrc-overview"
LOAD = "medium"
TRIALS, QUICK_TRIALS = 50, 3
PANELS: tuple[Panel, ...] = (
    ("survival_h", "survival (h)"),
    ("continuity_frac", "service continuity"),
    ("ev_utilisation_frac", "EV utilisation"),
    ("handovers_per_user", "handovers per user"),
    ("mode_switches_per_site", "mode switches per site"),
)
RATES = ("handovers_per_user_hour", "mode_switches_per_site_hour")
METRICS = (*(metric for metric, _ in PANELS), *RATES, "service_h", "ev_utilisation_usable_frac")
PUBLISHED_HANDOVERS, PUBLISHED_BASELINE_HANDOVERS = 3.4, 2.9


def msrc_overview(request: StudyRequest) -> None:
    """50 trials (quick: 3) of every strategy at medium load; those of ``msrc-survival`` are used where OUT has them."""
    run_study(design({"paper": load_scenario("paper")}, seeds(request, TRIALS, QUICK_TRIALS)), request)


def design(scenarios: Mapping[str, Scenario], trial_seeds: Sequence[int]) -> Design:
    """The study on the first of ``scenarios``."""
    return Design(
        name=NAME,
        title="Performance at medium load, Table IV",
        scenarios=scenarios,
        strategies=ALL_STRATEGIES,
        loads=(LOAD,),
        seeds=trial_seeds,
        rows=rows,
        claims=claims,
        figure=lambda _, table: bars(table, PANELS, (LOAD,)),
        shown=METRICS,
    )


def rows(results: Results) -> list[Row]:
    """Table IV, with service_h and the EV utilisation of usable energy beside it."""
    return metric_rows(results, METRICS)


def claims(table: Table) -> list[Claim]:
    """What Table IV says of msrc, and what gridran aims at."""
    return [*_published(table), *_own(table)]


def _published(table: Table) -> list[Claim]:
    source = "MSRC Table IV"
    order = [
        increasing(
            f"smallest step of {name} from independent to static-lb to msrc",
            source,
            [table.mean(strategy, LOAD, metric) for strategy in ("independent", "static-lb", "msrc")],
        )
        for metric, name in PANELS[:3]
    ]
    return [
        *order,
        at_least(
            "msrc has a service continuity of at least 96 %", source, _mean(table, "msrc", "continuity_frac"), 0.96
        ),
        at_least("msrc uses at least 61 % of the cars", source, _mean(table, "msrc", "ev_utilisation_frac"), 0.61),
        at_most("msrc needs at most 3.4 handovers per user", source, _mean(table, "msrc", "handovers_per_user"), 3.4),
        at_most(
            "msrc needs at most 4.2 mode switches per site", source, _mean(table, "msrc", "mode_switches_per_site"), 4.2
        ),
    ]


def _own(table: Table) -> list[Claim]:
    name = "lifetime"
    independent = _mean(table, "independent", "handovers_per_user")
    handovers = PUBLISHED_HANDOVERS + independent - PUBLISHED_BASELINE_HANDOVERS
    cars = ratio(_mean(table, name, "ev_utilisation_frac"), _mean(table, "independent", "ev_utilisation_frac"))
    claim = "lifetime adds at most 0.5 handovers per user to those of independent"
    hourly = _mean(table, name, RATES[0]) - _mean(table, "independent", RATES[0])
    return [
        at_most("lifetime hands over no more often in an hour than independent: difference", TARGET, hourly, 0.0),
        at_most(claim, TARGET, _mean(table, name, "handovers_per_user"), handovers),
        at_most(
            "lifetime needs at most 4.2 mode switches per site",
            TARGET,
            _mean(table, name, "mode_switches_per_site"),
            4.2,
        ),
        at_least("lifetime uses at least twice as much of the cars as independent", TARGET, cars, 2.0),
        at_least(
            "lifetime has a service continuity of at least 96 %", TARGET, _mean(table, name, "continuity_frac"), 0.96
        ),
    ]


def _mean(table: Table, strategy: str, metric: str) -> float:
    return table.mean(strategy, LOAD, metric)
