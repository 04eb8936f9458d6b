"""Study ``site-power-scale``: fit m so that Independent at medium load survives 2.5 h, the paper's Table II.

m is the only calibrated number of gridran (SPEC 3). A site's life is nearly proportional to 1/m, so the fixed point
m ← m·T(m)/2.5 closes in a few rounds. Every round plays the same seeds.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from gridran.scenario.loader import load_scenario
from gridran.scenario.params import Scenario
from studies.cell import Cell, TrialTask, trial_tasks
from studies.design import seeds
from studies.engine import Records, play
from studies.fingerprint import code_version
from studies.recorder import write_json
from studies.registry import StudyRequest
from studies.statistics import mean_ci95

NAME = "site-power-scale"
TRIALS, QUICK_TRIALS = 10, 3
TARGET_H = 2.5
TOLERANCE_H = 0.02
ROUNDS = 6
HOURS_H = 8.0


def site_power_scale(request: StudyRequest) -> None:
    """Fit m over ``request.trials`` seeds (10) and write OUT/site-power-scale.json, a row a round."""
    started_s = time.perf_counter()
    scenario, trial_seeds = load_scenario("paper"), seeds(request, TRIALS, QUICK_TRIALS)

    def tasks(records: Records) -> Sequence[TrialTask]:
        return [task for _, played in rounds(scenario, trial_seeds, records) for task in played]

    records = play(NAME, tasks, request)
    rows = [row(scale, survival_h(played, records)) for scale, played in rounds(scenario, trial_seeds, records)]
    for found in rows:
        print(f"m = {found['site_power_scale']:.4f}: survival_h {found['mean']:.3f} h over {len(trial_seeds)} seeds")
    versions, wall_s = {"gridran": code_version()}, time.perf_counter() - started_s
    manifest = {"versions": versions, "seeds": list(trial_seeds), "wall_s": wall_s}
    document = {"study": NAME, "trials": len(trial_seeds), "rows": rows, "claims": [], "manifest": manifest}
    write_json(request.out / f"{NAME}.json", document)


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
    return [float(records[task.key]["figures"]["survival_h"]) for task in played]


def row(scale: float, values_h: Sequence[float]) -> dict[str, Any]:
    """One round's row."""
    mean_h, ci95_h = mean_ci95(values_h)
    return {
        "site_power_scale": scale,
        "metric": "survival_h",
        "mean": mean_h,
        "ci95": None if math.isnan(ci95_h) else ci95_h,
        "paper": TARGET_H,
    }
