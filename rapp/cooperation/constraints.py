"""The constraints of the cooperation model, one function per family, numbered after the paper (SPEC 4)."""

from __future__ import annotations

import numpy as np

from gridran.energy.site_power import idle_kw, per_load_kw, per_mbps_kw, standby_kw
from gridran.radio.coverage import kappa_frac
from gridran.types import FloatArray, IntArray, SiteMode
from rapp.cooperation.rows import Rows, Term
from rapp.cooperation.variables import Problem, Variables

NORMAL, HELPING, ASSISTED, SLEEP = (int(m) for m in SiteMode)
_FREE = np.inf


def modes(rows: Rows, problem: Problem, v: Variables) -> None:
    """(19): one mode per site. (24): a sleeping site has no carrier on, an awake one at least one.
    (25): an assisted site keeps only its assisted band set."""
    n, b = v.z.shape
    site = np.arange(n)
    rows.add([(site[:, None], v.gamma, 1.0)], 1.0, 1.0, n)
    every = np.arange(n * b)
    rows.add([(every, v.z.ravel(), 1.0), (every, np.repeat(v.gamma[:, SLEEP], b), 1.0)], -_FREE, 1.0, n * b)
    rows.add([(site[:, None], v.z, 1.0), (site, v.gamma[:, SLEEP], 1.0)], 1.0, _FREE, n)
    low = problem.network.low_bands
    kept = low if problem.network.cooperation.assisted_bands == "low" else ~low
    barred = np.flatnonzero(~kept)
    rows.add(
        [(site[:, None], v.z[:, barred], 1.0), (site, v.gamma[:, ASSISTED], float(len(barred)))],
        -_FREE,
        float(len(barred)),
        n,
    )


def links(rows: Rows, problem: Problem, v: Variables) -> None:
    """(20)-(23) in the variant that the network names."""
    (_chosen_links if problem.network.cooperation.links == "chosen" else _literal_links)(rows, problem, v)


def _chosen_links(rows: Rows, problem: Problem, v: Variables) -> None:
    n, e = len(v.gamma), len(v.y)
    edge = np.arange(e)
    rows.add([(edge, v.y, 1.0), (edge, v.gamma[v.helper, HELPING], -1.0)], -_FREE, 0.0, e)
    rows.add(
        [(edge, v.y, 1.0), (edge, v.gamma[v.assisted, ASSISTED], -1.0), (edge, v.gamma[v.assisted, SLEEP], -1.0)],
        -_FREE,
        0.0,
        e,
    )
    site = np.arange(n)
    rows.add([(v.helper, v.y, 1.0)], -_FREE, float(problem.network.cooperation.max_links), n)
    rows.add([(v.assisted, v.y, 1.0)], -_FREE, float(problem.network.cooperation.max_links), n)
    helped = [(v.assisted, v.y, 1.0), (site, v.gamma[:, ASSISTED], -1.0), (site, v.gamma[:, SLEEP], -1.0)]
    rows.add(helped, _needs_helper(problem), _FREE, n)  # (21)
    rows.add([(v.helper, v.y, 1.0), (site, v.gamma[:, HELPING], -1.0)], 0.0, _FREE, n)  # (20)


def _literal_links(rows: Rows, problem: Problem, v: Variables) -> None:
    n, e = len(v.gamma), len(v.y)
    edge, site = np.arange(e), np.arange(n)
    rows.add(
        [
            (edge, v.y, 1.0),
            (edge, v.gamma[v.helper, HELPING], -1.0),
            (edge, v.gamma[v.assisted, ASSISTED], -1.0),
            (edge, v.gamma[v.assisted, SLEEP], -1.0),
        ],
        -1.0,
        _FREE,
        e,
    )  # (23)
    rows.add(
        [(v.helper, v.y, 1.0), (v.assisted, v.y, 1.0)], -_FREE, float(problem.network.cooperation.max_links), n
    )  # (22)
    others = [(v.helper, v.gamma[v.assisted, ASSISTED], -1.0), (v.helper, v.gamma[v.assisted, SLEEP], -1.0)]
    rows.add([(site, v.gamma[:, HELPING], 1.0), *others], -_FREE, 0.0, n)  # (20)
    kappa = kappa_frac(problem.network)[v.helper, v.assisted]
    strong = kappa >= problem.network.cooperation.kappa_min_frac
    rows.add(
        [
            (site, v.gamma[:, ASSISTED], 1.0),
            (site, v.gamma[:, SLEEP], 1.0),
            (v.assisted[strong], v.gamma[v.helper[strong], HELPING], -1.0),
        ],
        -_FREE,
        -_needs_helper(problem),
        n,
    )  # (21)


def _needs_helper(problem: Problem) -> FloatArray:
    """Lower side of (21) [N]: a site that has no power at all may stay without a helper where none is in reach, and one
    that others let sleep has its helper."""
    return np.where((problem.alive > 0) & ~problem.helped_elsewhere, 0.0, -1.0)


def balance(rows: Rows, problem: Problem, v: Variables) -> None:
    """Every point's volume is carried or counted as unserved."""
    volume = problem.points.volume_mbps
    groups = len(volume)
    rows.add([(v.point, v.x, 1.0), (np.arange(groups), v.unserved, 1.0)], volume, volume, groups)


