"""Forecast ``seasonal``: each site's traffic follows the hours of its day as they were seen so far."""

from __future__ import annotations

import numpy as np

from gridran.types import FloatArray, IntArray
from rapp.forecast.base import Ahead
from rapp.forecast.history import History

HOURS = 24
RANGE_FRAC = (0.25, 4.0)  # one quiet hour of few users must not turn into a forecast of nothing, or of everything


def demand_frac(history: History, ahead: Ahead) -> FloatArray:
    """Ratio of the hourly profile at each step to its value at the present hour, shape [T, N].

    1 (persistence) at a site where either hour has not been seen yet.
    """
    profile_mbps = hourly_mbps(history, ahead.start_hour)
    then = profile_mbps[_hour(ahead.middle_h, ahead.start_hour)]
    now = profile_mbps[_hour(np.array([ahead.now_h]), ahead.start_hour)]
    known = (np.nan_to_num(now) > 0.0) & ~np.isnan(then)
    ratio = np.divide(then, now, out=np.ones_like(then), where=known)
    return np.clip(ratio, *RANGE_FRAC)


def hourly_mbps(history: History, start_hour: float) -> FloatArray:
    """Mean offered traffic by hour of day, shape [24, N]; NaN for an hour never seen."""
    hour = _hour(history.time_h, start_hour)
    total = np.zeros((HOURS, history.offered_mbps.shape[1]))
    np.add.at(total, hour, history.offered_mbps)
    count = np.bincount(hour, minlength=HOURS)[:, None]
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def _hour(time_h: FloatArray, start_hour: float) -> IntArray:
    return np.floor((start_hour + time_h) % HOURS).astype(np.int64) % HOURS
