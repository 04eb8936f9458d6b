"""Who is served where with how much, and what that takes of carriers and power."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray
from xapp.dispatch.efficiency import Radio
from xapp.dispatch.sharing import Power
from xapp.dispatch.task import DispatchTask
from xapp.dispatch.throttle import wanting


@dataclass(frozen=True)
class Placement:
    """``option`` [U] numbers of a radio picture, by them serving sites ``ue_site`` [U] (-1 none) with the rates
    ``whole_mbps`` [U, B] of whole carriers there, and ``rate_mbps`` [U, B] on the carriers ``band_on`` [N, B]."""

    option: IntArray
    ue_site: IntArray
    whole_mbps: FloatArray
    band_on: BoolArray
    rate_mbps: FloatArray


@dataclass(frozen=True)
class Used:
    """What users take of each site: blocks [N, B] of its carriers and load-dependent power [N]."""

    blocks: FloatArray
    load_kw: FloatArray


def serving(task: DispatchTask, radio: Radio, option: IntArray) -> tuple[IntArray, FloatArray]:
    """Serving site [U] (-1 none) and its whole-carrier rates [U, B]; none for users who ask for nothing."""
    users, options, band_count = radio.rate_mbps.shape
    at = np.arange(users) * options + option
    wants = wanting(task)
    served = wants & (radio.best_mbps.ravel().take(at) > 0)
    whole_mbps = radio.rate_mbps.reshape(-1, band_count).take(at, axis=0)
    return np.where(served, radio.candidate.ravel().take(at), -1), whole_mbps * wants[:, None]


def moved(task: DispatchTask, radio: Radio, before: Placement, option: IntArray, rate_mbps: FloatArray) -> Placement:
    """``before`` with other options [U] and rates [U, B]."""
    if np.array_equal(option, before.option):
        return Placement(before.option, before.ue_site, before.whole_mbps, before.band_on, rate_mbps)
    return Placement(option, *serving(task, radio, option), before.band_on, rate_mbps)


def used(power: Power, site: IntArray, whole_mbps: FloatArray, rate_mbps: FloatArray) -> Used:
    """What users at ``site`` [M] (-1 nowhere) take with rates [M, B] of whole carriers [M, B]."""
    sites = len(power.load_kw)
    at = np.where(site >= 0, site, sites)
    share = np.divide(rate_mbps, whole_mbps, out=np.zeros_like(rate_mbps), where=whole_mbps > 0)
    columns = [np.bincount(at, share[:, b], sites + 1)[:-1] for b in range(share.shape[1])]
    blocks: FloatArray = np.stack(columns, axis=1)
    volume_kw = np.bincount(at, rate_mbps @ power.mbps_kw, sites + 1)[:-1]
    return Used(blocks, np.asarray((blocks * power.load_kw).sum(axis=1) + volume_kw, dtype=np.float64))


def used_by(power: Power, at: Placement) -> Used:
    """What a whole placement takes."""
    return used(power, at.ue_site, at.whole_mbps, at.rate_mbps)
