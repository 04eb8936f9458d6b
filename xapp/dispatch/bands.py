"""Which carriers a site needs: every set of them, tried at once (2^B per site), once the association is fixed.

"all-on" keeps every allowed carrier. "least-power" takes, of the sets whose utility (27) is within the tolerance of
the best, the one that draws least. The best utility is everybody at full demand; the tolerance is spent where it saves
most, on best effort: each such user's share is what the optimum of (27) gives it at one common price of resource
blocks. A set is admitted when the fill proves that full demand, or these lean shares, fit; a set admitted at lean
shares then serves the largest shares that still fit and draw less. A site where nothing is admitted is crowded: the
linear program decides there.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray
from xapp.dispatch.fill import fill
from xapp.dispatch.sharing import FULL, Power, is_best_effort
from xapp.dispatch.task import DispatchTask

_STEPS = 4  # between lean and full service, that the chosen set is tried with
_BISECTIONS = 10


@dataclass(frozen=True)
class Bands:
    """``band_on`` [N, B]; ``rate_mbps`` [U, B], a first guess where not all fits; ``fits`` [N]."""

    band_on: BoolArray
    rate_mbps: FloatArray
    fits: BoolArray


def choose(task: DispatchTask, power: Power, allowed: BoolArray, ue_site: IntArray, whole_mbps: FloatArray) -> Bands:
    """Carrier sets and rates site by site; ``whole_mbps`` [U, B] is a whole carrier of each user's own serving site."""
    band_on = np.zeros_like(allowed)
    rate_mbps = np.zeros_like(whole_mbps)
    fits = np.ones(len(allowed), dtype=np.bool_)
    best_effort = is_best_effort(task)
    for site in np.flatnonzero(allowed.any(axis=1)):
        users = np.flatnonzero(ue_site == site)
        sets = _sets(allowed[site], task.band_rule)
        picked = _site(task, power, int(site), users, best_effort[users], sets, whole_mbps[users])
        band_on[site], fits[site] = picked[0] > 0, picked[2]
        rate_mbps[users] = picked[1]
    return Bands(band_on, rate_mbps, fits)


def _site(
    task: DispatchTask,
    power: Power,
    site: int,
    users: IntArray,
    best_effort: BoolArray,
    sets: FloatArray,
    whole_mbps: FloatArray,
) -> tuple[FloatArray, FloatArray, bool]:
    """One site's carrier set [B], rates [M, B] and whether they are all that is wanted."""
    demand = task.snapshot.demand_mbps[users]
    order = _order(power, site, whole_mbps)
    full = np.repeat(demand[None, :], len(sets), axis=0)
    draw, given = _admitted(task, power, site, sets, whole_mbps, full, order)
    pick = int(np.argmin(draw))
    if task.band_rule == "least-power" and best_effort.any():
        thrifty = _thrifty(task, power, site, users, best_effort, sets[~np.isfinite(draw)], whole_mbps, draw[pick])
        if thrifty is not None:
            return *thrifty, True
    if not np.isfinite(draw[pick]):
        return sets[-1], given[-1], False
    return sets[pick], given[pick], True


def _thrifty(
    task: DispatchTask,
    power: Power,
    site: int,
    users: IntArray,
    best_effort: BoolArray,
    sets: FloatArray,
    whole_mbps: FloatArray,
    most_kw: float,
) -> tuple[FloatArray, FloatArray] | None:
    """Of ``sets``, which cannot carry full demand, the one that draws least at lean shares, with its rates [M, B];
    None where none draws less than ``most_kw``."""
    fixed = np.where(sets > 0, power.idle_kw[site], power.standby_kw[site]).sum(axis=1)
    sets = sets[fixed < most_kw]
    if not len(sets):
        return None
    demand, order = task.snapshot.demand_mbps[users], _order(power, site, whole_mbps)
    lean = demand * _lean_shares(task, users, best_effort, sets, whole_mbps)
    draw, _ = _admitted(task, power, site, sets, whole_mbps, lean, order)
    pick = int(np.argmin(draw))
    if draw[pick] >= most_kw:
        return None
    goals = lean[pick] + np.linspace(1.0, 0.0, _STEPS)[:, None] * (demand - lean[pick])
    draw, given = _admitted(
        task, power, site, np.repeat(sets[pick : pick + 1], _STEPS, axis=0), whole_mbps, goals, order
    )
    return sets[pick], given[int(np.argmax(draw < most_kw))]


