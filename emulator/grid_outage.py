"""When the power grid is down (SPEC 3)."""

from __future__ import annotations

import numpy as np

from emulator.ev_arrivals import TIMELINE_H
from gridran.scenario.params import GridParams
from gridran.types import FloatArray


def drawn_outages_h(params: GridParams, rng: np.random.Generator) -> FloatArray:
    """Network-wide outages as (start, end), shape [M, 2], by start.

    The listed ones; or, where ``mean_up_h`` > 0, an alternating exponential process that starts with the grid up.
    """
    if params.mean_up_h <= 0.0:
        return np.array(sorted(params.outages_h), dtype=np.float64).reshape(-1, 2)
    outages = []
    start_h = rng.exponential(params.mean_up_h)
    while start_h < TIMELINE_H:
        end_h = start_h + rng.exponential(params.mean_down_h)
        outages.append((start_h, end_h))
        start_h = end_h + rng.exponential(params.mean_up_h)
    return np.array(outages, dtype=np.float64).reshape(-1, 2)


def grid_is_up(outages_h: FloatArray, time_h: float) -> bool:
    """Whether the grid is up at ``time_h``; an outage includes its start and not its end."""
    return not bool(((outages_h[:, 0] <= time_h) & (time_h < outages_h[:, 1])).any())
