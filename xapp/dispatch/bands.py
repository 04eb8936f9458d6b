"""Which carriers a site needs: every set of them, at all sites at once (2^B each), once the association is fixed.

"all-on" keeps every allowed carrier. "least-power" takes, of the sets whose utility (27) is within the tolerance of
the best, the one that draws least. The best utility is everybody at full demand; the tolerance is spent where it is
cheapest, on best effort, as one served share t* for all of a site's best-effort users. A set is admitted when the fill
proves that full demand, or full demand with best effort at t*, fits; which user of best effort has how much on the set
chosen is then for (27) to say (``partial``). A site where not even all carriers suffice keeps them all.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gridran.radio.rate import total_mbps
from gridran.types import BoolArray, FloatArray, IntArray
from xapp.dispatch.fill import Queues, Rows, fill, queues, try_all
from xapp.dispatch.placement import Placement
from xapp.dispatch.sharing import FULL, Power, is_best_effort
from xapp.dispatch.task import DispatchTask

FILLED_FRAC = 0.92  # of a carrier: one that is planned to the last block sheds users at the first error in SINR
STAY_FRAC = 0.05  # of a site's draw, below which it does not switch carriers: its neighbours' users would feel it


@dataclass(frozen=True)
class Bands:
    """``band_on`` [N, B]; ``rate_mbps`` [U, B], a first guess where not all fits; ``fits`` [N]; ``partial`` [N] where
    best effort has less than it asks for; ``full_mbps`` [U, B], full demand as far as the carriers go; ``cells`` and
    rates of whole carriers ``whole_mbps`` [U, B] that it was found for."""

    band_on: BoolArray
    rate_mbps: FloatArray
    fits: BoolArray
    partial: BoolArray
    full_mbps: FloatArray
    cells: Cells
    whole_mbps: FloatArray

    def placement(self, option: IntArray) -> Placement:
        """Users where they were when carriers were chosen, by options [U] of the same picture."""
        return Placement(option, self.cells.ue_site, self.whole_mbps, self.band_on, self.rate_mbps)


@dataclass(frozen=True)
class Cells:
    """Sites ``site`` [G] with some carrier ``allowed`` [G, B] and their users [M] in ``rows``, as ``ue_site`` [U] has
    them: numbers ``user``, -1 for the nobody that every site has, so that none is empty; of each ``demand_mbps`` and
    whether it is ``best_effort``; t* of each site is its ``least_share`` [G]. What is known of users [U] gets an entry
    for nobody at the end."""

    ue_site: IntArray
    site: IntArray
    allowed: BoolArray
    rows: Rows
    user: IntArray
    demand_mbps: FloatArray
    best_effort: BoolArray
    least_share: FloatArray


_Decided = tuple[BoolArray, FloatArray, BoolArray, BoolArray, FloatArray]
"""As in ``Bands``, of sites [G] and their users [M]."""
_Rule = Callable[[DispatchTask, Power, Cells, Queues, FloatArray], _Decided]


def cells_of(task: DispatchTask, allowed: BoolArray, ue_site: IntArray) -> Cells:
    """The sites that may be awake under ``allowed`` [N, B], with the users that ``ue_site`` [U] gives them."""
    site = np.flatnonzero(allowed.any(axis=1))
    group_of = np.full(len(allowed) + 1, -1)  # the last is that of users without a site
    group_of[site] = np.arange(len(site))
    group = np.concatenate([group_of[ue_site], np.arange(len(site))])
    ranked = np.argsort(group.astype(np.int16), kind="stable")[np.count_nonzero(group < 0) :]
    user, group = np.where(ranked < len(ue_site), ranked, -1), group[ranked]
    rows = Rows(group, np.searchsorted(group, np.arange(len(site))))
    demand_mbps, best_effort = np.append(task.snapshot.demand_mbps, 0.0)[user], np.append(is_best_effort(task), False)
    least_share = _least_share(task, user, rows, best_effort[user]) if len(site) else np.zeros(0)
    return Cells(ue_site, site, allowed[site], rows, user, demand_mbps, best_effort[user], least_share)


def choose(task: DispatchTask, power: Power, cells: Cells, whole_mbps: FloatArray) -> Bands:
    """Carrier sets and rates; ``whole_mbps`` [U, B] is a whole carrier of each user's own serving site."""
    return _decided(task, power, cells, whole_mbps, _everything if task.band_rule == "all-on" else _cheapest)


