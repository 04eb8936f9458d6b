"""Why users are not served, and what a window of periods adds up to: bookkeeping without physics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridran.service import served
from gridran.types import BoolArray, FloatArray, IntArray, ShedReason


@dataclass(frozen=True)
class Window:
    """Sums since the last telemetry: hours, and per site [N] kWh drawn, Mbps·h asked for by its own users, kWh V2G."""

    hours_h: float
    load_kwh: FloatArray
    offered_mbps_h: FloatArray
    v2g_kwh: FloatArray


def empty_window(site_count: int) -> Window:
    """Nothing recorded yet."""
    zero = np.zeros(site_count)
    return Window(0.0, zero, zero, zero)


def recorded(window: Window, dt_h: float, load_kw: FloatArray, offered_mbps: FloatArray, v2g_kw: FloatArray) -> Window:
    """The window with one more period."""
    return Window(
        window.hours_h + dt_h,
        window.load_kwh + load_kw * dt_h,
        window.offered_mbps_h + offered_mbps * dt_h,
        window.v2g_kwh + v2g_kw * dt_h,
    )


def handovers(attached_site: IntArray, served_by: IntArray) -> int:
    """Users whose serving site changed against the last one they were attached to; losing service is none."""
    return int(((attached_site >= 0) & (served_by >= 0) & (attached_site != served_by)).sum())


def shed_reasons(
    service_class: IntArray,
    demand_mbps: FloatArray,
    min_rate_mbps: FloatArray,
    served_mbps: FloatArray,
    decided: IntArray,
    site_dead: BoolArray,
    surprise: IntArray,
) -> IntArray:
    """Why each user [U] does not count as served, ``SERVED`` where it does.

    A dead site comes first, then the decision in ``decided``; ``surprise`` is the reason where service was granted.
    """
    enough = served(service_class, demand_mbps, min_rate_mbps, served_mbps)
    return np.select(
        [enough, site_dead, decided != ShedReason.SERVED],
        [np.full_like(decided, ShedReason.SERVED), np.full_like(decided, ShedReason.SITE_DOWN), decided],
        surprise,
    ).astype(np.int64)