def _admitted(
    task: DispatchTask,
    power: Power,
    site: int,
    sets: FloatArray,
    whole_mbps: FloatArray,
    target: FloatArray,
    order: IntArray,
) -> tuple[FloatArray, FloatArray]:
    """Draw of each set [S] when it carries ``target`` [S, M], infinite where it cannot; and the allocation."""
    given = fill(whole_mbps, target, sets, order)
    enough = (given.sum(axis=2) >= target * FULL).all(axis=1)
    blocks = np.divide(given, whole_mbps, out=np.zeros_like(given), where=whole_mbps > 0).sum(axis=1)
    fixed = np.where(sets > 0, power.idle_kw[site], power.standby_kw[site]).sum(axis=1)
    draw = fixed + blocks @ power.load_kw[site] + given.sum(axis=1) @ power.mbps_kw
    enough &= draw <= task.policy.power_budget_kw[site]
    return np.where(enough, draw, np.inf), given


def _lean_shares(
    task: DispatchTask, users: IntArray, best_effort: BoolArray, sets: FloatArray, whole_mbps: FloatArray
) -> FloatArray:
    """Served shares [S, M] at which best effort together loses just the tolerated utility on each set; else 1.

    At a price λ of blocks the optimum of Σ log(1 + t) has 1 + t = 1/(λ·c) with c the blocks of a user's whole demand;
    λ is found by bisection, as the loss rises with it. Blocks of different carriers are weighed by their mean rate.
    """
    weight = task.policy.class_weight[task.snapshot.service_class[users]]
    allowed = task.control.least_power_tolerance_frac * float(weight.sum()) * np.log(2.0)
    shares = np.ones((len(sets), len(users)))
    if not best_effort.any():
        return shares
    typical = whole_mbps.mean(axis=0)
    relative = np.divide(whole_mbps, typical, out=np.zeros_like(whole_mbps), where=typical > 0)[best_effort]
    best = (relative * sets[:, None, :]).max(axis=2)
    cost = np.maximum(task.snapshot.demand_mbps[users[best_effort]], 1e-9) / np.maximum(best, 1e-9)
    low, high = -np.log(2.0 * cost.max(axis=1)), -np.log(cost.min(axis=1))
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        loss = _loss(_at_price(middle, cost)) @ weight[best_effort]
        low, high = np.where(loss <= allowed, middle, low), np.where(loss <= allowed, high, middle)
    shares[:, best_effort] = _at_price(low, cost)
    return shares


def _at_price(log_price: FloatArray, cost: FloatArray) -> FloatArray:
    """Shares [S, M] at prices exp(``log_price``) [S] for ``cost`` [S, M]."""
    return np.clip(np.exp(-log_price)[:, None] / cost - 1.0, 0.0, 1.0)


def _loss(share: FloatArray) -> FloatArray:
    return np.asarray(np.log(2.0) - np.log1p(share), dtype=np.float64)


def _order(power: Power, site: int, whole_mbps: FloatArray) -> IntArray:
    """Carriers by energy per megabit at this site, cheapest first; those that nobody can use come last."""
    usable = whole_mbps > 0
    mean = np.where(usable, whole_mbps, 0.0).sum(axis=0) / np.maximum(usable.sum(axis=0), 1)
    cost = np.where(mean > 0, power.load_kw[site] / np.maximum(mean, 1e-9) + power.mbps_kw, np.inf)
    return np.argsort(cost, kind="stable")


def _sets(allowed: BoolArray, rule: str) -> FloatArray:
    """The carrier sets [S, B] to try; the last one is all that is allowed."""
    everything = allowed.astype(np.float64)
    if rule == "all-on":
        return everything[None, :]
    carriers = np.flatnonzero(allowed)
    sets = []
    for size in range(1, len(carriers) + 1):
        for chosen in itertools.combinations(carriers.tolist(), size):
            one = np.zeros(len(allowed))
            one[list(chosen)] = 1.0
            sets.append(one)
    return np.array(sets)
