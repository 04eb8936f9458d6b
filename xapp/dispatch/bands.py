"""Which carriers a site needs: every set of them, at all sites at once (2^B each), once the association is fixed.

"all-on" keeps every allowed carrier. "least-power" takes, of the sets whose utility (27) is within the tolerance of
the best, the one that draws least. The best utility is everybody at full demand; the tolerance is spent where it is
cheapest, on best effort, as one served share t* for all of a site's best-effort users. A set is admitted when the fill
proves that full demand, or full demand with best effort at t*, fits; which user of best effort has how much on the set
chosen is then for (27) to say (``partial``). A site where not even all carriers suffice keeps them all.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray
from xapp.dispatch.fill import Queues, fill, queues, try_all
from xapp.dispatch.sharing import FULL, Power, is_best_effort
from xapp.dispatch.task import DispatchTask

FILLED_FRAC = 0.92  # of a carrier: one that is planned to the last block sheds users at the first error in SINR
STAY_FRAC = 0.05  # of a site's draw, below which it does not switch carriers: its neighbours' users would feel it
_BATCH_USERS = 600  # padded users that take as long as another batch


@dataclass(frozen=True)
class Bands:
    """``band_on`` [N, B]; ``rate_mbps`` [U, B], a first guess where not all fits; ``fits`` [N]; ``partial`` [N] where
    best effort has less than it asks for."""

    band_on: BoolArray
    rate_mbps: FloatArray
    fits: BoolArray
    partial: BoolArray


@dataclass(frozen=True)
class _Cells:
    """Sites ``site`` [G] with some carrier ``allowed`` [G, B], and their users padded to M each: ``user`` [G, M],
    ``here`` [G, M] whether there is one; of each ``demand_mbps`` and ``best_effort`` [G, M]."""

    site: IntArray
    allowed: BoolArray
    user: IntArray
    here: BoolArray
    demand_mbps: FloatArray
    best_effort: BoolArray


_Decided = tuple[BoolArray, FloatArray, BoolArray, BoolArray]
"""Carriers [G, B], rates [G, M, B], and whether a site fits and is partial [G], as in ``Bands``."""


def choose(task: DispatchTask, power: Power, allowed: BoolArray, ue_site: IntArray, whole_mbps: FloatArray) -> Bands:
    """Carrier sets and rates; ``whole_mbps`` [U, B] is a whole carrier of each user's own serving site."""
    band_on, fits = np.zeros_like(allowed), np.ones(len(allowed), dtype=np.bool_)
    partial, rate_mbps = np.zeros_like(fits), np.zeros_like(whole_mbps)
    decide = _everything if task.band_rule == "all-on" else _least_power
    full = 1.0 if task.band_rule == "all-on" else FILLED_FRAC
    for cells in _batches(task, allowed, ue_site):
        whole = np.where(cells.here[..., None], whole_mbps[cells.user] * full, 0.0)
        queue = queues(whole, _order(power, cells.site, whole))
        band_on[cells.site], given, fits[cells.site], partial[cells.site] = decide(task, power, cells, queue, whole)
        rate_mbps[cells.user[cells.here]] = given[cells.here]
    return Bands(band_on, rate_mbps, fits, partial)


def _batches(task: DispatchTask, allowed: BoolArray, ue_site: IntArray) -> list[_Cells]:
    """The sites awake, small ones apart from large ones where that saves more padding than it costs."""
    count = np.bincount(ue_site + 1, minlength=len(allowed) + 1)[1:]  # users without a site are before the first
    site = np.flatnonzero(allowed.any(axis=1))
    by_size = site[np.argsort(count[site], kind="stable")]
    size, small = count[by_size], np.arange(len(site))
    if not site.size:
        return []
    padded = small * size[small - 1] + (len(site) - small) * size[-1] + np.where(small > 0, _BATCH_USERS, 0)
    cut = int(np.argmin(padded))
    ranked = np.argsort(ue_site, kind="stable")
    first = np.cumsum(count) - count + int((ue_site < 0).sum())
    return [_cells(task, allowed, part, ranked, first, count) for part in (by_size[:cut], by_size[cut:]) if part.size]


