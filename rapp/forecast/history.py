"""What the sites were asked for and drew in the past, as much of it as a forecast or a price can use."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields

import numpy as np

from gridran.types import FloatArray, Telemetry

KEPT_H = 14 * 24.0  # two weeks: every hour of the day is seen often, and growth stays bounded


@dataclass(frozen=True)
class History:
    """Windows between reports: ``time_h`` [S] their mid-times, rising, and ``window_h`` [S] their lengths; means over
    them of the offered traffic, ``offered_mbps`` [S, N], and of what the sites drew, ``load_kw`` [S, N]."""

    time_h: FloatArray
    window_h: FloatArray
    offered_mbps: FloatArray
    load_kw: FloatArray


def empty_history(site_count: int) -> History:
    return History(np.zeros(0), np.zeros(0), np.zeros((0, site_count)), np.zeros((0, site_count)))


def recorded(history: History, telemetry: Telemetry) -> History:
    """The history with one more window; samples older than ``KEPT_H`` are dropped."""
    time_h = telemetry.snapshot.time_h - telemetry.window_h / 2.0
    kept = history.time_h >= time_h - KEPT_H
    return History(
        np.append(history.time_h[kept], time_h),
        np.append(history.window_h[kept], telemetry.window_h),
        np.vstack([history.offered_mbps[kept], telemetry.mean_offered_mbps]),
        np.vstack([history.load_kw[kept], telemetry.mean_load_kw]),
    )


def mean_load_kw(history: History, last_h: float) -> FloatArray:
    """What the sites drew on average over the windows of the last ``last_h`` hours [N]; NaN where nothing is known."""
    weight_h = history.window_h * (history.time_h > history.time_h.max(initial=-np.inf) - last_h)
    if not weight_h.any():
        return np.full(history.load_kw.shape[1], np.nan)
    return np.asarray(weight_h @ history.load_kw / weight_h.sum(), dtype=np.float64)


def history_to_json(history: History) -> bytes:
    """For the journal; ``history_from_json`` gives the same history back, bit for bit."""
    return json.dumps({field.name: getattr(history, field.name).tolist() for field in fields(History)}).encode()


def history_from_json(payload: bytes, site_count: int) -> History:
    """Raises ValueError where the payload is not a history of ``site_count`` sites."""
    content = json.loads(payload)
    missing = [field.name for field in fields(History) if field.name not in content]
    if missing:
        raise ValueError(f"history without {', '.join(missing)}: it is of another version")
    series = {name: np.array(values, dtype=np.float64) for name, values in content.items()}
    windows = len(series["time_h"])
    for name in ("offered_mbps", "load_kw"):
        if series[name].shape not in ((0,), (windows, site_count)):
            raise ValueError(f"history of shape {series[name].shape} is not one of {site_count} sites")
        series[name] = series[name].reshape(windows, site_count)
    return History(**series)
