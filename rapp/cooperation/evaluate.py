"""What awake patterns draw and leave unserved: many patterns at once, in array operations.

Theory of operation. Once it is known who is awake, radio decides the rest: a point belongs to the strongest awake
site that reaches it, and each site then needs the cheapest carrier set that carries its points, over all 2^B sets.
That is what the fast loop does too, so the figures are what a pattern will really cost. A few hundred patterns take
some milliseconds, which is what local search and column generation live on.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from gridran.energy.site_power import idle_kw, per_load_kw, per_mbps_kw, standby_kw
from gridran.types import BoolArray, FloatArray, IntArray
from rapp.cooperation.variables import Problem

_FULL_FRAC = 0.97  # of a carrier: rates are means over a site's points, and the last blocks are never all usable


@dataclass(frozen=True)
class Tables:
    """Everything that the cost of a pattern needs, gathered once. ``sets`` [S, B] are the non-empty carrier sets."""

    problem: Problem
    sets: FloatArray
    idle_kw: FloatArray
    load_kw: FloatArray
    mbps_kw: FloatArray
    standby_kw: FloatArray
    limit_kw: FloatArray


@dataclass(frozen=True)
class Evaluated:
    """M patterns: ``power_kw`` [M, N]; ``unserved_frac`` [M, G], the share of each point's volume without room;
    ``carriers`` [M, N], which of the carrier sets each site would use."""

    power_kw: FloatArray
    unserved_frac: FloatArray
    carriers: IntArray


def tables(problem: Problem) -> Tables:
    """Gather what every pattern of ``problem`` is priced with."""
    network = problem.network
    limit_kw = np.array([s.battery.discharge_limit_kw for s in network.sites])
    sets = np.array([c for c in itertools.product((0.0, 1.0), repeat=network.band_count) if any(c)])
    return Tables(
        problem=problem,
        sets=sets,
        idle_kw=idle_kw(network),
        load_kw=per_load_kw(network),
        mbps_kw=per_mbps_kw(network),
        standby_kw=standby_kw(network),
        limit_kw=np.where(problem.drains > 0, limit_kw, 1e3),
    )


def evaluate(
    table: Tables, awake: BoolArray, reaching: BoolArray | None = None, volume_mbps: FloatArray | None = None
) -> Evaluated:
    """Power and unserved shares of the patterns ``awake`` [M, N].

    ``reaching`` [M, N]: the sites that serve beyond their nominal coverage; every awake site where None.
    ``volume_mbps`` [M, G]: what each pattern serves of each point; all of it where None.
    """
    points, alive = table.problem.points, table.problem.alive > 0
    awake = awake & alive
    place, served = assigned(table, awake, reaching)
    point = np.arange(place.shape[1])
    site = np.where(served, points.candidate[point, place], 0)
    volume = np.where(served, points.volume_mbps if volume_mbps is None else volume_mbps, 0.0)
    rate = points.rate_mbps[point, place]  # [M, G, B]
    site_mbps, rate_site = _loads(site, volume, rate, awake.shape[1])
    power_kw, left_mbps = np.zeros(awake.shape), np.zeros(awake.shape)
    carriers = np.zeros(awake.shape, dtype=np.int64)
    power_kw[awake], left_mbps[awake], carriers[awake] = _cheapest_sets(
        table, np.nonzero(awake)[1], site_mbps[awake], rate_site[awake]
    )
    asleep_kw = np.where(alive, table.problem.network.power.deep_sleep_kw, 0.0)
    over = np.where(site_mbps > 0, np.minimum(left_mbps / np.maximum(site_mbps, 1e-9), 1.0), 0.0)
    unserved = np.where(served, np.take_along_axis(over, site, axis=1), 1.0)
    return Evaluated(np.where(awake, power_kw, asleep_kw), unserved, carriers)


def counted_kw(table: Tables, drawn: Evaluated, frail: BoolArray) -> FloatArray:
    """What counts against a site's energy [M, N]: its draw, but not in the sleep of the ``frail`` [N]. A sleeper that
    runs dry ends nothing."""
    asleep = drawn.power_kw <= table.problem.network.power.deep_sleep_kw
    return np.where(asleep & frail, 0.0, drawn.power_kw)


def assigned(table: Tables, awake: BoolArray, reaching: BoolArray | None = None) -> tuple[IntArray, BoolArray]:
    """Candidate number of the strongest site of each pattern ``awake`` [M, N] that may serve each point, and whether
    there is one, both [M, G]."""
    points = table.problem.points
    candidate = np.maximum(points.candidate, 0)
    usable = (points.candidate >= 0) & awake[:, candidate]  # [M, G, C]
    if reaching is not None:
        usable &= points.nominal | reaching[:, candidate]
    place = np.argmax(usable, axis=2)
    return place, np.take_along_axis(usable, place[..., None], axis=2)[..., 0]


def _loads(site: IntArray, volume: FloatArray, rate: FloatArray, sites: int) -> tuple[FloatArray, FloatArray]:
    """Volume of each site [M, N] and what a whole carrier gives there on average [M, N, B].

    The average of a carrier is over the points that can use it: one that cannot goes onto another carrier, and says
    nothing of what this one gives to the rest.
    """
    patterns, bands = len(site), rate.shape[2]
    at = (site + sites * np.arange(patterns)[:, None]).ravel()
    count = patterns * sites
    mean: FloatArray = np.ones((count, bands))
    for b in range(bands):
        usable = np.where(rate[..., b] > 0.0, volume, 0.0)
        carried = np.bincount(at, usable.ravel(), count)
        blocks = np.bincount(at, (usable / np.maximum(rate[..., b], 1e-3)).ravel(), count)
        np.divide(carried, blocks, out=mean[:, b], where=blocks > 1e-12)
    total: FloatArray = np.bincount(at, volume.ravel(), count).astype(np.float64)
    return total.reshape(patterns, sites), mean.reshape(patterns, sites, bands)


def _cheapest_sets(
    table: Tables, site: IntArray, site_mbps: FloatArray, rate_site: FloatArray
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Power, volume left and number of the carrier set of awake sites [K] that carry ``site_mbps`` [K] at
    ``rate_site`` [K, B]: over all sets, each site's volume on its cheapest carriers first; least volume left, then
    least power. Carrier by carrier, which keeps the arrays long."""
    rate, kw = rate_site * _FULL_FRAC, table.load_kw[site] / rate_site + table.mbps_kw
    order = np.argsort(kw, axis=1, kind="stable")
    rows = np.arange(len(order))
    left = np.repeat(site_mbps[None], len(table.sets), axis=0)  # [S, K]
    fixed = table.standby_kw.sum(axis=1) + table.sets @ (table.idle_kw - table.standby_kw).T  # [S, N]
    power = fixed[:, site]
    for rank in range(rate_site.shape[1]):
        band = order[:, rank]
        carried = np.minimum(left, table.sets[:, band] * rate[rows, band])
        left -= carried
        power += carried * kw[rows, band]
    limit_kw = table.limit_kw[site]
    left += np.maximum(power - limit_kw, 0.0) / kw.max(axis=1)
    np.minimum(power, limit_kw, out=power)
    pick = np.argmin(power + 1e3 * left, axis=0)
    return power[pick, rows], left[pick, rows], pick
