"""Users of crowded sites change places, once carriers are chosen and every site has shared out what it has.

Theory of operation. Each of these sites was solved on its own, which gave prices of its carriers and its power. What
users would save at the prices elsewhere bounds what all moves together can bring (``most_gained``); only where that is
worth it is the program over all of the sites asked (``spread``). Whom it moves moves, the crowded sites that lost or
gained somebody share out anew, and the result stands if it is better: fewer minimum rates missed, in class order, or
else more utility.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridran.radio.rate import total_mbps
from gridran.service import WHOLE
from gridran.types import BoolArray, ServiceClass
from xapp.dispatch import crowded
from xapp.dispatch.bound import most_gained
from xapp.dispatch.crowded import Case
from xapp.dispatch.efficiency import Radio
from xapp.dispatch.placement import Placement, moved
from xapp.dispatch.sharing import FULL, Power, is_best_effort
from xapp.dispatch.spread import Spread, joint, spread
from xapp.dispatch.task import DispatchTask

WORTH_FRAC = 1e-4  # of what all best effort is worth in full


def exchanged(
    task: DispatchTask, radio: Radio, power: Power, before: Placement, sites: BoolArray, cases: list[Case]
) -> Placement:
    """``before`` with users of ``sites`` [N] elsewhere and rates to suit, where that is better. ``cases`` are these
    sites as they were solved; one without carriers has none."""
    carrier_price, power_price = np.zeros(before.band_on.shape), np.zeros(len(sites))
    for case in cases:
        carrier_price[case.site], power_price[case.site] = case.carrier_value, case.power_value
    asked = joint(task, radio, power, before, sites)
    if most_gained(asked.problem, asked.here, carrier_price, power_price) <= _worth(task):
        return before
    found = spread(asked, before.option)
    if np.array_equal(found.option, before.option):
        return before
    after = _shared_anew(task, power, before, _moved(task, radio, before, found), sites)
    return after if after is not None and _standing(task, after) < _standing(task, before) else before


def _moved(task: DispatchTask, radio: Radio, before: Placement, found: Spread) -> Placement:
    """Movers with what the program gives them, the others as they were."""
    rate_mbps = before.rate_mbps.copy()
    movers = found.option[found.users] != before.option[found.users]
    rate_mbps[found.users[movers]] = found.rate_mbps[movers]
    return moved(task, radio, before, found.option, rate_mbps)


def _worth(task: DispatchTask) -> float:
    weight = task.policy.class_weight[ServiceClass.BEST_EFFORT] * np.log(2.0)
    return float(WORTH_FRAC * weight * np.count_nonzero(is_best_effort(task)))


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
    cases = crowded.settled(task, power, after.band_on, np.flatnonzero(changed[:-1]), after.ue_site, after.whole_mbps)
    rate_mbps = after.rate_mbps.copy()
    for case in cases:
        rate_mbps[case.users] = case.rate_mbps
    return replace(after, rate_mbps=rate_mbps) if all(case.exact for case in cases) else None


def _standing(task: DispatchTask, at: Placement) -> tuple[float, ...]:
    """Missed minimum rates by class, then utility, negative: the less the better."""
    snapshot = task.snapshot
    granted = total_mbps(at.rate_mbps)
    least = np.minimum(snapshot.min_rate_mbps, snapshot.demand_mbps)
    missed = np.bincount(snapshot.service_class[granted < least * WHOLE], minlength=len(ServiceClass))
    share = np.minimum(granted / np.maximum(snapshot.demand_mbps, 1e-12), 1.0)
    return (*missed.tolist(), -float(task.policy.class_weight[snapshot.service_class] @ np.log1p(share)))
