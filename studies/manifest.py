"""How a study came about: versions, seeds, scenarios and times."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from typing import Any

from gridran.runtime.code_version import library_versions
from gridran.scenario.params import Scenario
from studies.fingerprint import scenario_hash, trial_code_version
from studies.results import Results


def manifest(
    scenarios: Mapping[str, Scenario], seeds: Sequence[int], results: Results, wall_s: float
) -> dict[str, Any]:
    """``wall_s``: of this run; ``trials_wall_s``: of all trials, whoever played them, and by strategy and load their
    mean in ``trial_wall_s``."""
    spent = {group: [r["wall_s"] for r in results.trials_of(*group).values()] for group in results.groups}
    mean_s: dict[str, dict[str, float]] = {}
    for (variant, strategy, load), seconds in spent.items():
        if variant == results.variants[0] and seconds:
            mean_s.setdefault(strategy, {})[load] = round(sum(seconds) / len(seconds), 2)
    return {
        "versions": {"gridran": trial_code_version(), "python": platform.python_version(), **library_versions()},
        "seeds": list(seeds),
        "scenario_hash": {variant: scenario_hash(scenario) for variant, scenario in scenarios.items()},
        "wall_s": round(wall_s, 2),
        "trials_wall_s": round(sum(map(sum, spent.values())), 2),
        "trial_wall_s": mean_s,
    }