def in_force(task: DispatchTask, power: Power, cells: Cells, whole_mbps: FloatArray) -> Bands:
    """The same without a search while all fits on the carriers that are on already, or on all allowed ones."""
    return _decided(task, power, cells, whole_mbps, _everything if task.band_rule == "all-on" else _kept)


def _decided(task: DispatchTask, power: Power, cells: Cells, whole_mbps: FloatArray, decide: _Rule) -> Bands:
    sites, bands = task.snapshot.band_on.shape
    band_on, fits = np.zeros((sites, bands), dtype=np.bool_), np.ones(sites, dtype=np.bool_)
    partial, nothing = np.zeros_like(fits), np.zeros((1, bands))
    rate_mbps = np.zeros((len(whole_mbps) + 1, bands))
    full_mbps = np.zeros_like(rate_mbps)
    if cells.site.size:
        full_frac = 1.0 if task.band_rule == "all-on" else FILLED_FRAC
        whole = np.concatenate([whole_mbps * full_frac, nothing]).take(cells.user, axis=0)
        queue = queues(cells.rows, whole, _order(power, cells, whole))
        found = decide(task, power, cells, queue, whole)
        band_on[cells.site], rate_mbps[cells.user], fits[cells.site], partial[cells.site], full_mbps[cells.user] = found
    return Bands(band_on, rate_mbps[:-1], fits, partial, full_mbps[:-1], cells, whole_mbps)


def _everything(task: DispatchTask, power: Power, cells: Cells, queue: Queues, whole_mbps: FloatArray) -> _Decided:
    """All allowed carriers with full demand on them."""
    goal = cells.demand_mbps[None]
    given = fill(queue, goal, cells.allowed)
    affordable = _total_kw(power, cells, cells.allowed, given, whole_mbps) <= task.policy.power_budget_kw[cells.site]
    fits = _carried(cells, given, goal)[0] & affordable[0]
    return cells.allowed, given[0], fits, np.zeros_like(fits), given[0]


def _total_kw(
    power: Power, cells: Cells, band_on: BoolArray, given_mbps: FloatArray, whole_mbps: FloatArray
) -> FloatArray:
    """Draw [T, G] of sites with the carriers ``band_on`` [G, B] that carry ``given_mbps`` [T, M, B]."""
    fixed_kw = power.at(cells.site).fixed_kw(band_on)
    blocks_kw = power.load_kw[cells.site][cells.rows.group] / np.where(whole_mbps > 0, whole_mbps, np.inf)
    user_kw = total_mbps(given_mbps * (blocks_kw + power.mbps_kw))
    return np.asarray(fixed_kw + np.add.reduceat(user_kw, cells.rows.first, axis=1), dtype=np.float64)


def _cheapest(task: DispatchTask, power: Power, cells: Cells, queue: Queues, whole_mbps: FloatArray) -> _Decided:
    """The set of carriers that carries what is wanted for the least draw; all allowed ones where there is none."""
    sets = carrier_sets(whole_mbps.shape[1])
    draw_kw = _draw_kw(task, power, cells, queue, sets)
    same = (sets[:, None] == task.snapshot.band_on[cells.site]).all(axis=2)
    draw_kw = np.where(same, draw_kw * (1.0 - STAY_FRAC), draw_kw)
    found = np.asarray(np.isfinite(draw_kw).any(axis=0))
    picked = np.where(found[:, None], sets[np.argmin(draw_kw, axis=0)], cells.allowed)
    return _carried_on(task, power, cells, queue, whole_mbps, picked)


def _kept(task: DispatchTask, power: Power, cells: Cells, queue: Queues, whole_mbps: FloatArray) -> _Decided:
    """The carriers in force; where that is not enough all of them; where that costs too much the search's."""
    on = task.snapshot.band_on[cells.site] & cells.allowed
    found = _carried_on(task, power, cells, queue, whole_mbps, on)
    fits = found[2]
    if fits.all():
        return found
    wider = np.where(fits[:, None], on, cells.allowed)
    if not np.array_equal(wider, on):
        found = _carried_on(task, power, cells, queue, whole_mbps, wider)
    return found if found[2].all() else _cheapest(task, power, cells, queue, whole_mbps)


