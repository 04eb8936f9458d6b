"""The last word before a control leaves: whatever the dispatcher said, policy and physics hold.

Level-based and idempotent: clamping a clamped control changes nothing. Values that are not finite become zero.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridran.radio.rate import total_mbps
from gridran.service import served
from gridran.types import BoolArray, Dispatch, FloatArray, IntArray, ServiceClass, ShedReason
from xapp.dispatch.efficiency import allowed_bands, modes_in_force
from xapp.dispatch.sharing import power_of
from xapp.dispatch.shed import limited
from xapp.dispatch.task import DispatchTask
from xapp.dispatch.throttle import permitted_mbps
from xapp.limits import affordable, within_capacity, within_power


def clamp(task: DispatchTask, control: Dispatch) -> Dispatch:
    """``control`` inside the policy's modes, bands, shares, power budget, reserve floor and prices, and inside demand,
    carrier capacity and V2G limits."""
    snapshot = task.snapshot
    mode, power = modes_in_force(task), power_of(task.network)
    band_on = control.band_on & allowed_bands(task, mode) & ~_at_reserve(task)[:, None]
    band_on &= affordable(task, power, band_on)[:, None]
    ue_site = np.where(_served_by_open_site(control, band_on), control.ue_site, -1)
    given = (control.rate_mbps > 0.0) & np.isfinite(control.rate_mbps)
    given &= (ue_site >= 0)[:, None]
    given &= band_on.take(np.maximum(ue_site, 0), axis=0)
    rate = np.where(given, control.rate_mbps, 0.0)
    rate = _within_demand(rate, permitted_mbps(task))
    held = replace(control, mode=mode, band_on=band_on, ue_site=ue_site, rate_mbps=rate)
    held = _cut(task, held, within_capacity(task, held), ShedReason.NO_CAPACITY)
    held = _cut_further(task, held, within_power(task, power, held))
    held = _cut_further(task, held, _important_first(held, snapshot.service_class))
    granted = total_mbps(held.rate_mbps)
    limit_kw = np.array([s.v2x_limit_kw for s in task.network.sites])
    v2g_kw = _bounded(control.v2g_kw, limit_kw)
    return replace(
        held,
        price_usd_per_kwh=np.clip(np.nan_to_num(control.price_usd_per_kwh), 0.0, None),
        v2g_kw=v2g_kw,
        ev_charge_kw=np.where(v2g_kw > 0, 0.0, _bounded(control.ev_charge_kw, limit_kw)),
        ue_site=np.where(granted > 0, ue_site, -1),
    )


def _cut(task: DispatchTask, control: Dispatch, rate_mbps: FloatArray, why: ShedReason) -> Dispatch:
    """``control`` with ``rate_mbps``; users said to be served who no longer have their minimum get the reason, or
    ``POLICY_LIMIT`` where they may not have it."""
    snapshot = task.snapshot
    granted = total_mbps(rate_mbps)
    short = ~served(snapshot.service_class, snapshot.demand_mbps, snapshot.min_rate_mbps, granted)
    unsaid = short & (control.shed_reason == ShedReason.SERVED)
    if not unsaid.any():
        return replace(control, rate_mbps=rate_mbps)
    reason = np.where(limited(task), int(ShedReason.POLICY_LIMIT), int(why))
    return replace(control, rate_mbps=rate_mbps, shed_reason=np.where(unsaid, reason, control.shed_reason))


def _cut_further(task: DispatchTask, control: Dispatch, rate_mbps: FloatArray) -> Dispatch:
    """The same for want of power, where anything is cut at all."""
    if np.array_equal(rate_mbps, control.rate_mbps):
        return control
    return _cut(task, control, rate_mbps, ShedReason.POWER_BUDGET)


def _at_reserve(task: DispatchTask) -> BoolArray:
    """Sites [N] at or below the policy's reserve floor that live on their battery alone: they rest.

    The battery's own minimum is the plant's to guard; only a floor that the policy set above it counts here.
    """
    snapshot, policy = task.snapshot, task.policy
    least = np.array([s.battery.soc_min_frac for s in task.network.sites])
    held_back = (policy.reserve_soc_frac > least + 1e-9) & (snapshot.soc_frac <= policy.reserve_soc_frac)
    other_source = snapshot.grid_up | (snapshot.v2g_kw > 0) | (snapshot.pv_kw > 0)
    return np.asarray(held_back & ~other_source, dtype=np.bool_)


def _served_by_open_site(control: Dispatch, band_on: BoolArray) -> BoolArray:
    site = control.ue_site
    return np.asarray((site >= 0) & np.asarray(band_on.any(axis=1))[np.maximum(site, 0)], dtype=np.bool_)


def _within_demand(rate_mbps: FloatArray, demand_mbps: FloatArray) -> FloatArray:
    total = total_mbps(rate_mbps)
    scale = np.where(total > demand_mbps, demand_mbps / np.maximum(total, 1e-12), 1.0)
    return np.asarray(rate_mbps * scale[:, None], dtype=np.float64)


def _important_first(control: Dispatch, service_class: IntArray) -> FloatArray:
    """Rates [U, B] without best effort at a site that sheds an emergency or voice user which it could reach for want of
    room."""
    why, ue_site = control.shed_reason, control.ue_site
    short = (why == ShedReason.NO_CAPACITY) | (why == ShedReason.POWER_BUDGET)
    critical = short & (service_class <= ServiceClass.VOICE) & (ue_site >= 0)
    if not critical.any():
        return control.rate_mbps
    starved = np.isin(ue_site, np.unique(ue_site[critical]))
    stop = starved & (service_class == ServiceClass.BEST_EFFORT) & (ue_site >= 0)
    return np.where(stop[:, None], 0.0, control.rate_mbps)


def _bounded(value: FloatArray, limit: FloatArray) -> FloatArray:
    return np.asarray(np.clip(np.nan_to_num(value, nan=0.0, posinf=0.0, neginf=0.0), 0.0, limit), dtype=np.float64)
