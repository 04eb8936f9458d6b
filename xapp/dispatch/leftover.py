"""Who is short where it is served moves to a site with room for all that it asks for: what is left of the carriers that
are on there, and of the power budget.

Where everybody can be placed so all are served in full, which is the best that (27) can do, and no program is asked.
One user at a time, the most important class first, in it those who ask for least.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray
from xapp.dispatch.bands import FILLED_FRAC
from xapp.dispatch.efficiency import Radio
from xapp.dispatch.sharing import Power
from xapp.dispatch.task import DispatchTask

_STAYING_KW = 1e3  # more than any site draws: staying comes first


@dataclass(frozen=True)
class Placed:
    """Options [U] and rates [U, B], and which users [U] have all that they ask for by it."""

    option: IntArray
    rate_mbps: FloatArray
    done: BoolArray


@dataclass(frozen=True)
class Used:
    """What users take of each site: blocks [N, B] of its carriers and load-dependent power [N]."""

    blocks: FloatArray
    load_kw: FloatArray


def used(power: Power, site: IntArray, whole_mbps: FloatArray, rate_mbps: FloatArray) -> Used:
    """What users at ``site`` [M] (-1 nowhere) take with rates [M, B] of whole carriers [M, B]."""
    sites = len(power.load_kw)
    at = np.where(site >= 0, site, sites)
    share = np.divide(rate_mbps, whole_mbps, out=np.zeros_like(rate_mbps), where=whole_mbps > 0)
    columns = [np.bincount(at, share[:, b], sites + 1)[:-1] for b in range(share.shape[1])]
    blocks: FloatArray = np.stack(columns, axis=1)
    volume_kw = np.bincount(at, rate_mbps @ power.mbps_kw, sites + 1)[:-1]
    return Used(blocks, np.asarray((blocks * power.load_kw).sum(axis=1) + volume_kw, dtype=np.float64))


def placed(
    task: DispatchTask,
    power: Power,
    radio: Radio,
    band_on: BoolArray,
    option: IntArray,
    rate_mbps: FloatArray,
    short: IntArray,
    stay: bool,
) -> Placed:
    """``short`` users [M] each on one of the carriers ``band_on`` [N, B] that has room for it beside what the others
    have of ``rate_mbps`` [U, B]; ``stay``: by preference at the site that serves it now, else where ``option`` [U] has
    it, and there to the last block: the node serves in class order, so best effort may take the reserve."""
    free, free_kw = _free(task, power, radio, band_on, option, rate_mbps, short)
    site, need, need_kw = _needs(task, power, radio, band_on, short)
    here = np.arange(site.shape[1]) == option[short][:, None]
    wanted = need + np.where(here, 0.0, 1.0 - FILLED_FRAC)[..., None]
    if not stay:
        wanted[here] = np.inf
    serving = site == task.snapshot.serving_site[short][:, None]
    cost = np.where(here[..., None], 0.0, need_kw) - np.where(serving, _STAYING_KW, 0.0)[..., None]
    found = Placed(option.copy(), rate_mbps.copy(), np.zeros(len(option), dtype=np.bool_))
    ranked = np.lexsort((task.snapshot.demand_mbps[short], task.snapshot.service_class[short]))
    room = np.asarray(((wanted <= free[site]) & (need_kw <= free_kw[site][..., None])).any(axis=(1, 2)))
    for k in ranked[room[ranked]].tolist():  # there is never more room than before anybody is placed
        open_now = (wanted[k] <= free[site[k]]) & (need_kw[k] <= free_kw[site[k]][:, None])
        if not open_now.any():
            continue
        choice, band = divmod(int(np.argmin(np.where(open_now, cost[k], np.inf))), need.shape[2])
        free[site[k, choice], band] -= need[k, choice, band]
        free_kw[site[k, choice]] -= need_kw[k, choice, band]
        user = short[k]
        found.option[user], found.done[user] = choice, True
        found.rate_mbps[user] = 0.0
        found.rate_mbps[user, band] = task.snapshot.demand_mbps[user]
    return found


def _free(
    task: DispatchTask,
    power: Power,
    radio: Radio,
    band_on: BoolArray,
    option: IntArray,
    rate_mbps: FloatArray,
    short: IntArray,
) -> tuple[FloatArray, FloatArray]:
    """Blocks [N, B] and power [N] that all but the ``short`` users leave."""
    rows = np.arange(len(option))
    others_mbps = rate_mbps.copy()
    others_mbps[short] = 0.0
    taken = used(power, radio.candidate[rows, option], radio.rate_mbps[rows, option], others_mbps)
    free_kw = task.policy.power_budget_kw - power.fixed_kw(band_on) - taken.load_kw
    return np.where(band_on, 1.0 - taken.blocks, 0.0), free_kw


def _needs(
    task: DispatchTask, power: Power, radio: Radio, band_on: BoolArray, users: IntArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Sites [M, C] of the options of ``users`` [M], and the blocks and power [M, C, B] that all they ask for takes of
    each carrier there; infinite where it cannot be used."""
    candidate, demand_mbps = radio.candidate[users], task.snapshot.demand_mbps[users][:, None, None]
    site = np.maximum(candidate, 0)
    whole = np.where(band_on[site] & (candidate >= 0)[..., None], radio.rate_mbps[users], 0.0)
    need = np.divide(demand_mbps, whole, out=np.full_like(whole, np.inf), where=whole > 0)
    return site, need, need * power.load_kw[site] + demand_mbps * power.mbps_kw
