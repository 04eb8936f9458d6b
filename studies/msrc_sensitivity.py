"""Study ``msrc-sensitivity``: what the results owe to the choices that the paper leaves open (SPEC 2 to 4).

Every variant changes one choice of the paper's scenario, at medium load.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gridran.scenario.loader import load_scenario
from gridran.scenario.params import Scenario
from studies.charts import by_variant
from studies.claims import TARGET, Claim, at_least, worst
from studies.design import Design, run_study, seeds
from studies.registry import StudyRequest
from studies.results import Results
from studies.rows import Row, Table, gain_metric, gain_rows, metric_rows

NAME = "msrc-sensitivity"
LOAD = "medium"
TRIALS, QUICK_TRIALS = 3, 1
STRATEGIES = ("independent", "msrc", "lifetime")
METRICS = ("survival_h", "critical_h", "sla_h", "sla_volume_h", "service_h")
GAINS = ("survival_h", "critical_h")
BASE = "independent"

VARIANTS: dict[str, dict[str, Any]] = {
    "paper": {},
    "site_power_scale=1": {"power.site_scale": 1.0},
    "soc_min=0": {"sites.battery.soc_min_frac": 0.0},
    "soc_min=0.1": {"sites.battery.soc_min_frac": 0.1},
    "soc_min=0.3": {"sites.battery.soc_min_frac": 0.3},
    "evs=none": {"ev.arrivals_per_site_day": 0.0},
    "evs=3-a-day,3-chargers": {"sites.evse_count": 3},
    "evs=3-an-hour": {"ev.arrivals_per_site_day": 72.0},
    "evs=3-an-hour,9-chargers": {"ev.arrivals_per_site_day": 72.0, "sites.evse_count": 9},
    "evs=3-at-first": {"ev.initial_count_mean": 3.0},
    "evs=3-at-first,3-chargers": {"ev.initial_count_mean": 3.0, "sites.evse_count": 3},
    "hotspots=0": {"traffic.hotspot_count": 0},
    "hotspots=4": {"traffic.hotspot_count": 4},
    "hotspots=16": {"traffic.hotspot_count": 16},
    "kappa_min=0.05": {"cooperation.kappa_min_frac": 0.05},
    "kappa_min=0.5": {"cooperation.kappa_min_frac": 0.5},
    "k_max=1": {"cooperation.max_links": 1},
    "k_max=2": {"cooperation.max_links": 2},
    "k_max=6": {"cooperation.max_links": 6},
    "links=literal": {"cooperation.links": "literal"},
    "assisted_bands=high": {"cooperation.assisted_bands": "high"},
    "forecast_error=-50%": {"planning.forecast_error_frac": -0.5},
    "forecast_error=-25%": {"planning.forecast_error_frac": -0.25},
    "forecast_error=+25%": {"planning.forecast_error_frac": 0.25},
    "forecast_error=+50%": {"planning.forecast_error_frac": 0.5},
    # Users and hotspots by site as in the paper.
    "sites=7": {"sites.rings": 1, "traffic.ue_count": 368, "traffic.hotspot_count": 3},
    "sites=37": {"sites.rings": 3, "traffic.ue_count": 1947, "traffic.hotspot_count": 16},
}
"""Variant -> what it overrides; the first one is the paper's scenario with the fitted ``site_power_scale``."""


def msrc_sensitivity(request: StudyRequest) -> None:
    """3 trials (quick: 1) of three strategies for each of VARIANTS."""
    scenarios = {variant: load_scenario("paper", overrides) for variant, overrides in VARIANTS.items()}
    run_study(design(scenarios, seeds(request, TRIALS, QUICK_TRIALS)), request)


def design(scenarios: Mapping[str, Scenario], trial_seeds: Sequence[int]) -> Design:
    """The study over ``scenarios`` by variant, the paper's first."""
    return Design(
        name=NAME,
        title="Sensitivity at medium load",
        scenarios=scenarios,
        strategies=STRATEGIES,
        loads=(LOAD,),
        seeds=trial_seeds,
        rows=rows,
        claims=claims,
        figure=lambda _, table: by_variant(table, "sla_h", "sla_h (h), medium load; ▸: at least"),
        shown=(*METRICS, *(gain_metric(metric, BASE) for metric in GAINS)),
    )


def rows(results: Results) -> list[Row]:
    """Figures of merit and gains over Independent, variant by variant."""
    return [*metric_rows(results, METRICS), *gain_rows(results, GAINS, (BASE,))]


def claims(table: Table) -> list[Claim]:
    """Whether cooperation pays whatever is chosen: the least gain over Independent of all variants."""
    variants = list(dict.fromkeys(row.variant for row in table.rows))
    found = []
    for strategy in STRATEGIES[1:]:
        for metric in GAINS:
            gains = [table.mean(strategy, LOAD, gain_metric(metric, BASE), variant) for variant in variants]
            claim = f"{strategy} gains in {metric} over {BASE} under every variant; the least gain"
            found.append(at_least(claim, TARGET, worst(gains), 0.0))
    return found
