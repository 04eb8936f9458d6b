"""Eq. (27) as a linear program: piecewise-linear utility, solved by simplex on arrays built directly.

Theory of operation. With served share t = r/D the utility w·log(1 + t) is concave, so it is the sum of segments
whose slopes fall, each a column bounded by its width. Breakpoints are equal steps of log(1 + t): the error of the
secants is then the same everywhere. The minimum rate (10) is the first segment. Users of whom it is known to fit have
it as a lower bound; for others it carries a further reward, so that a minimum that does not fit never makes the
program infeasible. Resource blocks (8)-(9) are one row per site and carrier, the power budget one row per site. A small
cost per kW makes the cheapest of equally good answers the best one, as far as the solver tells them apart: up to 10 W.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray
from xapp.dispatch.simplex import Program, Start, solved
from xapp.dispatch.start import Flows, start_of

SLA_REWARD = np.array([1e6, 1e5, 1e4, 0.0])
TIE_COST_PER_KW = 1e-4


@dataclass(frozen=True)
class Shares:
    """One sharing problem. Users [M]: ``demand_mbps``, ``min_rate_mbps`` <= demand, ``weight``, ``service_class``,
    ``reward`` for the whole minimum, ``held`` where the minimum is certain. Options [M, C]: ``site`` (-1 none) with
    ``rate_mbps`` [M, C, B] of a whole carrier (0: not usable). Sites: ``power_limit_kw`` [N] for the load-dependent
    part, ``load_kw`` [N, B] per unit of blocks, ``mbps_kw`` [B] per Mbps. ``move_cost`` [M, C]: utility that an option
    costs when it carries a user's whole demand. ``blocks_free`` [N, B]: share of each carrier that is left for these
    users, all of it where None. ``power_cost_per_kw``: utility that a kW for load has to be worth. ``begin_mbps``
    [M, C, B]: rates near the answer, where such are at hand, for the search to begin with."""

    demand_mbps: FloatArray
    min_rate_mbps: FloatArray
    weight: FloatArray
    service_class: IntArray
    reward: FloatArray
    held: BoolArray
    site: IntArray
    rate_mbps: FloatArray
    power_limit_kw: FloatArray
    load_kw: FloatArray
    mbps_kw: FloatArray
    segments: int
    move_cost: FloatArray | None = None
    blocks_free: FloatArray | None = None
    power_cost_per_kw: float = TIE_COST_PER_KW
    begin_mbps: FloatArray | None = None


@dataclass(frozen=True)
class Shared:
    """``rate_mbps`` [M, C, B]; what one more unit is worth: ``carrier_value`` [N, B] per carrier, ``power_value`` [N]
    per kW."""

    rate_mbps: FloatArray
    carrier_value: FloatArray
    power_value: FloatArray


def share(problem: Shares) -> Shared | None:
    """The rates that maximise (27), or None where the solver gives up."""
    user, option, band = np.nonzero((problem.rate_mbps > 0) & (problem.site >= 0)[..., None])
    sites, bands = problem.load_kw.shape
    rates = np.zeros_like(problem.rate_mbps)
    if not len(user):
        return Shared(rates, np.zeros((sites, bands)), np.zeros(sites))
    asked = asked_mbps(problem)
    answer = solved(*_model(problem, _flows(problem, user, option, band)))
    if answer is None:
        return None
    rates[user, option, band] = np.maximum(answer.column_value[: len(user)], 0.0) * asked[user]
    value = np.abs(answer.row_dual[len(asked) :])
    return Shared(rates, value[: sites * bands].reshape(sites, bands), value[sites * bands :])


def utility(problem: Shares, rate_mbps: FloatArray) -> FloatArray:
    """w·log(1 + r/D) of each user [M] for rates [M], Eq. (27)."""
    served = np.minimum(rate_mbps / np.maximum(problem.demand_mbps, 1e-12), 1.0)
    return np.asarray(problem.weight * np.log1p(served), dtype=np.float64)


def _flows(problem: Shares, user: IntArray, option: IntArray, band: IntArray) -> Flows:
    """Of the carriers ``band`` [F] that can be used; as ``needs``, for these alone: most of [M, C, B] cannot be."""
    site = problem.site[user, option]
    asked, whole_mbps = asked_mbps(problem)[user], problem.rate_mbps[user, option, band]
    blocks = asked / whole_mbps
    kw = problem.load_kw[site, band] * blocks + problem.mbps_kw[band] * asked
    cost = problem.power_cost_per_kw * kw
    if problem.move_cost is not None:
        cost = cost + problem.move_cost[user, option]
    begin_mbps = np.zeros(len(user)) if problem.begin_mbps is None else problem.begin_mbps[user, option, band]
    return Flows(user, site, site * problem.load_kw.shape[1] + band, blocks, kw, cost, begin_mbps)


def _model(problem: Shares, flows: Flows) -> tuple[Program, Start]:
    """Columns: flows in units of what is asked, then the users' segments. Rows: users, carriers, site power."""
    users, (sites, bands), count = len(problem.demand_mbps), problem.load_kw.shape, len(flows.user)
    width, slope = segments(problem)
    wide = np.flatnonzero(width > 0.0)  # flat numbers are taken twice as fast as pairs
    of, segment = np.divmod(wide, width.shape[1])
    whole = width.take(wide)
    row, value = np.empty((count, 3), dtype=np.int64), np.empty((count, 3))
    row[:, 0], row[:, 1], row[:, 2] = flows.user, users + flows.carrier, users + sites * bands + flows.site
    value[:, 0], value[:, 1], value[:, 2] = 1.0, flows.blocks, flows.kw
    columns = np.arange(count + of.size + 1)
    blocks_free = np.ones(sites * bands) if problem.blocks_free is None else problem.blocks_free.ravel()
    program = Program(
        cost=np.concatenate([-flows.cost, slope.take(wide)]),
        column_lower=np.concatenate([np.zeros(count), np.where((segment == 0) & problem.held[of], whole, 0.0)]),
        column_upper=np.concatenate([np.full(count, np.inf), whole]),
        row_lower=np.concatenate([np.zeros(users), np.full(sites * bands + sites, -np.inf)]),
        row_upper=np.concatenate([np.zeros(users), blocks_free, problem.power_limit_kw]),
        start=columns + 2 * np.minimum(columns, count),  # three entries per flow, one per segment
        row=np.concatenate([row.ravel(), of]),
        value=np.concatenate([value.ravel(), np.full(of.size, -1.0)]),
    )
    return program, start_of(flows, of, users, sites * bands + sites)


