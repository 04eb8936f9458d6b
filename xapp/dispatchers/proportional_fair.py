"""Dispatcher ``proportional-fair``: Eq. (27) for one period, with either association and either band rule.

Order of decisions: radio picture → who serves whom → carriers → rates → a second radio picture under the activity
that the decision itself causes → rates again → cars. Each step falls back to something that always exists, so a period
never goes without a control.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from gridran.radio.rate import total_mbps
from gridran.types import BoolArray, Dispatch, DispatchTier, FloatArray, IntArray
from xapp.dispatch import bands, crowded, v2g
from xapp.dispatch.association import around, associate, planned_bands, preferred, rescued, stayed
from xapp.dispatch.efficiency import Radio, radio_of, with_activity
from xapp.dispatch.leftover import placed, used
from xapp.dispatch.sharing import FULL, Power, power_of
from xapp.dispatch.shed import shed_reason
from xapp.dispatch.spread import relieved
from xapp.dispatch.task import DispatchTask
from xapp.dispatch.throttle import throttled, wanting

_Rule = Callable[[DispatchTask, Power, bands.Cells, FloatArray], bands.Bands]


@dataclass(frozen=True)
class Decided:
    """Who is served how, of what is ``asked``: under the ``radio`` picture of this very decision carriers ``band_on``
    [N, B], serving sites ``ue_site`` [U] (-1 none) with the rates ``whole_mbps`` [U, B] of whole carriers there, and
    ``rate_mbps`` [U, B]."""

    asked: DispatchTask
    radio: Radio
    band_on: BoolArray
    ue_site: IntArray
    whole_mbps: FloatArray
    rate_mbps: FloatArray
    tier: DispatchTier


def dispatch(task: DispatchTask) -> Dispatch:
    """The control of the period: carriers, serving sites, rates, V2G, and a reason for every shed user.

    Users are given no more than the policy permits, by own cell (``throttle``).
    """
    power = power_of(task.network)
    return _control(task, power, decide(throttled(task), power))


def decide(asked: DispatchTask, power: Power) -> Decided:
    """Association, carriers and rates for what is ``asked``."""
    radio = radio_of(asked)
    new_mode = np.ones(len(radio.mode), dtype=np.bool_)
    if asked.previous is not None:
        new_mode = asked.previous.mode != radio.mode
    option = _association(asked, radio, power, new_mode)
    rule = bands.choose if new_mode.any() else bands.in_force
    chosen = _chosen_bands(asked, radio, power, option, radio.allowed, rule)
    if asked.association == "cooperative" and not chosen.fits.all():
        option, chosen = _spread(asked, radio, power, option, chosen)
    needed = used(power, chosen.cells.ue_site, chosen.whole_mbps, chosen.rate_mbps).blocks
    radio = with_activity(asked, radio, _activity(asked, chosen.band_on, needed))
    option = rescued(radio, option)
    fitted = chosen.fits
    chosen = _chosen_bands(asked, radio, power, option, radio.allowed, before=chosen)
    served = _settled(asked, radio, power, chosen, option) if chosen.partial.any() else _filled(chosen, option)
    surprised = fitted & ~chosen.fits  # by the second radio picture
    if asked.association == "cooperative" and surprised.any():
        served = _relieved(asked, radio, power, chosen.band_on, served, surprised)
    return _shared(asked, radio, power, chosen, served)


def _spread(
    task: DispatchTask, radio: Radio, power: Power, option: IntArray, chosen: bands.Bands
) -> tuple[IntArray, bands.Bands]:
    """Options and what they need where ``option`` crowds some sites."""
    stays = stayed(task, radio, option, chosen.fits)
    if not np.array_equal(stays, option):
        option, chosen = stays, _chosen_bands(task, radio, power, stays, radio.allowed)
        if chosen.fits.all():
            return option, chosen
    moved = associate(task, radio, power, option, chosen, as_planned=False)
    if np.array_equal(moved, option):
        return option, chosen
    return moved, _chosen_bands(task, radio, power, moved, radio.allowed)


def _association(task: DispatchTask, radio: Radio, power: Power, new_mode: BoolArray) -> IntArray:
    """Who serves whom: around sites with a ``new_mode`` [N], by policy or slot, users spread over the sites as the plan
    meant, on its carriers; from then on they stay where they are well served."""
    option = preferred(task, radio)
    if task.association == "own-cell" or task.band_rule == "all-on" or not new_mode.any():
        return option
    chosen = _chosen_bands(task, radio, power, option, planned_bands(task, radio))
    chosen = replace(chosen, fits=chosen.fits | ~around(task, radio, new_mode))
    return option if chosen.fits.all() else associate(task, radio, power, option, chosen, as_planned=True)


def _chosen_bands(
    task: DispatchTask,
    radio: Radio,
    power: Power,
    option: IntArray,
    allowed: BoolArray,
    rule: _Rule = bands.choose,
    before: bands.Bands | None = None,
) -> bands.Bands:
    """Carriers under ``option``; ``before`` are those chosen under the same ``allowed``, by another picture."""
    ue_site, whole = _serving(task, radio, option)
    if before is not None and np.array_equal(before.cells.ue_site, ue_site):
        return rule(task, power, before.cells, whole)
    return rule(task, power, bands.cells_of(task, allowed, ue_site), whole)


def _serving(task: DispatchTask, radio: Radio, option: IntArray) -> tuple[IntArray, FloatArray]:
    """Serving site [U] (-1 none) and its whole-carrier rates [U, B]; none for users who ask for nothing."""
    users, options, band_count = radio.rate_mbps.shape
    at = np.arange(users) * options + option
    wants = wanting(task)
    served = wants & (radio.best_mbps.ravel().take(at) > 0)
    whole_mbps = radio.rate_mbps.reshape(-1, band_count).take(at, axis=0)
    return np.where(served, radio.candidate.ravel().take(at), -1), whole_mbps * wants[:, None]


@dataclass(frozen=True)
class _Served:
    """Option numbers [U], serving sites [U] (-1 none) with the rates [U, B] of whole carriers there, and rates
    [U, B]."""

    option: IntArray
    ue_site: IntArray
    whole_mbps: FloatArray
    rate_mbps: FloatArray


def _filled(chosen: bands.Bands, option: IntArray) -> _Served:
    """As the carriers were chosen for."""
    return _Served(option, chosen.cells.ue_site, chosen.whole_mbps, chosen.rate_mbps)


def _settled(task: DispatchTask, radio: Radio, power: Power, chosen: bands.Bands, option: IntArray) -> _Served:
    """``option`` [U] once best effort of partial sites has what it asks for, there or where else there is room; where
    it cannot have that, some make room for others, and the program shares out what there is. A site for which it has no
    answer stays as filled, which is within the tolerance, too."""
    at = np.append(chosen.partial, False)[chosen.cells.ue_site]
    full_mbps = np.where(at[:, None], chosen.full_mbps, chosen.rate_mbps)
    short = np.flatnonzero(at & (total_mbps(full_mbps) < task.snapshot.demand_mbps * FULL))
    found = placed(task, power, radio, chosen.band_on, option, full_mbps, short, stay=True)
    ue_site, whole = chosen.cells.ue_site, chosen.whole_mbps
    if found.done.any():
        ue_site, whole = _serving(task, radio, found.option)
    served = _Served(found.option, ue_site, whole, found.rate_mbps)
    load_kw = used(power, served.ue_site, served.whole_mbps, served.rate_mbps).load_kw
    unsettled = chosen.partial & (power.fixed_kw(chosen.band_on) + load_kw > task.policy.power_budget_kw)
    unsettled[served.ue_site[short[~found.done[short]]]] = True
    if not unsettled.any():
        return served
    if task.association == "cooperative":
        served = _relieved(task, radio, power, chosen.band_on, served, unsettled)
    sites = np.flatnonzero(unsettled)
    cases = crowded.settled(task, power, chosen.band_on, sites, served.ue_site, served.whole_mbps)
    unsettled[[case.site for case in cases]] = False
    if unsettled.any():  # once more without those sites: nobody may have been placed on what they needed themselves
        return _settled(task, radio, power, replace(chosen, partial=chosen.partial & ~unsettled), option)
    rate_mbps = served.rate_mbps.copy()
    for case in cases:
        rate_mbps[case.users] = case.rate_mbps
    return replace(served, rate_mbps=rate_mbps)


def _relieved(
    task: DispatchTask, radio: Radio, power: Power, band_on: BoolArray, served: _Served, sites: BoolArray
) -> _Served:
    """``served`` once some users of the full ``sites`` [N] have made room for the others."""
    found = relieved(task, radio, power, band_on, served.option, served.rate_mbps, sites)
    return _Served(found.option, *_serving(task, radio, found.option), found.rate_mbps)


def _shared(task: DispatchTask, radio: Radio, power: Power, chosen: bands.Bands, served: _Served) -> Decided:
    """``served`` where all fits, at the other sites as well as can be."""
    band_on, rate_mbps, tier = chosen.band_on, served.rate_mbps, DispatchTier.EXACT
    sites = np.flatnonzero(~chosen.fits)
    if sites.size:
        band_on, rate_mbps = band_on.copy(), rate_mbps.copy()
        band_on[sites], rate_mbps[np.isin(served.ue_site, sites)] = False, 0.0
        cases, tier = crowded.decide(task, power, radio.allowed, sites, served.ue_site, served.whole_mbps)
        for case in cases:
            band_on[case.site], rate_mbps[case.users] = case.band_on, case.rate_mbps
    return Decided(task, radio, band_on, served.ue_site, served.whole_mbps, rate_mbps, tier)


def _activity(task: DispatchTask, band_on: BoolArray, needed: FloatArray) -> FloatArray:
    """z·ρ [N, B] to expect: the blocks ``needed`` [N, B] for the decision, and no less than was measured where the
    carrier stays on. Busy neighbours make each other busier, and the measured load is where that came to rest."""
    measured = np.where(task.snapshot.band_on, task.snapshot.prb_used_frac, 0.0)
    return np.where(band_on, np.maximum(np.minimum(needed, 1.0), measured), 0.0)


def _control(task: DispatchTask, power: Power, found: Decided) -> Dispatch:
    load_kw = np.where(found.band_on.any(axis=1), power.fixed_kw(found.band_on), 0.0)
    load_kw = load_kw + used(power, found.ue_site, found.whole_mbps, found.rate_mbps).load_kw
    power_bound = load_kw >= task.policy.power_budget_kw * (1.0 - 1e-6)
    granted = total_mbps(found.rate_mbps)
    heard = total_mbps(found.radio.best_mbps) > 0
    return Dispatch(
        period=task.snapshot.period,
        policy_id=task.policy.policy_id,
        strategy=task.policy.strategy,
        tier=found.tier,
        mode=found.radio.mode,
        band_on=found.band_on,
        price_usd_per_kwh=task.policy.price_usd_per_kwh,
        v2g_kw=v2g.v2g_kw(task, load_kw, task.period_h),
        ev_charge_kw=v2g.ev_charge_kw(task, load_kw, task.period_h),
        ue_site=np.where(granted > 0, found.ue_site, -1),
        rate_mbps=found.rate_mbps,
        shed_reason=shed_reason(task, heard, found.ue_site, granted, power_bound),
    )
