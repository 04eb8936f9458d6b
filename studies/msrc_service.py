"""Study ``msrc-service``: who is still served after 2.5 h at medium load, Table III of the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gridran.scenario.loader import load_scenario
from gridran.scenario.params import Scenario
from studies.availability import SLA_TARGET_FRAC
from studies.charts import Panel, bars_by_metric
from studies.claims import TARGET, Claim, at_least, at_most
from studies.design import ALL_STRATEGIES, Design, run_study, seeds
from studies.registry import StudyRequest
from studies.results import Results
from studies.rows import Row, Table, metric_rows
from studies.thresholds import AVAILABILITY, VOLUME

NAME = "msrc-service"
LOAD = "medium"
TRIALS, QUICK_TRIALS = 50, 3
PANEL: tuple[Panel, ...] = tuple(zip(AVAILABILITY, ("emergency", "voice", "essential", "best effort"), strict=True))
PUBLISHED_FRAC = (1.0, 1.0, 0.96, 0.75)  # the MSRC column


def msrc_service(request: StudyRequest) -> None:
    """50 trials (quick: 3) of every strategy at medium load; those of ``msrc-survival`` are used where OUT has them."""
    run_study(design({"paper": load_scenario("paper")}, seeds(request, TRIALS, QUICK_TRIALS)), request)


def design(scenarios: Mapping[str, Scenario], trial_seeds: Sequence[int]) -> Design:
    """The study on the first of ``scenarios``."""
    return Design(
        name=NAME,
        title="Service quality at 2.5 h, Table III",
        scenarios=scenarios,
        strategies=ALL_STRATEGIES,
        loads=(LOAD,),
        seeds=trial_seeds,
        rows=rows,
        claims=claims,
        figure=lambda _, table: bars_by_metric(table, PANEL, "share of users served at 2.5 h, medium load"),
        shown=(*AVAILABILITY, *VOLUME),
    )


def rows(results: Results) -> list[Row]:
    """Users served, and the served share of their volume beside it."""
    return metric_rows(results, (*AVAILABILITY, *VOLUME))


def claims(table: Table) -> list[Claim]:
    """What Table III says of the three strategies, and the same of lifetime."""
    source = "MSRC Table III"

    def share(strategy: str, metric: str) -> float:
        return table.mean(strategy, LOAD, metric)

    def reaches(strategy: str, said_by: str) -> list[Claim]:
        return [
            at_least(
                f"{strategy} serves at least {limit:.0%} of {name} users at 2.5 h", said_by, share(strategy, m), limit
            )
            for (m, name), limit in zip(PANEL, PUBLISHED_FRAC, strict=True)
        ]

    targets = list(zip(PANEL, SLA_TARGET_FRAC, strict=True))
    gone = [
        at_most(f"independent serves no {name} users at 2.5 h", source, share("independent", m), 0.0)
        for m, name in PANEL
    ]
    short = [
        at_most(f"static-lb misses the target of {target:.0%} for {name} users", source, share("static-lb", m), target)
        for (m, name), target in targets[2:]
    ]
    return [*reaches("msrc", source), *gone, *short, *reaches("lifetime", TARGET)]
