"""Users of crowded sites change places, once carriers are chosen and every site has shared out what it has.

Theory of operation. Each of these sites was solved on its own, which gave prices of its carriers and its power. What
users would save at the prices elsewhere bounds what all moves together can bring (``most_gained``); only where that may
be worth it is the program over all of the sites asked (``spread``). Whom it moves moves, the crowded sites that lost or
gained somebody share out anew, and the result stands if it is better: fewer minimum rates missed, in class order, or
else more utility than moves cost.
"""

from __future__ import annotations

import numpy as np

from gridran.radio.rate import total_mbps
from gridran.service import WHOLE
from gridran.types import BoolArray, ServiceClass
from xapp.dispatch import crowded
from xapp.dispatch.bandwidth import TIE_COST_PER_KW
from xapp.dispatch.bound import most_gained
from xapp.dispatch.crowded import Case
from xapp.dispatch.efficiency import Radio
from xapp.dispatch.placement import Placement
from xapp.dispatch.sharing import FULL, Power
from xapp.dispatch.spread import (
    Joint,
    joint,
    move_cost,
    moved_by,
    neighbourhoods,
    power_cost_per_kw,
    spread,
)
from xapp.dispatch.task import DispatchTask

WORTH_FRAC = 5e-4  # of the utility of a user of the least class, for each user who is asked about


def exchanged(
    task: DispatchTask, radio: Radio, power: Power, before: Placement, full: BoolArray, cases: list[Case]
) -> Placement:
    """``before`` with users elsewhere and rates to suit, where that is better: users of sites solved, as in ``cases``,
    and of ``full`` ones [N], of which those without carriers have no case."""
    sites = full.copy()
    sites[[case.site for case in cases]] = True
    at = before
    for group in neighbourhoods(task.network, sites):
        asked = joint(task, radio, power, at, group)
        if _promising(task, asked, [case for case in cases if group[case.site]]):
            # Sites that are not full keep within the tolerance, and have saved power by carriers that are off.
            cost_per_kw = power_cost_per_kw(task) if (full & group).any() else TIE_COST_PER_KW
            at = _exchanged(task, radio, power, at, asked, cost_per_kw)
    return at


def _exchanged(
    task: DispatchTask, radio: Radio, power: Power, before: Placement, asked: Joint, cost_per_kw: float
) -> Placement:
    found = spread(asked, before.option, cost_per_kw)
    if np.array_equal(found.option, before.option):
        return before
    after = _shared_anew(task, power, before, moved_by(task, radio, before, found), asked.opened)
    return after if after is not None and _better(task, before, after, _worth(task, asked)) else before


def _promising(task: DispatchTask, asked: Joint, cases: list[Case]) -> bool:
    """Whether moves may bring what is worth them. A site that had to give up minimum rates has no prices of its own."""
    if any(any(case.missed) or not case.exact for case in cases):
        return True
    carrier_price, power_price = np.zeros(asked.problem.load_kw.shape), np.zeros(len(asked.site))
    for case in cases:
        at = np.searchsorted(asked.site, case.site)
        carrier_price[at], power_price[at] = case.carrier_value, case.power_value
    return most_gained(asked.problem, asked.here, carrier_price, power_price) > _worth(task, asked)


def _worth(task: DispatchTask, asked: Joint) -> float:
    return float(WORTH_FRAC * np.log(2.0) * task.policy.class_weight.min() * len(asked.users))


def _shared_anew(
    task: DispatchTask, power: Power, before: Placement, after: Placement, sites: BoolArray
) -> Placement | None:
    """``after`` with the best rates at those of the ``sites`` [N] that somebody left or came to, and at others that
    cannot give who came all that it asks for; None where one is not solved."""
    movers = before.option != after.option
    short = movers & (total_mbps(after.rate_mbps) < task.snapshot.demand_mbps * FULL)
    changed = np.zeros(len(sites) + 1, dtype=np.bool_)
    changed[before.ue_site[movers]] = changed[after.ue_site[movers]] = True
    changed[:-1] &= sites
    changed[after.ue_site[short]] = True
    cases = crowded.settled(task, power, after, np.flatnonzero(changed[:-1]))
    return crowded.with_rates(after, cases) if all(case.exact for case in cases) else None


def _better(task: DispatchTask, before: Placement, after: Placement, worth: float) -> bool:
    """Fewer minimum rates missed, in class order; or as many, and utility that grows by more than moves cost and by
    something ``worth`` having."""
    missed = [_missed(task, each) for each in (before, after)]
    if missed[0] != missed[1]:
        return missed[1] < missed[0]
    return _net_utility(task, after) > _net_utility(task, before) + worth


def _missed(task: DispatchTask, at: Placement) -> list[int]:
    """Users by class [3] who have less than their minimum rate."""
    snapshot = task.snapshot
    least = np.minimum(snapshot.min_rate_mbps, snapshot.demand_mbps)
    short = total_mbps(at.rate_mbps) < least * WHOLE
    return [int(np.count_nonzero(short & (snapshot.service_class == each))) for each in ServiceClass][:-1]


def _net_utility(task: DispatchTask, at: Placement) -> float:
    """(27), less what it costs to leave serving sites."""
    snapshot, users = task.snapshot, np.arange(len(at.ue_site))
    share = np.minimum(total_mbps(at.rate_mbps) / np.maximum(snapshot.demand_mbps, 1e-12), 1.0)
    utility = task.policy.class_weight[snapshot.service_class] @ np.log1p(share)
    return float(utility - move_cost(task, users, at.ue_site[:, None]).sum())
