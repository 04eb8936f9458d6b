"""Who could serve whom, and how much a whole carrier would give: the radio side of a dispatch.

The SINR of the coming period depends on how busy the neighbours will be, which is what is being decided. The
prediction starts from what was measured, carriers that were off included, since a site rarely switches one; those of a
site that was all dark count with ``WAKING_ACTIVITY``.
``with_activity`` repeats it once the decision is known.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np

from gridran.radio.coverage import in_reach
from gridran.radio.rate import full_band_rate_mbps
from gridran.radio.sinr import received_mw, sinr_of_received
from gridran.types import BoolArray, FloatArray, IntArray, ServiceClass, SiteMode
from xapp.dispatch.task import DispatchTask

WAKING_ACTIVITY = 0.4
CRITICAL_MARGIN_DB = 2.0  # emergency and voice: what a prediction may be wrong by before a call drops


@dataclass(frozen=True)
class Radio:
    """``mode`` [N] in force; ``allowed`` [N, B] carriers that may be on; ``candidate`` [U, C] site index (-1 none),
    strongest first, with ``rate_mbps`` [U, C, B] of a whole carrier, that of the best carrier ``best_mbps`` [U, C], and
    their columns ``place`` in the report; ``power_mw`` [U, K, B] received there."""

    mode: IntArray
    allowed: BoolArray
    candidate: IntArray
    rate_mbps: FloatArray
    best_mbps: FloatArray
    place: IntArray
    power_mw: FloatArray


def radio_of(task: DispatchTask) -> Radio:
    """The radio picture of ``task`` with measured activity."""
    network, snapshot = task.network, task.snapshot
    mode = modes_in_force(task)
    allowed = allowed_bands(task, mode)
    power_mw = received_mw(network, snapshot.gain_db)
    open_site = in_reach(network, mode, snapshot.ue_xy_m, snapshot.neighbour_site)
    open_site &= np.asarray(allowed.any(axis=1))[snapshot.neighbour_site]
    if task.association == "own-cell":
        open_site[:, 1:] = False
    count = 1 if task.association == "own-cell" else min(task.control.candidate_sites, open_site.shape[1])
    place, found = _open_first(open_site, count)
    candidate = np.where(found, snapshot.neighbour_site[np.arange(len(place))[:, None], place], -1)
    nothing = np.zeros((*candidate.shape, network.band_count))
    radio = Radio(mode, allowed, candidate, nothing, nothing[..., 0], place, power_mw)
    dark = ~snapshot.band_on.any(axis=1, keepdims=True)
    measured = np.where(dark, WAKING_ACTIVITY, np.where(snapshot.band_on, snapshot.prb_used_frac, 0.0))
    return with_activity(task, radio, np.where(allowed, measured, 0.0))


def _open_first(open_site: BoolArray, count: int) -> tuple[IntArray, BoolArray]:
    """The first ``count`` open columns [U, C] of each row of ``open_site`` [U, K], and where there was one."""
    left = open_site.copy()
    rows, place = np.arange(len(left)), np.empty((len(left), count), dtype=np.int64)
    found = np.empty(place.shape, dtype=np.bool_)
    for column in range(count):
        first = np.argmax(left, axis=1)
        place[:, column], found[:, column] = first, left[rows, first]
        left[rows, first] = False
    return place, found


def with_activity(task: DispatchTask, radio: Radio, activity_frac: FloatArray) -> Radio:
    """The same picture under another activity z·ρ [N, B]; a carrier that is not allowed gives nothing."""
    sinr = sinr_of_received(task.network, radio.power_mw, task.snapshot.neighbour_site, activity_frac, radio.place)
    site = np.maximum(radio.candidate, 0)
    rate_mbps = full_band_rate_mbps(task.network, sinr, radio.mode == SiteMode.HELPING, site)
    usable = (radio.candidate >= 0)[..., None] & radio.allowed[site]
    critical = np.flatnonzero(task.snapshot.service_class <= ServiceClass.VOICE)
    usable[critical] = _soundest(task, sinr[critical], usable[critical])
    rate_mbps *= usable
    best_mbps = functools.reduce(np.maximum, np.moveaxis(rate_mbps, 2, 0))
    return replace(radio, rate_mbps=rate_mbps, best_mbps=best_mbps)


def _soundest(task: DispatchTask, sinr: FloatArray, usable: BoolArray) -> BoolArray:
    """Of the ``usable`` options [M, C, B] those not too near Γ_min, where a user has one."""
    least = 10.0 ** ((task.network.radio.sinr_min_db + CRITICAL_MARGIN_DB) / 10.0)
    sound = usable & (sinr >= least)
    return np.where(sound.any(axis=(1, 2), keepdims=True), sound, usable)


def modes_in_force(task: DispatchTask) -> IntArray:
    """The policy's modes [N], except that an assisted or sleeping site with no linked helper alive wakes to normal.

    Computed from the report every period, so a helper that dies is answered in the same period and one that comes
    back takes over again.
    """
    mode = task.policy.mode.copy()
    powered = task.snapshot.site_up | task.snapshot.grid_up
    covered = np.zeros(len(mode), dtype=np.bool_)
    for helper, assisted in task.policy.links:
        covered[assisted] |= bool(powered[helper])
    orphan = ((mode == SiteMode.ASSISTED) | (mode == SiteMode.DEEP_SLEEP)) & ~covered
    mode[orphan] = SiteMode.NORMAL
    return mode


def allowed_bands(task: DispatchTask, mode: IntArray) -> BoolArray:
    """Carriers that may be on [N, B]: none asleep or down, (25) when assisted, all otherwise."""
    low = task.network.low_bands
    kept = low if task.network.cooperation.assisted_bands == "low" else ~low
    allowed = np.ones((len(mode), len(low)), dtype=np.bool_)
    allowed[mode == SiteMode.ASSISTED] = kept
    allowed[mode == SiteMode.DEEP_SLEEP] = False
    allowed[~(task.snapshot.site_up | task.snapshot.grid_up)] = False
    return allowed
