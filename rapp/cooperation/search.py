"""A local search over which sites sleep: a good pattern in well under a second, the MIP start of the exact model.

Theory of operation. Once it is known who is awake, radio decides the rest: a point belongs to the strongest awake
site that reaches it, and each site then needs the cheapest carrier set that carries its points. Both are array
operations over all 2^B carrier sets, so a pattern costs a fraction of a millisecond and the search can afford to
try every single toggle and every swap of an awake site with a sleeping one, until none helps. Patterns it returns
hold (19)-(24) in the reading of the links that the network names; assisted mode is left to the model.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from gridran.energy.site_power import idle_kw, per_load_kw, per_mbps_kw, standby_kw
from gridran.types import BoolArray, FloatArray, IntArray, SiteMode
from rapp.cooperation.objective import Scales, scales
from rapp.cooperation.pairing import Links, Pairing
from rapp.cooperation.variables import Problem

MAX_ROUNDS = 60


@dataclass(frozen=True)
class _Tables:
    """Everything a pattern's cost needs, gathered once. ``sets`` [S, B] are the non-empty carrier sets."""

    problem: Problem
    scale: Scales
    sets: FloatArray
    idle_kw: FloatArray
    load_kw: FloatArray
    mbps_kw: FloatArray
    standby_kw: FloatArray
    limit_kw: FloatArray
    pairing: Pairing


def search(problem: Problem, start_mode: IntArray | None = None) -> IntArray:
    """A mode pattern [N], a local optimum of the model's objective under toggles and swaps, from ``start_mode`` or
    from everybody awake, whichever ends better."""
    tables = _tables(problem)
    n = problem.network.site_count
    starts = [np.ones(n, dtype=np.bool_)]
    if start_mode is not None:
        starts.append((start_mode != SiteMode.DEEP_SLEEP) | (problem.alive == 0))
    best = min((_descend(tables, awake) for awake in starts), key=lambda found: found[0])
    return _modes(tables, best[1])


def _descend(tables: _Tables, awake: BoolArray) -> tuple[float, BoolArray]:
    """Cost and pattern [N] after the best move has been made again and again until none helps."""
    cost = _cost(tables, awake)
    for _ in range(MAX_ROUNDS):
        found = min(((_cost(tables, other), i, other) for i, other in enumerate(_moves(tables, awake))), default=None)
        if found is None or found[0] >= cost - 1e-9:
            break
        cost, _, awake = found
    return cost, awake


def _moves(tables: _Tables, awake: BoolArray) -> list[BoolArray]:
    """All toggles of a live site, and all swaps of an awake site with a sleeping one near it."""
    live = np.flatnonzero(tables.problem.alive > 0)
    moves = []
    for i in live:
        other = awake.copy()
        other[i] = ~other[i]
        moves.append(other)
    for i in live[~awake[live]]:
        for j in tables.pairing.neighbours[i]:
            if awake[j] and tables.problem.alive[j]:
                other = awake.copy()
                other[i], other[j] = True, False
                moves.append(other)
    return moves


def _cost(tables: _Tables, awake: BoolArray) -> float:
    """The model's objective of a pattern; infinite where the links do not exist."""
    problem, scale = tables.problem, tables.scale
    alive = problem.alive > 0
    asleep = ~awake & alive
    links = tables.pairing.links(awake & alive, asleep)
    if links is None:
        return float("inf")
    power_kw, unserved_frac = _power(tables, awake & alive, links)
    draining = (problem.drains > 0) & alive
    s = float(np.max(power_kw[draining] / problem.energy_kwh[draining])) if draining.any() else 0.0
    known = problem.previous_mode >= 0
    was_asleep = problem.previous_mode == SiteMode.DEEP_SLEEP
    switches = float(np.sum(known & (was_asleep != asleep)))
    return (
        scale.s * s
        + float(scale.site_kw @ power_kw)
        + scale.switch * switches
        + scale.unserved * float(problem.points.weight @ unserved_frac)
    )


