"""Study ``msrc-tradeoff``: full service against critical service, by the energy that lifetime holds back.

``planning.critical_reserve_frac`` of the energy is kept for emergency and voice alone: what does it cost the others?
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gridran.scenario.loader import load_scenario
from gridran.scenario.params import Scenario
from studies.charts import against
from studies.claims import TARGET, Claim, at_least
from studies.design import Design, run_study, seeds
from studies.registry import StudyRequest
from studies.results import Results
from studies.rows import Row, Table, metric_rows

NAME = "msrc-tradeoff"
LOAD, STRATEGY = "medium", "lifetime"
TRIALS, QUICK_TRIALS = 10, 3
RESERVES_FRAC = (0.0, 0.05, 0.1, 0.2, 0.4)
METRICS = ("sla_h", "sla_volume_h", "critical_h", "survival_h", "service_h")


def msrc_tradeoff(request: StudyRequest) -> None:
    """10 trials (quick: 3) of lifetime for each reserve."""
    scenarios = {
        variant_of(reserve): load_scenario("paper", {"planning.critical_reserve_frac": reserve})
        for reserve in RESERVES_FRAC
    }
    run_study(design(scenarios, seeds(request, TRIALS, QUICK_TRIALS)), request)


def variant_of(reserve_frac: float) -> str:
    """What a reserve is called."""
    return f"critical_reserve={reserve_frac:g}"


def design(scenarios: Mapping[str, Scenario], trial_seeds: Sequence[int]) -> Design:
    """The study over ``scenarios`` by variant, the smallest reserve first."""
    return Design(
        name=NAME,
        title="Full service against critical service",
        scenarios=scenarios,
        strategies=(STRATEGY,),
        loads=(LOAD,),
        seeds=trial_seeds,
        rows=rows,
        claims=claims,
        figure=lambda _, table: against(table, ("sla_h", "sla_h (h)"), ("critical_h", "critical_h (h)")),
        shown=METRICS,
    )


def rows(results: Results) -> list[Row]:
    """Figures of merit by reserve."""
    return metric_rows(results, METRICS)


def claims(table: Table) -> list[Claim]:
    """Energy held back moves hours from full service to critical service."""
    least, most = (variant_of(reserve) for reserve in (RESERVES_FRAC[0], RESERVES_FRAC[-1]))

    def more_h(metric: str, here: str, there: str) -> float:
        return table.mean(STRATEGY, LOAD, metric, here) - table.mean(STRATEGY, LOAD, metric, there)

    return [
        at_least(f"hours of critical_h won from {least} to {most}", TARGET, more_h("critical_h", most, least), 0.0),
        at_least(f"hours of sla_h given up from {least} to {most}", TARGET, more_h("sla_h", least, most), 0.0),
    ]