def _carried_on(
    task: DispatchTask,
    power: Power,
    cells: Cells,
    queue: Queues,
    whole_mbps: FloatArray,
    picked: BoolArray,
) -> _Decided:
    """What the carriers ``picked`` [G, B] carry: full demand, else best effort at t*, else full demand as far as they
    go."""
    goals = _goals(cells, np.stack([np.ones_like(cells.least_share), cells.least_share]))
    given = fill(queue, goals, picked)
    affordable = _total_kw(power, cells, picked, given, whole_mbps) <= task.policy.power_budget_kw[cells.site]
    full, less = _carried(cells, given, goals) & affordable
    partial = less & ~full
    return picked, np.where(partial[cells.rows.group][:, None], given[1], given[0]), full | less, partial, given[0]


def _draw_kw(task: DispatchTask, power: Power, cells: Cells, queue: Queues, sets: BoolArray) -> FloatArray:
    """Draw [S, G] with which each of ``sets`` [S, B] carries best effort at t* and all others in full, infinite where
    it cannot."""
    carried, load_kw = try_all(queue, _goals(cells, cells.least_share), power.load_kw[cells.site], power.mbps_kw)
    state = (sets[:, queue.order] << np.arange(sets.shape[1])).sum(axis=2)  # [S, G]
    columns = np.arange(len(cells.site))
    draw_kw = power.at(cells.site).fixed_kw(sets[:, None]) + load_kw[state, columns]
    admitted = carried[state, columns] & (draw_kw <= task.policy.power_budget_kw[cells.site])
    admitted &= ~(sets[:, None] & ~cells.allowed).any(axis=2)
    return np.asarray(np.where(admitted, draw_kw, np.inf), dtype=np.float64)


def _goals(cells: Cells, share: FloatArray) -> FloatArray:
    """Rates wanted [..., M]: full demand, best effort at ``share`` [..., G]."""
    return np.where(cells.best_effort, cells.demand_mbps * share[..., cells.rows.group], cells.demand_mbps)


def _carried(cells: Cells, given_mbps: FloatArray, goals_mbps: FloatArray) -> BoolArray:
    """Sites [T, G] at which every user's goal [T, M] is carried by ``given_mbps`` [T, M, B]."""
    enough = total_mbps(given_mbps) >= goals_mbps * FULL
    return np.logical_and.reduceat(enough, cells.rows.first, axis=1)


def _least_share(task: DispatchTask, user: IntArray, rows: Rows, best_effort: BoolArray) -> FloatArray:
    """t* [G]: the share at which all best-effort users of a site together lose just the tolerated utility; 1 where
    there are none. Users whom the policy throttles do not lose their service by it."""
    weight = np.append(task.policy.class_weight[task.snapshot.service_class], 0.0)[user]
    both = np.add.reduceat([weight, np.where(best_effort, weight, 0.0)], rows.first, axis=1)
    lost = task.control.least_power_tolerance_frac * both[0] * np.log(2.0)
    lost = np.divide(lost, both[1], out=np.zeros_like(lost), where=both[1] > 0.0)
    share = np.clip(2.0 * np.exp(-lost) - 1.0, 0.0, 1.0)
    return np.asarray(np.maximum(share, _served_share(task, user, rows, best_effort)), dtype=np.float64)


def _served_share(task: DispatchTask, user: IntArray, rows: Rows, best_effort: BoolArray) -> FloatArray:
    """The share [G] of what it asks for from which all of a site's best effort has the rate that it was promised."""
    demand = np.maximum(task.snapshot.demand_mbps, 1e-12)
    promised = np.append(np.minimum(task.snapshot.min_rate_mbps / demand, 1.0), 0.0)[user]
    return np.maximum.reduceat(np.where(best_effort, promised, 0.0), rows.first)


def _order(power: Power, cells: Cells, whole_mbps: FloatArray) -> IntArray:
    """Carriers [G, B] by energy per megabit at each site, cheapest first; those that nobody can use come last."""
    heard = np.add.reduceat((whole_mbps > 0).astype(np.float64), cells.rows.first, axis=0)
    mean = np.add.reduceat(whole_mbps, cells.rows.first, axis=0) / np.maximum(heard, 1.0)
    cost = np.where(mean > 0, power.load_kw[cells.site] / np.maximum(mean, 1e-9) + power.mbps_kw, np.inf)
    return np.argsort(cost, axis=1, kind="stable")


@functools.cache
def carrier_sets(bands: int) -> BoolArray:
    """Every set of carriers [S, B] but the empty one, small ones first; shared, so read-only."""
    chosen = [c for size in range(1, bands + 1) for c in itertools.combinations(range(bands), size)]
    sets = np.array([[band in one for band in range(bands)] for one in chosen], dtype=np.bool_)
    sets.setflags(write=False)
    return sets
