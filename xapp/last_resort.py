"""A period never goes without a control: what is decided when the dispatcher itself fails.

Three rungs. The strategy's own dispatcher; the same with every allowed carrier on, which leaves out the choice of
carrier sets (``RESTRICTED``); and a rule without any solver that fills the strongest sites in class order
(``MAX_SINR``). Below them lies a control that keeps carriers on and grants nothing. Each fault is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gridran.types import Dispatch, DispatchTier, ShedReason
from xapp.control_check import control_problem
from xapp.dispatch import v2g
from xapp.dispatch.association import strongest
from xapp.dispatch.efficiency import allowed_bands, modes_in_force, radio_of
from xapp.dispatch.sharing import greedy, power_of, shares_of
from xapp.dispatch.shed import shed_reason
from xapp.dispatch.task import DispatchTask
from xapp.dispatch.throttle import throttled

Rule = Callable[[DispatchTask], Dispatch]


def decided(task: DispatchTask, dispatch: Rule) -> tuple[Dispatch, list[str]]:
    """The control of the best rung that holds, and why those above it did not."""

    def restricted(task: DispatchTask) -> Dispatch:
        return replace(dispatch(replace(task, band_rule="all-on")), tier=DispatchTier.RESTRICTED)

    faults: list[str] = []
    for rule in (dispatch, restricted, strongest_fill):
        try:
            control = rule(task)
            problem = control_problem(task, control)
        except Exception as error:  # whatever it is, a site without control is worse
            problem = f"{type(error).__name__}: {error}"
        if not problem:
            return control, faults
        faults.append(problem)
    return nothing_granted(task), faults


def strongest_fill(task: DispatchTask) -> Dispatch:
    """Every user at its strongest site, served in class order on that site's best carrier; all allowed carriers on.

    A site whose carriers alone would draw more than its budget rests.
    """
    power, radio = power_of(task.network), radio_of(task)
    fixed_kw = power.fixed_kw(radio.allowed)
    band_on = radio.allowed & (fixed_kw <= task.policy.power_budget_kw)[:, None]
    users = np.arange(len(radio.candidate))
    option = strongest(radio)
    site = radio.candidate[users, option]
    whole = np.where(band_on[np.maximum(site, 0)] & (site >= 0)[:, None], radio.rate_mbps[users, option], 0.0)
    left_kw = np.maximum(task.policy.power_budget_kw - fixed_kw, 0.0)
    problem = shares_of(throttled(task), users, site[:, None], whole[:, None, :], left_kw, power.load_kw, power.mbps_kw)
    rate_mbps = greedy(problem)[:, 0]
    starved = band_on.any(axis=1) != radio.allowed.any(axis=1)
    reachable = radio.best_mbps.max(axis=1, initial=0.0) > 0
    reason = shed_reason(task, reachable, site, rate_mbps.sum(axis=1), starved)
    return replace(
        nothing_granted(task),
        tier=DispatchTier.MAX_SINR,
        band_on=band_on,
        v2g_kw=v2g.v2g_kw(task, fixed_kw, task.period_h),
        ue_site=np.where(rate_mbps.sum(axis=1) > 0, site, -1),
        rate_mbps=rate_mbps,
        shed_reason=reason,
    )


def nothing_granted(task: DispatchTask) -> Dispatch:
    """Modes and carriers as the policy allows them, no rate for anybody."""
    users, sites = len(task.snapshot.demand_mbps), task.network.site_count
    mode = modes_in_force(task)
    return Dispatch(
        period=task.snapshot.period,
        policy_id=task.policy.policy_id,
        strategy=task.policy.strategy,
        tier=DispatchTier.MAX_SINR,
        mode=mode,
        band_on=allowed_bands(task, mode),
        price_usd_per_kwh=task.policy.price_usd_per_kwh,
        v2g_kw=np.zeros(sites),
        ev_charge_kw=np.zeros(sites),
        ue_site=np.full(users, -1, dtype=np.int64),
        rate_mbps=np.zeros((users, task.network.band_count)),
        shed_reason=np.full(users, int(ShedReason.NO_CAPACITY), dtype=np.int64),
    )
