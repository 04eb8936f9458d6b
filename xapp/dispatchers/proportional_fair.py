"""Dispatcher ``proportional-fair``: Eq. (27) for one period, with either association and either band rule.

Order of decisions: radio picture → who serves whom → carriers → a second radio picture under the activity that the
decision itself causes → carriers and rates again → places changed where that pays → cars. Each step falls back to
something that always exists, so a period never goes without a control.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from gridran.radio.rate import total_mbps
from gridran.service import WHOLE
from gridran.types import BoolArray, Dispatch, DispatchTier, FloatArray, IntArray
from xapp.dispatch import bands, crowded, v2g
from xapp.dispatch.association import around, associate, planned_bands, preferred, rescued, stayed
from xapp.dispatch.efficiency import Radio, radio_of, with_activity
from xapp.dispatch.exchange import exchanged
from xapp.dispatch.leftover import placed
from xapp.dispatch.placement import Placement, serving, used_by
from xapp.dispatch.sharing import FULL, Power, power_of
from xapp.dispatch.shed import shed_reason
from xapp.dispatch.task import DispatchTask
from xapp.dispatch.throttle import throttled

_Rule = Callable[[DispatchTask, Power, bands.Cells, FloatArray], bands.Bands]


@dataclass(frozen=True)
class Decided:
    """Who is served how, of what is ``asked``: ``at`` a placement under the ``radio`` picture of this very decision."""

    asked: DispatchTask
    radio: Radio
    at: Placement
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
    needed = used_by(power, chosen.placement(option)).blocks
    radio = with_activity(asked, radio, _activity(asked, chosen.band_on, needed))
    option = rescued(radio, option)
    chosen = _chosen_bands(asked, radio, power, option, radio.allowed, before=chosen)
    at, partial = _settled(asked, radio, power, chosen, option)
    at, full, tier = _shared(asked, radio, power, chosen.fits, at)
    if asked.association == "cooperative" and (partial or not chosen.fits.all()):
        at = exchanged(asked, radio, power, at, ~chosen.fits, partial + full)
    return Decided(asked, radio, at, tier)


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
    ue_site, whole = serving(task, radio, option)
    if before is not None and np.array_equal(before.cells.ue_site, ue_site):
        return rule(task, power, before.cells, whole)
    return rule(task, power, bands.cells_of(task, allowed, ue_site), whole)


def _settled(
    task: DispatchTask, radio: Radio, power: Power, chosen: bands.Bands, option: IntArray
) -> tuple[Placement, list[crowded.Case]]:
    """``option`` [U] once best effort of partial sites has what it asks for, there or where else there is room; where
    it cannot have that, the program shares out what there is: these cases. A site for which it has no answer stays as
    filled, which is within the tolerance, too."""
    before = chosen.placement(option)
    if not chosen.partial.any():
        return before, []
    here = np.append(chosen.partial, False)[before.ue_site]
    full_mbps = np.where(here[:, None], chosen.full_mbps, chosen.rate_mbps)
    short = np.flatnonzero(here & (total_mbps(full_mbps) < task.snapshot.demand_mbps * FULL))
    found = placed(task, power, radio, replace(before, rate_mbps=full_mbps), short, stay=True)
    load_kw = used_by(power, found.at).load_kw
    unsettled = chosen.partial & (power.fixed_kw(chosen.band_on) + load_kw > task.policy.power_budget_kw)
    unsettled[found.at.ue_site[short[~found.done[short]]]] = True
    if not unsettled.any():
        return found.at, []
    cases = _on_carriers(task, power, found.at, unsettled)
    unsettled[[case.site for case in cases]] = False
    if unsettled.any():  # once more without those sites: nobody may have been placed on what they needed themselves
        return _settled(task, radio, power, replace(chosen, partial=chosen.partial & ~unsettled), option)
    return crowded.with_rates(found.at, cases), cases


def _on_carriers(task: DispatchTask, power: Power, at: Placement, sites: BoolArray) -> list[crowded.Case]:
    """The best rates at ``sites`` [N], of those where every minimum rate fits."""
    cases = crowded.settled(task, power, at, np.flatnonzero(sites))
    return [case for case in cases if case.exact and not any(case.missed)]


def _shared(
    task: DispatchTask, radio: Radio, power: Power, fits: BoolArray, at: Placement
) -> tuple[Placement, list[crowded.Case], DispatchTier]:
    """``at`` with the carriers and rates of the best cases of the sites that do not fit [N]."""
    sites = np.flatnonzero(~fits)
    if not sites.size:
        return at, [], DispatchTier.EXACT
    cases, tier = crowded.decide(task, power, radio.allowed, sites, at)
    band_on, rate_mbps = at.band_on.copy(), at.rate_mbps.copy()
    band_on[sites], rate_mbps[np.isin(at.ue_site, sites)] = False, 0.0
    for case in cases:
        band_on[case.site] = case.band_on
    return crowded.with_rates(replace(at, band_on=band_on, rate_mbps=rate_mbps), cases), cases, tier


def _activity(task: DispatchTask, band_on: BoolArray, needed: FloatArray) -> FloatArray:
    """z·ρ [N, B] to expect: the blocks ``needed`` [N, B] for the decision, and no less than was measured where the
    carrier stays on. Busy neighbours make each other busier, and the measured load is where that came to rest."""
    measured = np.where(task.snapshot.band_on, task.snapshot.prb_used_frac, 0.0)
    return np.where(band_on, np.maximum(np.minimum(needed, 1.0), measured), 0.0)


def _control(task: DispatchTask, power: Power, found: Decided) -> Dispatch:
    at = found.at
    load_kw = np.where(at.band_on.any(axis=1), power.fixed_kw(at.band_on), 0.0) + used_by(power, at).load_kw
    rests = found.radio.allowed.any(axis=1) & ~at.band_on.any(axis=1)  # its budget pays for no carrier
    power_bound = rests | (load_kw >= task.policy.power_budget_kw * WHOLE)
    granted = total_mbps(at.rate_mbps)
    heard = total_mbps(found.radio.best_mbps) > 0
    return Dispatch(
        period=task.snapshot.period,
        policy_id=task.policy.policy_id,
        strategy=task.policy.strategy,
        tier=found.tier,
        mode=found.radio.mode,
        band_on=at.band_on,
        price_usd_per_kwh=task.policy.price_usd_per_kwh,
        v2g_kw=v2g.v2g_kw(task, load_kw, task.period_h),
        ev_charge_kw=v2g.ev_charge_kw(task, load_kw, task.period_h),
        ue_site=np.where(granted > 0, at.ue_site, -1),
        rate_mbps=at.rate_mbps,
        shed_reason=shed_reason(task, heard, at.ue_site, granted, power_bound),
    )
