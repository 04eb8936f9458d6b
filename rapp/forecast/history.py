"""Offered traffic of the past, as much of it as a forecast can use."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from gridran.types import FloatArray, Telemetry

KEPT_H = 14 * 24.0  # two weeks: every hour of the day is seen often, and growth stays bounded


@dataclass(frozen=True)
class History:
    """``time_h`` [S] mid-times of the windows, rising; ``offered_mbps`` [S, N] their mean offered traffic."""

    time_h: FloatArray
    offered_mbps: FloatArray


def empty_history(site_count: int) -> History:
    return History(np.zeros(0), np.zeros((0, site_count)))


def recorded(history: History, telemetry: Telemetry) -> History:
    """The history with one more window; samples older than ``KEPT_H`` are dropped."""
    time_h = telemetry.snapshot.time_h - telemetry.window_h / 2.0
    kept = history.time_h >= time_h - KEPT_H
    return History(
        np.append(history.time_h[kept], time_h),
        np.vstack([history.offered_mbps[kept], telemetry.mean_offered_mbps]),
    )


def history_to_json(history: History) -> bytes:
    """For the journal; ``history_from_json`` gives the same history back, bit for bit."""
    return json.dumps({"time_h": history.time_h.tolist(), "offered_mbps": history.offered_mbps.tolist()}).encode()


def history_from_json(payload: bytes, site_count: int) -> History:
    """Raises ValueError where the payload is not a history of ``site_count`` sites."""
    content = json.loads(payload)
    time_h = np.array(content["time_h"], dtype=np.float64)
    offered_mbps = np.array(content["offered_mbps"], dtype=np.float64)
    if offered_mbps.shape not in ((0,), (len(time_h), site_count)):
        raise ValueError(f"history of shape {offered_mbps.shape} is not one of {site_count} sites")
    return History(time_h, offered_mbps.reshape(len(time_h), site_count))
