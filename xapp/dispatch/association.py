"""Who serves whom (6): one site per user.

A user stays with the site that serves it while that site gives at least ``KEEP_FRAC`` of what the best one would, else
it goes to the strongest that may serve it. While every site can carry its users so chosen, that is an optimum of (27):
everybody is at full demand. Where some site cannot, users whom it would draw from elsewhere stay there, and who is left
out takes what is left at other sites. Where that is not enough a program decides: around new modes at once, on the
carriers that the plan counted on (``spread``), else once carriers are chosen (``exchange``).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridran.radio.rate import total_mbps
from gridran.types import BoolArray, IntArray
from xapp.dispatch.bands import Bands
from xapp.dispatch.efficiency import Radio
from xapp.dispatch.leftover import placed
from xapp.dispatch.placement import Placement, moved, used_by
from xapp.dispatch.sharing import FULL, Power
from xapp.dispatch.spread import joint, moved_by, neighbourhoods, power_cost_per_kw, spread
from xapp.dispatch.task import DispatchTask
from xapp.dispatch.throttle import wanting

KEEP_FRAC = 0.5


def strongest(radio: Radio) -> IntArray:
    """Option number [U] of the strongest site that can serve each user, 0 where there is none."""
    first: IntArray = np.argmax(radio.best_mbps > 0, axis=1)
    return first


def preferred(task: DispatchTask, radio: Radio) -> IntArray:
    """Option number [U]: the serving site while it is good enough, else the strongest.

    A link that gave nothing is not good, whatever is predicted: the strongest of the others is tried before it.
    """
    best = radio.best_mbps
    serving, works = _serving(task, radio), (task.snapshot.served_mbps > 0.0)[:, None]
    good = serving & works & (best > 0) & (best >= KEEP_FRAC * best.max(axis=1, keepdims=True))
    others = (best > 0) & ~(serving & ~works)
    elsewhere = np.where(others.any(axis=1), np.argmax(others, axis=1), strongest(radio))
    return np.where(good.any(axis=1), np.argmax(good, axis=1), elsewhere)


def _serving(task: DispatchTask, radio: Radio) -> BoolArray:
    """Which options [U, C] are the sites that serve now."""
    serving: BoolArray = (radio.candidate == task.snapshot.serving_site[:, None]) & (radio.candidate >= 0)
    return serving


def stayed(task: DispatchTask, radio: Radio, option: IntArray, fits: BoolArray) -> IntArray:
    """The same options, but users whom a crowded site would draw to it stay where they are, weaker as it is; ``fits``
    [N] says which sites are not crowded."""
    works = _serving(task, radio) & (radio.best_mbps > 0) & (task.snapshot.served_mbps > 0.0)[:, None]
    crowded = ~np.append(fits, True)[radio.candidate[np.arange(len(option)), option]]
    return np.where(crowded & works.any(axis=1), np.argmax(works, axis=1), option)


def rescued(radio: Radio, option: IntArray) -> IntArray:
    """The same options, but the strongest for users whose own option gives nothing under this radio picture."""
    rows = np.arange(len(option))
    lost = radio.best_mbps[rows, option] <= 0
    return np.where(lost, strongest(radio), option)


def planned_bands(task: DispatchTask, radio: Radio) -> BoolArray:
    """Carriers [N, B] that the plan counted on, where they are still allowed; all allowed ones where none is."""
    planned = radio.allowed & task.policy.band_planned
    return np.where(planned.any(axis=1, keepdims=True), planned, radio.allowed)


def around(task: DispatchTask, radio: Radio, site: BoolArray) -> BoolArray:
    """Sites [N] that share users with some of ``site`` [N]: whom it could serve, or has served up to now."""
    here = np.append(site, False)
    near = here[radio.candidate].any(axis=1) | here[task.snapshot.serving_site]
    found = np.zeros(len(site) + 1, dtype=np.bool_)
    found[radio.candidate[near]] = True
    return found[:-1] | site


def associate(
    task: DispatchTask, radio: Radio, power: Power, option: IntArray, chosen: Bands, as_planned: bool
) -> IntArray:
    """Option number [U] of each user when the choice ``option`` does not fit at all sites, for which ``chosen`` are the
    carriers and rates.

    Users of sites that fit stay as they are; those of the others may move into what is left there. ``as_planned``:
    where that is not enough a program decides, on the carriers that the plan counted on.
    """
    before = chosen.placement(option)
    crowded = ~np.append(chosen.fits, True)[before.ue_site] & wanting(task)
    if not (np.count_nonzero(radio.best_mbps[crowded] > 0, axis=1) > 1).any():
        return option
    left_out = np.flatnonzero(crowded & (total_mbps(chosen.rate_mbps) < task.snapshot.demand_mbps * FULL))
    rest = placed(task, power, radio, before, left_out, stay=False)
    open_sites = ~chosen.fits & ~_affordable(task, power, rest.at)
    open_sites[before.ue_site[left_out[~rest.done[left_out]]]] = True
    if not open_sites.any():
        return rest.at.option
    settled = ~np.append(open_sites, False)[before.ue_site]
    option = np.where(settled, rest.at.option, option)
    if not as_planned:
        return option
    rate_mbps = np.where(settled[:, None], rest.at.rate_mbps, chosen.rate_mbps)
    planned = replace(moved(task, radio, before, option, rate_mbps), band_on=planned_bands(task, radio))
    for sites in neighbourhoods(task.network, open_sites):
        found = spread(joint(task, radio, power, planned, sites), planned.option, power_cost_per_kw(task))
        planned = moved_by(task, radio, planned, found)
    return planned.option


def _affordable(task: DispatchTask, power: Power, at: Placement) -> BoolArray:
    """Which sites [N] can pay for what they would serve: one may be crowded for want of power alone."""
    cost_kw = power.fixed_kw(at.band_on) + used_by(power, at).load_kw
    return np.asarray((cost_kw <= task.policy.power_budget_kw) | ~at.band_on.any(axis=1), dtype=np.bool_)
