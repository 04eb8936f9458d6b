"""Forecast ``persistence``: what is offered now will be offered."""

from __future__ import annotations

import numpy as np

from gridran.types import FloatArray
from rapp.forecast.base import Ahead
from rapp.forecast.history import History


def demand_frac(history: History, ahead: Ahead) -> FloatArray:
    """Ones, shape [T, N]."""
    return np.ones((ahead.steps, history.offered_mbps.shape[1]))