def _cells(
    task: DispatchTask, allowed: BoolArray, site: IntArray, ranked: IntArray, first: IntArray, count: IntArray
) -> _Cells:
    """The cells of ``site`` [G]; users of site i are ``count[i]`` of ``ranked`` [U] from ``first[i]`` on."""
    column = np.arange(count[site].max())
    here = column < count[site][:, None]
    user = ranked[np.minimum(first[site][:, None] + column, len(ranked) - 1)]
    demand_mbps = np.where(here, task.snapshot.demand_mbps[user], 0.0)
    return _Cells(site, allowed[site], user, here, demand_mbps, here & is_best_effort(task)[user])


def _everything(task: DispatchTask, power: Power, cells: _Cells, queue: Queues, whole_mbps: FloatArray) -> _Decided:
    """All allowed carriers with full demand on them."""
    given = fill(queue, cells.demand_mbps[None], cells.allowed)[0]
    affordable = _total_kw(power, cells, cells.allowed, given, whole_mbps) <= task.policy.power_budget_kw[cells.site]
    fits = _carried(given, cells.demand_mbps) & affordable
    return cells.allowed, given, fits, np.zeros_like(fits)


def _total_kw(
    power: Power, cells: _Cells, band_on: BoolArray, given_mbps: FloatArray, whole_mbps: FloatArray
) -> FloatArray:
    """Draw [..., G] of sites with the carriers ``band_on`` [G, B] that carry ``given_mbps`` [..., G, M, B]."""
    fixed_kw = np.where(band_on, power.idle_kw[cells.site], power.standby_kw[cells.site]).sum(axis=1)
    blocks = given_mbps / np.where(whole_mbps > 0, whole_mbps, np.inf)
    used, volume_mbps = np.einsum("...mb->...b", blocks), np.einsum("...mb->...b", given_mbps)
    load_kw = (used * power.load_kw[cells.site]).sum(axis=-1) + volume_mbps @ power.mbps_kw
    return np.asarray(fixed_kw + load_kw, dtype=np.float64)


def _least_power(task: DispatchTask, power: Power, cells: _Cells, queue: Queues, whole_mbps: FloatArray) -> _Decided:
    """The cheapest set of carriers that carries what is wanted; all allowed ones with full demand, as far as they go,
    where there is none."""
    least_share = _least_share(task, cells)
    sets = _sets(whole_mbps.shape[2])
    draw_kw = _draw_kw(task, power, cells, queue, sets, least_share)
    same = (sets[:, None] == task.snapshot.band_on[cells.site]).all(axis=2)
    draw_kw = np.where(same, draw_kw * (1.0 - STAY_FRAC), draw_kw)
    found = np.asarray(np.isfinite(draw_kw).any(axis=0))
    picked = np.where(found[:, None], sets[np.argmin(draw_kw, axis=0)], cells.allowed)
    goals = _goals(cells, np.stack([np.ones_like(least_share), np.where(found, least_share, 1.0)]))
    all_of_it, less = fill(queue, goals, picked)
    affordable = _total_kw(power, cells, picked, all_of_it, whole_mbps) <= task.policy.power_budget_kw[cells.site]
    partial = found & ~(_carried(all_of_it, goals[0]) & affordable)
    return picked, np.where(partial[:, None, None], less, all_of_it), found, partial


