"""What a traffic forecast is asked for; each forecaster is one file with one public function ``demand_frac``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gridran.types import FloatArray
from rapp.forecast.history import History


@dataclass(frozen=True, slots=True)
class Ahead:
    """The time to look at: ``steps`` steps of ``step_h`` from ``now_h`` on; time 0 was at ``start_hour`` of the day."""

    now_h: float
    step_h: float
    steps: int
    start_hour: float

    @property
    def middle_h(self) -> FloatArray:
        """Mid-time of each step, shape [T]."""
        return self.now_h + (np.arange(self.steps, dtype=np.float64) + 0.5) * self.step_h


Forecaster = Callable[[History, Ahead], FloatArray]
"""(history, ahead) -> demand_frac [T, N]: offered traffic by own cell relative to now."""