def asked_mbps(problem: Shares) -> FloatArray:
    """Demand of each user [M], never quite nothing: flows are in units of it."""
    return np.maximum(problem.demand_mbps, 1e-9)


def needs(problem: Shares) -> tuple[FloatArray, FloatArray]:
    """Blocks and load-dependent power in kW [M, C, B] that all a user asks for takes of each carrier; 0 where it cannot
    be used."""
    asked, whole_mbps = asked_mbps(problem)[:, None, None], problem.rate_mbps
    usable = (whole_mbps > 0) & (problem.site >= 0)[..., None]
    blocks = np.divide(asked, whole_mbps, out=np.zeros_like(whole_mbps), where=usable)
    load_kw = problem.load_kw[np.maximum(problem.site, 0)]
    return blocks, np.where(usable, load_kw * blocks + problem.mbps_kw * asked, 0.0)


def segments(problem: Shares) -> tuple[FloatArray, FloatArray]:
    """Widths (share of demand) and slopes [M, S + 1] of each user's utility: the minimum rate first, then secants of
    log(1 + t) over equal steps of the logarithm."""
    least = np.minimum(problem.min_rate_mbps / asked_mbps(problem), 1.0)
    start = np.log1p(least)[:, None]
    log = np.zeros((len(least), problem.segments + 2))
    log[:, 1:] = start + (np.log(2.0) - start) * _steps(problem.segments)
    edge = np.expm1(log)
    edge[:, 1], edge[:, -1] = least, 1.0
    width, gain = np.maximum(edge[:, 1:] - edge[:, :-1], 0.0), log[:, 1:] - log[:, :-1]
    slope = problem.weight[:, None] * np.where(width > 1e-12, gain / np.maximum(width, 1e-12), 0.0)
    slope[:, 0] += np.where(least > 0, problem.reward / np.maximum(least, 1e-12), 0.0)
    return width, slope


@functools.cache
def _steps(segments: int) -> FloatArray:
    """Equal steps from 0 to 1 [S + 1]; shared, so read-only."""
    steps = np.linspace(0.0, 1.0, segments + 1)
    steps.setflags(write=False)
    return steps