def _draw_kw(
    task: DispatchTask, power: Power, cells: _Cells, queue: Queues, sets: BoolArray, least_share: FloatArray
) -> FloatArray:
    """Least draw [S, G] with which each of ``sets`` [S, B] carries what is wanted, infinite where it cannot."""
    shares = np.stack([np.ones_like(least_share), least_share]) if (least_share < 1.0).any() else np.ones((1, 1))
    carried, load_kw = try_all(queue, _goals(cells, shares), power.load_kw[cells.site], power.mbps_kw)
    state = (sets[:, queue.order] << np.arange(sets.shape[1])).sum(axis=2)  # [S, G]
    columns = np.arange(len(cells.site))
    fixed_kw = np.where(sets[:, None], power.idle_kw[cells.site], power.standby_kw[cells.site]).sum(axis=2)
    draw_kw = fixed_kw[:, None] + load_kw[state, :, columns].transpose(0, 2, 1)
    admitted = carried[state, :, columns].transpose(0, 2, 1) & (draw_kw <= task.policy.power_budget_kw[cells.site])
    forbidden = np.asarray((sets[:, None] & ~cells.allowed).any(axis=2))
    admitted &= ~forbidden[:, None]
    return np.asarray(np.where(admitted, draw_kw, np.inf).min(axis=1))


def _goals(cells: _Cells, share: FloatArray) -> FloatArray:
    """Rates wanted [T, G, M]: full demand, best effort at ``share`` [T, G]."""
    return np.where(cells.best_effort, cells.demand_mbps * share[..., None], cells.demand_mbps)


def _carried(given_mbps: FloatArray, goals_mbps: FloatArray) -> BoolArray:
    """Sites [..., G] at which every user's goal [..., G, M] is carried by ``given_mbps`` [..., G, M, B]."""
    total_mbps = sum(given_mbps[..., b] for b in range(given_mbps.shape[-1]))  # few carriers, many users
    return np.asarray((total_mbps >= goals_mbps * FULL).all(axis=-1), dtype=np.bool_)


def _least_share(task: DispatchTask, cells: _Cells) -> FloatArray:
    """t* [G]: the share at which all best-effort users of a site together lose just the tolerated utility; 1 where
    there are none. Users whom the policy throttles do not lose their service by it."""
    weight = np.where(cells.here, task.policy.class_weight[task.snapshot.service_class[cells.user]], 0.0)
    at_stake = np.where(cells.best_effort, weight, 0.0).sum(axis=1)
    lost = task.control.least_power_tolerance_frac * weight.sum(axis=1) * np.log(2.0)
    lost = np.divide(lost, at_stake, out=np.zeros_like(lost), where=at_stake > 0.0)
    share = np.clip(2.0 * np.exp(-lost) - 1.0, 0.0, 1.0)
    return np.asarray(np.maximum(share, _served_share(task, cells)), dtype=np.float64)


def _served_share(task: DispatchTask, cells: _Cells) -> FloatArray:
    """The share [G] of what it asks for from which all of a site's best effort has the rate that it was promised."""
    demand = np.maximum(task.snapshot.demand_mbps, 1e-12)
    promised = np.minimum(task.snapshot.min_rate_mbps / demand, 1.0)[cells.user]
    return np.asarray(np.where(cells.best_effort, promised, 0.0).max(axis=1, initial=0.0), dtype=np.float64)


def _order(power: Power, site: IntArray, whole_mbps: FloatArray) -> IntArray:
    """Carriers [G, B] by energy per megabit at each site, cheapest first; those that nobody can use come last."""
    mean = np.einsum("gmb->gb", whole_mbps) / np.maximum(np.count_nonzero(whole_mbps, axis=1), 1)
    cost = np.where(mean > 0, power.load_kw[site] / np.maximum(mean, 1e-9) + power.mbps_kw, np.inf)
    return np.argsort(cost, axis=1, kind="stable")


def _sets(bands: int) -> BoolArray:
    """Every set of carriers [S, B] but the empty one, small ones first."""
    chosen = [c for size in range(1, bands + 1) for c in itertools.combinations(range(bands), size)]
    return np.array([[band in one for band in range(bands)] for one in chosen], dtype=np.bool_)
