"""Users of full sites over all their options, beside what everybody else has: a piecewise-linear program.

Leaving the serving site costs a little, so that users stay where utility would gain next to nothing. Power has a price:
the last best-effort users to fit in somewhere would take several times what the others draw. The program may split a
user over sites, a control may not: it goes to the site with the largest share.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray
from xapp.dispatch.bands import FILLED_FRAC
from xapp.dispatch.bandwidth import TIE_COST_PER_KW, Shares, share
from xapp.dispatch.efficiency import Radio
from xapp.dispatch.placement import Placement, used
from xapp.dispatch.sharing import Power, shares_of
from xapp.dispatch.task import DispatchTask
from xapp.dispatch.throttle import wanting

MOVE_COST_FRAC = 0.02  # of a user's utility at full demand
SPREAD_SEGMENTS = 1  # beyond the minimum rate: with four, utility differs by 2e-6, and a tenth of who moves
KW_IN_USERS = 1.0  # of the least class, at full demand or a little more: what a kW for load has to be worth
_SOME_MBPS = 1e-9


@dataclass(frozen=True)
class Joint:
    """``users`` [M] of some sites, the ``problem`` of them over all their options, and which options [M, C] they are
    at, ``here``."""

    users: IntArray
    problem: Shares
    here: BoolArray


def joint(task: DispatchTask, radio: Radio, power: Power, at: Placement, sites: BoolArray) -> Joint:
    """Users ``at`` the ``sites`` [N] on the carriers that are on; at other sites up to the usual reserve."""
    open_here = np.append(sites, False)
    at_open = open_here[at.ue_site]
    users = np.flatnonzero(at_open & wanting(task))
    site = radio.candidate[users]
    taken = used(power, np.where(at_open, -1, at.ue_site), at.whole_mbps, at.rate_mbps)
    room = np.where(sites[:, None], 1.0, FILLED_FRAC)
    limit_kw = np.maximum(task.policy.power_budget_kw - power.fixed_kw(at.band_on) - taken.load_kw, 0.0)
    whole_mbps = np.where(at.band_on[np.maximum(site, 0)], radio.rate_mbps[users], 0.0)
    problem = shares_of(task, users, site, whole_mbps, limit_kw, power.load_kw, power.mbps_kw)
    here = site == at.ue_site[users][:, None]
    serving = task.snapshot.serving_site[users][:, None]
    cost = move_cost(task, users)[:, None] * ((serving >= 0) & (site != serving))
    return Joint(
        users,
        replace(
            problem,
            move_cost=cost,
            blocks_free=np.maximum(room - taken.blocks, 0.0),
        ),
        here,
    )


def power_cost_per_kw(task: DispatchTask) -> float:
    """Utility that a kW has to be worth where users of crowded sites move."""
    return max(KW_IN_USERS * float(task.policy.class_weight.min()), TIE_COST_PER_KW)


def move_cost(task: DispatchTask, users: IntArray) -> FloatArray:
    """Utility [M] that leaving the serving site costs each of ``users`` [M]."""
    weight = task.policy.class_weight[task.snapshot.service_class[users]]
    return np.asarray(MOVE_COST_FRAC * np.log(2.0) * weight, dtype=np.float64)


@dataclass(frozen=True)
class Spread:
    """``option`` [U] of each user where the program gives it most, and what it gives ``users`` [M] there, ``rate_mbps``
    [M, B]: nothing to who has none anywhere, and stays."""

    option: IntArray
    users: IntArray
    rate_mbps: FloatArray


def spread(asked: Joint, option: IntArray, power_cost_per_kw: float) -> Spread:
    """From ``option`` [U], where a kW is to be worth ``power_cost_per_kw`` of utility; everybody stays where the
    program has no answer."""
    users = asked.users
    answer = share(replace(asked.problem, segments=SPREAD_SEGMENTS, power_cost_per_kw=power_cost_per_kw))
    if answer is None or not users.size:
        return Spread(option, users, np.zeros((len(users), asked.problem.load_kw.shape[1])))
    given_mbps = answer.rate_mbps.sum(axis=2)
    best = np.where(given_mbps.max(axis=1) > _SOME_MBPS, np.argmax(given_mbps, axis=1), option[users])
    moved = option.copy()
    moved[users] = best
    return Spread(moved, users, answer.rate_mbps[np.arange(len(users)), best])
