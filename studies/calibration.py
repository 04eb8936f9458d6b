"""Study ``site-power-scale``: fit m so that Independent at medium load survives 2.5 h, the paper's Table II.

m is the only calibrated number of gridran (SPEC 3). A site's life is nearly proportional to 1/m, so the fixed point
m ← m·T(m)/2.5 closes in a few rounds. Every round plays the same seeds.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gridran.scenario.loader import load_scenario
from gridran.scenario.params import Scenario
from studies.cell import Cell, TrialTask, trial_tasks
from studies.charts import by_variant
from studies.claims import Claim, within
from studies.design import publish, seeds
from studies.engine import Records, play
from studies.manifest import manifest
from studies.output import Document
from studies.registry import StudyRequest
from studies.results import Results
from studies.rows import Table, metric_rows
from studies.statistics import mean_ci95

NAME = "site-power-scale"
TRIALS, QUICK_TRIALS = 10, 3
TARGET_H = 2.5
TOLERANCE_H = 0.02
ROUNDS = 6
HOURS_H = 8.0
METRIC = "survival_h"


def site_power_scale(request: StudyRequest) -> None:
    """Fit m over ``request.trials`` seeds (10); a variant a round, the last round first."""
    started_s = time.perf_counter()
    scenario, trial_seeds = load_scenario("paper"), seeds(request, TRIALS, QUICK_TRIALS)

    def tasks(records: Records) -> Sequence[TrialTask]:
        return [task for _, played in rounds(scenario, trial_seeds, records) for task in played]

    records = play(NAME, tasks, request)
    last_first = [played for _, played in rounds(scenario, trial_seeds, records)][::-1]
    results = Results([task for played in last_first for task in played], records)
    table = Table(metric_rows(results, (METRIC,)))
    scenarios = {task.cell.variant: task.scenario for task in results.trials}
    document = Document(
        study=NAME,
        trials=len(trial_seeds),
        rows=table.rows,
        claims=(claim(table),),
        manifest=manifest(scenarios, trial_seeds, results, time.perf_counter() - started_s),
    )
    figure = by_variant(table, METRIC, "survival_h (h) of independent, medium load")
    publish("Fit of the site power", document, figure, (METRIC,), request.out, files={})


def claim(table: Table) -> Claim:
    """Whether the last round survives as long as the paper says."""
    reached_h = table.mean("independent", "medium", METRIC)
    what = f"independent at medium load survives {TARGET_H:g} h within {TOLERANCE_H:g} h with {table.rows[0].variant}"
    return within(what, "MSRC Table II", reached_h, TARGET_H, TOLERANCE_H / TARGET_H)


def rounds(
    scenario: Scenario, trial_seeds: Sequence[int], records: Records
) -> Iterator[tuple[float, Sequence[TrialTask]]]:
    """(m, its trials) of each round, up to the first without results or the last one needed."""
    scale = scenario.network.power.site_scale
    for _ in range(ROUNDS):
        played = trials_at(scenario, scale, trial_seeds)
        yield scale, played
        if any(task.key not in records for task in played):
            return
        mean_h, _ = mean_ci95(survival_h(played, records))
        if abs(mean_h - TARGET_H) <= TOLERANCE_H:
            return
        scale = round(scale * mean_h / TARGET_H, 4)


def trials_at(scenario: Scenario, scale: float, trial_seeds: Sequence[int]) -> Sequence[TrialTask]:
    """Independent at medium load under ``scale``."""
    power = replace(scenario.network.power, site_scale=scale)
    scaled = replace(scenario, network=replace(scenario.network, power=power))
    variant = f"m={scale:g}"
    return trial_tasks(variant, scaled, [Cell(variant, "independent", "medium", n, HOURS_H) for n in trial_seeds])


def survival_h(played: Sequence[TrialTask], records: Records) -> list[float]:
    """survival_h of each trial."""
    return [float(records[task.key]["figures"][METRIC]) for task in played]
