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
from xapp.dispatch.placement import Placement, moved, used
from xapp.dispatch.sharing import Power
from xapp.dispatch.task import DispatchTask

_STAYING_KW = 1e3  # more than any site draws: staying comes first


@dataclass(frozen=True)
class Placed:
    """A placement, and which users [U] have all that they ask for by it."""

    at: Placement
    done: BoolArray


def placed(task: DispatchTask, power: Power, radio: Radio, before: Placement, short: IntArray, stay: bool) -> Placed:
    """``short`` users [M] each on one carrier that has room for it beside what the others have ``before``; ``stay``: by
    preference at the site that serves it now, else where its option is, and there to the last block: the node serves in
    class order, so best effort may take the reserve. Who finds no place keeps what it had."""
    done = np.zeros(len(before.option), dtype=np.bool_)
    if not short.size:
        return Placed(before, done)
    free, free_kw = _free(task, power, before, short)
    site, need, need_kw = _needs(task, power, radio, before.band_on, short)
    here = np.arange(site.shape[1]) == before.option[short][:, None]
    wanted = need + np.where(here, 0.0, 1.0 - FILLED_FRAC)[..., None]
    if not stay:
        wanted[here] = np.inf
    serving_now = site == task.snapshot.serving_site[short][:, None]
    cost = np.where(here[..., None], 0.0, need_kw) - np.where(serving_now, _STAYING_KW, 0.0)[..., None]
    option, rate_mbps = before.option.copy(), before.rate_mbps.copy()
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
        option[user], done[user] = choice, True
        rate_mbps[user] = 0.0
        rate_mbps[user, band] = task.snapshot.demand_mbps[user]
    return Placed(moved(task, radio, before, option, rate_mbps), done)


def _free(task: DispatchTask, power: Power, before: Placement, short: IntArray) -> tuple[FloatArray, FloatArray]:
    """Blocks [N, B] and power [N] that all but the ``short`` users leave. Where one of them then finds no place its
    site has to share out anew: others may be on what it had."""
    others_mbps = before.rate_mbps.copy()
    others_mbps[short] = 0.0
    taken = used(power, before.ue_site, before.whole_mbps, others_mbps)
    free_kw = task.policy.power_budget_kw - power.fixed_kw(before.band_on) - taken.load_kw
    return np.where(before.band_on, 1.0 - taken.blocks, 0.0), free_kw


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