def _power(tables: _Tables, awake: BoolArray, links: Links) -> tuple[FloatArray, FloatArray]:
    """Power of each site [N] under the cheapest carrier set that carries its points, and the share of each point's
    volume [G] that finds no room. Few sites can help with literal ``links``, so there only they reach beyond nominal.
    """
    points = tables.problem.points
    n, bands = tables.idle_kw.shape
    usable = (points.candidate >= 0) & awake[points.candidate]
    if tables.pairing.literal:
        usable &= points.nominal | np.isin(points.candidate, [helper for helper, _ in links])
    place = np.argmax(usable, axis=1)
    rows = np.arange(len(place))
    served = usable[rows, place]
    site = np.where(served, points.candidate[rows, place], 0)
    volume = np.where(served, points.volume_mbps, 0.0)
    rate = np.maximum(points.rate_mbps[rows, place], 1e-3)
    site_mbps = np.asarray(np.bincount(site, volume, n), dtype=np.float64)
    blocks = np.stack([np.bincount(site, weights=volume / rate[:, b], minlength=n) for b in range(bands)], axis=1)
    rate_site = np.where(blocks > 1e-9, site_mbps[:, None] / np.maximum(blocks, 1e-9), 1.0)  # [N, B]
    kw_per_mbps = tables.load_kw / rate_site + tables.mbps_kw
    power_kw, left_mbps = _cheapest_sets(tables, site_mbps, rate_site, kw_per_mbps)
    power_kw = np.where(
        awake, power_kw, np.where(tables.problem.alive > 0, tables.problem.network.power.deep_sleep_kw, 0.0)
    )
    over = np.where(site_mbps > 0, left_mbps / np.maximum(site_mbps, 1e-9), 0.0)
    return power_kw, np.where(served, over[site], 1.0)


def _cheapest_sets(
    tables: _Tables, site_mbps: FloatArray, rate_site: FloatArray, kw_per_mbps: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Over all carrier sets [S], fill each site's volume on its cheapest carriers first; least unserved, then power."""
    order = np.argsort(kw_per_mbps, axis=1)
    rate = np.take_along_axis(rate_site, order, axis=1) * 0.97
    kw = np.take_along_axis(kw_per_mbps, order, axis=1)
    on = tables.sets[:, order]  # [S, N, B] in each site's own order
    room = on * rate
    before = np.cumsum(room, axis=2) - room
    carried = np.clip(site_mbps[None, :, None] - before, 0.0, room)
    left = site_mbps[None, :] - carried.sum(axis=2)
    fixed = tables.standby_kw.sum(axis=1) + tables.sets @ (tables.idle_kw - tables.standby_kw).T
    power = fixed + (carried * kw).sum(axis=2)
    over = np.maximum(power - tables.limit_kw, 0.0)
    left = left + over / kw.max(axis=1)
    power = np.minimum(power, tables.limit_kw)
    pick = np.argmin(power + 1e3 * left, axis=0)
    every = np.arange(len(site_mbps))
    return power[pick, every], left[pick, every]


def _modes(tables: _Tables, awake: BoolArray) -> IntArray:
    """Modes [N] of an awake pattern: linked helpers help, sleepers sleep, the rest stay normal."""
    alive = tables.problem.alive > 0
    mode = np.full(len(awake), int(SiteMode.NORMAL), dtype=np.int64)
    mode[~awake | ~alive] = int(SiteMode.DEEP_SLEEP)
    for helper, _ in tables.pairing.links(awake & alive, ~awake & alive) or []:
        mode[helper] = int(SiteMode.HELPING)
    return mode


def _tables(problem: Problem) -> _Tables:
    """Gather what every pattern of ``problem`` is priced with."""
    network = problem.network
    limit_kw = np.array([s.battery.discharge_limit_kw for s in network.sites])
    sets = np.array([c for c in itertools.product((0.0, 1.0), repeat=network.band_count) if any(c)])
    return _Tables(
        problem=problem,
        scale=scales(problem),
        sets=sets,
        idle_kw=idle_kw(network),
        load_kw=per_load_kw(network),
        mbps_kw=per_mbps_kw(network),
        standby_kw=standby_kw(network),
        limit_kw=np.where(problem.drains > 0, limit_kw, 1e3),
        pairing=Pairing(network, problem.alive == 0),
    )
