"""What energy to spare may serve beyond the agreed level: best effort is given up only where it buys time."""

from __future__ import annotations

import numpy as np

from gridran.types import BoolArray, FloatArray
from rapp.cooperation.evaluate import assigned
from rapp.cooperation.search import Space

_WORTH_FRAC = 0.5  # less than that makes nobody count as served who does not already
_LEAST_SHARE = 0.05  # of a cell's volume; a site that serves less of it does not decide for it


def spare_frac(patterns: Space, awake: BoolArray, beyond_mbps: FloatArray, spare_kw: FloatArray) -> FloatArray:
    """Share [N] of its demand that each own cell may have where ``awake`` [N] sites draw up to ``spare_kw`` [N] more.

    ``beyond_mbps`` [G]: what each point asks for beyond the level that the plan serves. A cell that several sites serve
    gets what the tightest of them can give.
    """
    points = patterns.table.problem.points
    place, served = assigned(patterns.table, awake[None], patterns.reaching(awake[None]))
    rows = np.arange(len(points.volume_mbps))
    site = np.where(served[0], points.candidate[rows, place[0]], 0)
    each_kw = np.where(served[0], _least_kw_per_mbps(patterns)[rows, place[0]], 0.0)  # nobody serves: no number either
    sites = len(awake)
    wanted_kw = np.bincount(site, beyond_mbps * each_kw, minlength=sites)
    given = np.clip(np.divide(spare_kw, wanted_kw, out=np.ones(sites), where=wanted_kw > 1e-9), 0.0, 1.0)
    volume = np.zeros((sites, sites))
    np.add.at(volume, (points.own_site, site), np.where(served[0], beyond_mbps, 0.0))
    share = volume / np.maximum(volume.sum(axis=1, keepdims=True), 1e-9)
    least = np.where(share > _LEAST_SHARE, given, 1.0).min(axis=1)
    return np.where((volume.sum(axis=1) > 0.0) & (least >= _WORTH_FRAC), least, 0.0)


def _least_kw_per_mbps(patterns: Space) -> FloatArray:
    """Draw of a megabit at each candidate on its cheapest carrier, [G, C]."""
    table, points = patterns.table, patterns.table.problem.points
    load_kw = table.load_kw[np.maximum(points.candidate, 0)]
    rate = points.rate_mbps
    each = np.where(rate > 0.0, load_kw / np.maximum(rate, 1e-9) + table.mbps_kw, np.inf)
    return np.asarray(each.min(axis=2), dtype=np.float64)