def carriers(rows: Rows, problem: Problem, v: Variables) -> None:
    """A flow needs its carrier on (x <= D·z, disaggregated)."""
    volume, flows = problem.points.volume_mbps, len(v.x)
    rows.add(
        [(np.arange(flows), v.x, 1.0), (np.arange(flows), v.z[v.site, v.band], -volume[v.point])], -_FREE, 0.0, flows
    )


def reach(rows: Rows, problem: Problem, v: Variables) -> None:
    """(5)-(6): beyond its nominal coverage a site serves only when helping, beyond the reduced radius not when
    assisted."""
    points, volume = problem.points, problem.points.volume_mbps
    groups, places = points.candidate.shape
    key = v.point * places + v.place
    for outside, columns, sign in (
        (~points.nominal, (HELPING,), -1.0),
        (points.nominal & ~points.reduced, (ASSISTED,), 1.0),
    ):
        pairs = np.unique(key[outside[v.point, v.place]])
        if not pairs.size:
            continue
        row_of = np.full(groups * places, -1, dtype=np.int64)
        row_of[pairs] = np.arange(len(pairs))
        mine = row_of[key] >= 0
        point, site = pairs // places, points.candidate.ravel()[pairs]
        terms: list[Term] = [(row_of[key[mine]], v.x[mine], 1.0)]
        terms += [(np.arange(len(pairs)), v.gamma[site, m], sign * volume[point]) for m in columns]
        rows.add(terms, -_FREE, 0.0 if sign < 0 else volume[point], len(pairs))


def interference(rows: Rows, problem: Problem, v: Variables) -> None:
    """Radio-feasible offload (SPEC 4): a candidate carries a point on a carrier only while every site that is
    stronger there is silent on it. One row per (point, blocker, carrier) over all that it blocks."""
    points, volume = problem.points, problem.points.volume_mbps
    bands = v.z.shape[1]
    places = points.candidate.shape[1]
    flow, blocker = np.nonzero(points.blocked[v.point, v.place])
    real = points.candidate[v.point[flow], blocker] >= 0
    flow, blocker = flow[real], blocker[real]
    key = (v.point[flow] * places + blocker) * bands + v.band[flow]
    pairs, row = np.unique(key, return_inverse=True)
    point, band = pairs // (places * bands), pairs % bands
    site = points.candidate[point, (pairs // bands) % places]
    rows.add(
        [(row, v.x[flow], 1.0), (np.arange(len(pairs)), v.z[site, band], volume[point])],
        -_FREE,
        volume[point],
        len(pairs),
    )


def capacity(rows: Rows, problem: Problem, v: Variables) -> None:
    """(8)-(9): resource blocks of a carrier; those that carry other cells' points pay the helper's loss λ_loss."""
    n, b = v.z.shape
    loss = 1.0 - problem.network.cooperation.helper_loss_frac
    abroad = problem.points.own_site[v.point] != v.site
    block = 1.0 / (v.rate_mbps * np.where(abroad, loss, 1.0))
    every = np.arange(n * b)
    rows.add([(v.site * b + v.band, v.x, block), (every, v.z.ravel(), -1.0)], -_FREE, 0.0, n * b)


def power(rows: Rows, problem: Problem, v: Variables) -> None:
    """(4), the discharge limit, and (26): P_i <= s·E_i for every site that lives on stored energy."""
    n = len(v.gamma)
    terms, constant_kw = site_power_terms(problem, v)
    limit_kw = np.array([s.battery.discharge_limit_kw for s in problem.network.sites])
    limit_kw = np.where(problem.drains > 0, limit_kw, 1e3)
    rows.add(terms, -_FREE, limit_kw - constant_kw, n)
    draining = np.flatnonzero((problem.drains > 0) & (problem.alive > 0))
    row_of = np.full(n, -1, dtype=np.int64)
    row_of[draining] = np.arange(len(draining))
    kept = [(row_of[r][row_of[r] >= 0], c[row_of[r] >= 0], val[row_of[r] >= 0]) for r, c, val in terms]
    kept.append((np.arange(len(draining)), np.full(len(draining), v.s), -problem.energy_kwh[draining]))
    rows.add(list(kept), -_FREE, -constant_kw[draining], len(draining))


def site_power_terms(problem: Problem, v: Variables) -> tuple[list[tuple[IntArray, IntArray, FloatArray]], FloatArray]:
    """P_i of (4) as terms (site, column, kW) and a constant [N]: standby awake, deep sleep asleep, carriers, load."""
    network = problem.network
    n, b = v.z.shape
    standby, idle = standby_kw(network), idle_kw(network)
    awake_kw = standby.sum(axis=1)
    flow_kw = per_load_kw(network)[v.site, v.band] / v.rate_mbps + per_mbps_kw(network)[v.band]
    site = np.arange(n)
    terms = [
        (site, v.gamma[:, SLEEP], network.power.deep_sleep_kw - awake_kw),
        (np.repeat(site, b), v.z.ravel(), (idle - standby).ravel()),
        (v.site, v.x, flow_kw),
    ]
    return terms, awake_kw


def site_power_kw(problem: Problem, v: Variables, columns: FloatArray) -> FloatArray:
    """Power of every site (4) in a solution ``columns``, [N]."""
    terms, constant_kw = site_power_terms(problem, v)
    power_kw = constant_kw.copy()
    for site, column, kw in terms:
        np.add.at(power_kw, site, kw * columns[column])
    return power_kw
