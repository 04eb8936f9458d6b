"""Study ``site-power-scale``: fit m so that Independent at medium load survives 2.5 h, the paper's Table II.

m is the only calibrated number of gridran (SPEC 3). A site's life is nearly proportional to 1/m, so the fixed point
m ← m·T(m)/2.5 closes in a few rounds. Every round plays the same seeds.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace

from gridran.scenario.loader import load_scenario
from gridran.scenario.params import Scenario
from studies.montecarlo import TrialTask, figures, in_parallel, mean_ci95
from studies.registry import StudyRequest

TARGET_H = 2.5
TOLERANCE_H = 0.02
ROUNDS = 6
HOURS_H = 8.0


def site_power_scale(request: StudyRequest) -> None:
    """Fit m over ``request.trials`` seeds (10) and write OUT/site-power-scale.json; prints a line a round."""
    started_s = time.perf_counter()
    trials = request.trials or (3 if request.quick else 10)
    scenario = load_scenario("paper")
    scale = scenario.network.power.site_scale
    rows: list[dict[str, object]] = []
    for _ in range(ROUNDS):
        mean_h, ci95_h = mean_ci95(survival_h(with_scale(scenario, scale), trials, request.jobs))
        row = {"site_power_scale": scale, "metric": "survival_h", "mean": mean_h, "ci95": ci95_h, "paper": TARGET_H}
        rows.append(dict(row))
        print(f"m = {scale:.4f}: survival_h {mean_h:.3f} ± {ci95_h:.3f} h over {trials} seeds", flush=True)
        if abs(mean_h - TARGET_H) <= TOLERANCE_H:
            break
        scale = round(scale * mean_h / TARGET_H, 4)
    manifest = {"seeds": list(range(1, trials + 1)), "wall_s": time.perf_counter() - started_s}
    document = {"study": "site-power-scale", "trials": trials, "rows": rows, "claims": [], "manifest": manifest}
    request.out.mkdir(parents=True, exist_ok=True)
    (request.out / "site-power-scale.json").write_text(json.dumps(document, indent=1), encoding="utf-8")


def survival_h(scenario: Scenario, trials: int, jobs: int) -> list[float]:
    """survival_h of Independent for seeds 1 … ``trials``."""
    tasks = [TrialTask(scenario, "independent", "medium", seed, HOURS_H) for seed in range(1, trials + 1)]
    return [float(str(result["survival_h"])) for _, result in in_parallel(figures, tasks, jobs)]


def with_scale(scenario: Scenario, scale: float) -> Scenario:
    """The scenario with another m."""
    power = replace(scenario.network.power, site_scale=scale)
    return replace(scenario, network=replace(scenario.network, power=power))
