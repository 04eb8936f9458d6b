"""The clairvoyant bound as cells of a study: one for each load and seed, once the strategies' trials are there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridran.scenario.params import Scenario
from studies.bound import Had, bounds_h
from studies.fingerprint import all_code_version

FIGURES = ("upper_h", "gap_frac", "se_frac")
_DIGEST_LENGTH = 12


@dataclass(frozen=True)
class BoundTask:
    """The bounds of one trial: ``had`` has (strategy, sla_h, kWh by site bought and undrawn until then)."""

    variant: str
    load: str
    seed: int
    scenario: Scenario
    scenario_hash: str
    had: tuple[tuple[str, float, Sequence[float], Sequence[float]], ...]

    @property
    def key(self) -> str:
        """What the bounds depend on, the energies as a digest."""
        had = hashlib.sha256(json.dumps(self.had).encode()).hexdigest()[:_DIGEST_LENGTH]
        what = f"bound {self.load} seed={self.seed} had={had}"
        return f"{what} scenario={self.scenario_hash} gridran={all_code_version()}"

    @property
    def label(self) -> str:
        return f"bound, {self.load} load, seed {self.seed}, {self.variant}"

    def run(self) -> dict[str, Any]:
        """``upper_h``, ``gap_frac`` and ``se_frac``, each by strategy; empty where no moment can be served."""
        had = {name: Had(sla_h, np.array(bought), np.array(undrawn)) for name, sla_h, bought, undrawn in self.had}
        found = bounds_h(self.scenario, self.seed, had)
        figures = {what: {name: getattr(each, what) for name, each in found.items()} for what in FIGURES}
        return {"variant": self.variant, "load": self.load, "seed": self.seed, **figures}
