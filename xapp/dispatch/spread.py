"""Users of full sites over all their options, beside what everybody else has: a piecewise-linear program.

Leaving the serving site costs a little, so that users stay where utility would gain next to nothing. Power has a price:
the last best-effort users to fit in somewhere would take several times what the others draw. The program may split a
user over sites, a control may not: it goes to the site with the largest share.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray, Network
from xapp.dispatch.bands import FILLED_FRAC
from xapp.dispatch.bandwidth import TIE_COST_PER_KW, Shares, share
from xapp.dispatch.efficiency import Radio
from xapp.dispatch.placement import Placement, moved, used
from xapp.dispatch.sharing import Power, shares_of
from xapp.dispatch.task import DispatchTask
from xapp.dispatch.throttle import wanting

MOVE_COST_FRAC = 0.02  # of a user's utility at full demand
SPREAD_SEGMENTS = 1  # beyond the minimum rate: with four, utility differs by 2e-6, and a tenth of who moves
KW_IN_USERS = 1.0  # of the least class, at full demand or a little more: what a kW for load has to be worth
MOST_SITES = 38  # of one program
_SOME_MBPS = 1e-9
_SOME_BLOCKS = 1e-4  # less room than that is none: it would only make the program larger


@dataclass(frozen=True)
class Joint:
    """``users`` [M] of the ``opened`` sites [N], and the ``problem`` of them over all their options, of which they are
    at those ``here`` [M, C]. Site k of the problem is ``site[k]`` of the network."""

    opened: BoolArray
    users: IntArray
    problem: Shares
    here: BoolArray
    site: IntArray


def neighbourhoods(network: Network, sites: BoolArray) -> list[BoolArray]:
    """``sites`` [N] in groups of at most ``MOST_SITES``, cut in two across the longer side until they are: the time of
    one program grows faster than its size."""
    groups = [np.flatnonzero(sites)]
    while len(groups[-1]) > MOST_SITES:
        xy_m = network.site_xy_m[groups[-1]]
        along = np.argsort(xy_m[:, np.argmax(np.ptp(xy_m, axis=0))], kind="stable")
        halves = np.array_split(groups.pop()[along], 2)
        groups = sorted([*groups, *halves], key=len)
    return [np.isin(np.arange(len(sites)), group) for group in groups if group.size]


def joint(task: DispatchTask, radio: Radio, power: Power, at: Placement, sites: BoolArray) -> Joint:
    """Users ``at`` the ``sites`` [N] on the carriers that are on; at other sites up to the usual reserve."""
    at_open = np.append(sites, False)[at.ue_site]
    users = np.flatnonzero(at_open & wanting(task))
    option_site = radio.candidate[users]
    near = np.append(sites, False)
    near[option_site] = True
    near[-1] = False
    site = np.flatnonzero(near)
    number = np.where(near, np.cumsum(near) - 1, -1)
    others = np.flatnonzero(near[at.ue_site] & ~at_open)
    taken = used(power, at.ue_site[others], at.whole_mbps[others], at.rate_mbps[others])
    room = np.where(sites[:, None], 1.0, FILLED_FRAC) - taken.blocks
    limit_kw = np.maximum(task.policy.power_budget_kw - power.fixed_kw(at.band_on) - taken.load_kw, 0.0)
    open_carrier = at.band_on & (room > _SOME_BLOCKS)
    whole_mbps = np.where(open_carrier[np.maximum(option_site, 0)], radio.rate_mbps[users], 0.0)
    problem = shares_of(
        task, users, number[option_site], whole_mbps, limit_kw[site], power.load_kw[site], power.mbps_kw
    )
    cost = move_cost(task, users, option_site)
    here = option_site == at.ue_site[users][:, None]
    has_mbps = here[..., None] * at.rate_mbps[users][:, None, :]
    problem = replace(problem, move_cost=cost, blocks_free=np.maximum(room[site], 0.0), begin_mbps=has_mbps)
    return Joint(sites, users, problem, here, site)


def power_cost_per_kw(task: DispatchTask) -> float:
    """Utility that a kW has to be worth where users of crowded sites move."""
    return max(KW_IN_USERS * float(task.policy.class_weight.min()), TIE_COST_PER_KW)


def move_cost(task: DispatchTask, users: IntArray, site: IntArray) -> FloatArray:
    """Utility [M, C] that it costs ``users`` [M] to be at ``site`` [M, C] (-1 none), not where they are served now."""
    weight = task.policy.class_weight[task.snapshot.service_class[users]][:, None]
    serving = task.snapshot.serving_site[users][:, None]
    leaves = (serving >= 0) & (site >= 0) & (site != serving)
    return np.asarray(MOVE_COST_FRAC * np.log(2.0) * weight * leaves, dtype=np.float64)


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
    spread_option = option.copy()
    spread_option[users] = best
    return Spread(spread_option, users, answer.rate_mbps[np.arange(len(users)), best])


def moved_by(task: DispatchTask, radio: Radio, before: Placement, found: Spread) -> Placement:
    """Movers with what the program gives them, the others as they were."""
    rate_mbps = before.rate_mbps.copy()
    movers = found.option[found.users] != before.option[found.users]
    rate_mbps[found.users[movers]] = found.rate_mbps[movers]
    return moved(task, radio, before, found.option, rate_mbps)
