"""The pattern to be in beside neighbours who have decided on theirs.

The schedule knows what each kilowatt-hour is worth over the whole outage, in which the neighbours will turn, too. Now
they are as they are: the pattern is the cheapest at those prices that leaves their decisions alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gridran.types import BoolArray, FloatArray
from rapp.cooperation.generate import floored, priced
from rapp.cooperation.master import Stores
from rapp.cooperation.search import Space, descend


def cheapest_beside(
    patterns: Space,
    stores: Stores,
    price_per_kwh: FloatArray,
    starts: Sequence[BoolArray],
    now: BoolArray | None,
    stay_costs: float,
) -> BoolArray:
    """The cheapest pattern [N] found from ``starts`` under what is decided; that in force, ``now`` [N], where it costs
    no more than ``stay_costs`` beyond it, in hours of life for an hour."""
    cost = priced(patterns, stores, floored(price_per_kwh))
    begun = [patterns.settled(start) for start in (*starts, *([] if now is None else [now]))]
    best_cost, best = min((descend(patterns, cost, start) for start in begun), key=lambda each: each[0])
    if not np.isfinite(best_cost):
        return patterns.settled(np.ones_like(best))
    if now is None or patterns.links(begun[-1]) is None:
        return best
    now_cost = float(cost(begun[-1][None], patterns.drawn(begun[-1][None]))[0])
    return begun[-1] if now_cost <= best_cost + stay_costs else best
