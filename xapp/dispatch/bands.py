"""Which carriers a site needs: every set of them, tried at once (2^B per site), once the association is fixed.

"all-on" keeps every allowed carrier. "least-power" takes, of the sets whose utility (27) is within the tolerance of
the best, the one that draws least. The best utility is everybody at full demand; the tolerance is spent where it is
cheapest, on best effort, as one served share t* for all of a site's best-effort users. A set is admitted when the fill
proves that full demand, or full demand with best effort at t*, fits; the set chosen then serves best effort at the
largest share that still fits. A site where not even all carriers suffice keeps them all.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray
from xapp.dispatch.fill import fill
from xapp.dispatch.sharing import FULL, Power, is_best_effort
from xapp.dispatch.task import DispatchTask

_SHARES = 4  # steps between t* and full service that the chosen set is tried with


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
    least_share = _least_share(task, users, best_effort) if task.band_rule == "least-power" else 1.0
    targets = [demand] if least_share >= 1.0 else [demand, np.where(best_effort, demand * least_share, demand)]
    admitted = [_admitted(task, power, site, sets, whole_mbps, target, order) for target in targets]
    draw = np.min([kw for kw, _ in admitted], axis=0)
    if not np.isfinite(draw).any():
        return sets[-1], admitted[0][1][-1], False
    pick = int(np.argmin(draw))
    one = sets[pick : pick + 1]
    shares = np.linspace(1.0, least_share, _SHARES) if len(targets) > 1 else np.ones(1)
    goals = np.where(best_effort, demand * shares[:, None], demand)
    given = fill(whole_mbps, goals, np.repeat(one, len(shares), axis=0), order)
    full = (given.sum(axis=2) >= goals * FULL).all(axis=1)
    return one[0], given[int(np.argmax(full))] if full.any() else given[-1], True


def _admitted(
    task: DispatchTask,
    power: Power,
    site: int,
    sets: FloatArray,
    whole_mbps: FloatArray,
    target: FloatArray,
    order: IntArray,
) -> tuple[FloatArray, FloatArray]:
    """Draw of each set [S] when it carries ``target`` [M], infinite where it cannot; and the allocation."""
    given = fill(whole_mbps, np.repeat(target[None, :], len(sets), axis=0), sets, order)
    enough = (given.sum(axis=2) >= target * FULL).all(axis=1)
    blocks = np.divide(given, whole_mbps, out=np.zeros_like(given), where=whole_mbps > 0).sum(axis=1)
    fixed = np.where(sets > 0, power.idle_kw[site], power.standby_kw[site]).sum(axis=1)
    draw = fixed + blocks @ power.load_kw[site] + given.sum(axis=1) @ power.mbps_kw
    enough &= draw <= task.policy.power_budget_kw[site]
    return np.where(enough, draw, np.inf), given


def _least_share(task: DispatchTask, users: IntArray, best_effort: BoolArray) -> float:
    """t*: the share at which all best-effort users together lose just the tolerated utility; 1 where there are none."""
    weight = task.policy.class_weight[task.snapshot.service_class[users]]
    at_stake = float(weight[best_effort].sum())
    if at_stake <= 0.0:
        return 1.0
    lost = task.control.least_power_tolerance_frac * float(weight.sum()) * np.log(2.0) / at_stake
    return float(np.clip(2.0 * np.exp(-lost) - 1.0, 0.0, 1.0))


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
