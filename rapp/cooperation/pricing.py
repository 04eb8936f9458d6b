"""Exact pricing for the lifetime program: the cheapest network configuration at given prices of energy.

Theory of operation. The local search of ``generate`` finds good patterns fast and proves nothing. Here the same
question goes to the cooperation model itself, (19)-(25) with (4) as the cost:

    min Σ_i π_i·P_i    over modes, carriers, links and flows.

Its dual bound is a lower bound on π·P(c) for every configuration c, which is what weak duality asks for (``master``).
Users who may be left out are *blocks* of the volume of a point: of the users of a target at least so many are served,
which ones is free,

    unserved_g <= Σ_b∈g D_b·(1 − y_b),    Σ_b∈target users_b·y_b >= least,    0 <= y <= 1.

It takes seconds, so no plan waits for it: it is what the local search is measured against. Families of constraints can
be dropped, which makes a bound valid for those who need not obey them.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray, SiteMode
from rapp.cooperation import constraints
from rapp.cooperation.highs import has_solution, model_of, solver
from rapp.cooperation.rows import Rows
from rapp.cooperation.solve import Limits
from rapp.cooperation.variables import Problem, Variables, bounds, variables


@dataclass(frozen=True)
class Blocks:
    """Users who need not all be served: per block [K] its ``point``, ``volume_mbps``, ``users`` and ``target``; of the
    users of each target ``least_users`` [M] are. Volume of a point that is in no block is always served."""

    point: IntArray
    volume_mbps: FloatArray
    users: FloatArray
    target: IntArray
    least_users: FloatArray


EVERYBODY = Blocks(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True)
class Rules:
    """Which families hold besides service, reach, capacity and power: ``links`` (20)-(23) with K_max and κ_min, and
    ``blocking`` by sites that are stronger at a point."""

    links: bool = True
    blocking: bool = True


@dataclass(frozen=True)
class Priced:
    """A configuration: ``power_kw`` [N], ``awake`` [N], ``mode`` [N], ``carriers`` [N, B] and its ``cost``, Σ π·P.
    No configuration costs less than ``bound``."""

    power_kw: FloatArray
    awake: BoolArray
    mode: IntArray
    carriers: BoolArray
    cost: float
    bound: float


def cheapest(
    problem: Problem,
    price_per_kwh: FloatArray,
    blocks: Blocks,
    limits: Limits,
    rules: Rules | None = None,
) -> Priced | None:
    """The cheapest configuration at ``price_per_kwh`` [N], >= 0; None where none was found within ``limits``."""
    v = variables(problem)
    highs = solver(mip_rel_gap=limits.gap_frac, mip_max_nodes=limits.node_limit, time_limit=limits.time_limit_s)
    highs.passModel(_model(problem, v, price_per_kwh, blocks, Rules() if rules is None else rules))
    highs.run()
    if not has_solution(highs):
        return None
    columns = np.asarray(highs.getSolution().col_value)
    power_kw = constraints.site_power_kw(problem, v, columns)
    asleep_cost = float(price_per_kwh @ constraints.site_power_terms(problem, v)[1])
    mode = np.argmax(columns[v.gamma], axis=1).astype(np.int64)
    return Priced(
        power_kw=power_kw,
        awake=np.asarray(mode != SiteMode.DEEP_SLEEP),
        mode=mode,
        carriers=columns[v.z] > 0.5,
        cost=float(price_per_kwh @ power_kw),
        bound=float(highs.getInfo().mip_dual_bound) + asleep_cost,
    )


def _rows(problem: Problem, v: Variables, blocks: Blocks, rules: Rules) -> Rows:
    rows = Rows(v.count + len(blocks.point))
    families = [
        constraints.modes,
        constraints.balance,
        constraints.carriers,
        constraints.capacity,
        constraints.reach,
        constraints.power,
    ]
    families += [constraints.links] if rules.links else []
    families += [constraints.interference] if rules.blocking else []
    for family in families:
        family(rows, problem, v)
    _left_out(rows, problem, v, blocks)
    return rows


def _left_out(rows: Rows, problem: Problem, v: Variables, blocks: Blocks) -> None:
    """What may stay unserved at each point, and how many users of each target may not."""
    y = v.count + np.arange(len(blocks.point))
    groups = len(problem.points.volume_mbps)
    free = np.bincount(blocks.point, blocks.volume_mbps, groups)
    rows.add(
        [(np.arange(groups), v.unserved, 1.0), (blocks.point, y, blocks.volume_mbps)],
        -np.inf,
        np.asarray(free, dtype=np.float64),
        groups,
    )
    rows.add([(blocks.target, y, blocks.users)], blocks.least_users, np.inf, len(blocks.least_users))


def _model(problem: Problem, v: Variables, price_per_kwh: FloatArray, blocks: Blocks, rules: Rules) -> highspy.HighsLp:
    rows = _rows(problem, v, blocks, rules)
    cost = np.zeros(rows.columns)
    for site, column, kw in constraints.site_power_terms(problem, v)[0]:
        np.add.at(cost, column, price_per_kwh[site] * kw)
    whole = np.concatenate([v.gamma.ravel(), v.z.ravel()])
    return model_of(rows.matrix(), cost, bounds(problem, v, rows.columns), whole)
