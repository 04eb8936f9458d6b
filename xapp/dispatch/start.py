"""Where the search for the best rates begins: everybody in full, each on one flow.

Theory of operation. From such a basis few pivots are left where most users are served. The flow is the one that has
most of the user's rate in an answer at hand, to the same question with other limits; else the one that costs least. At
one site that takes the fewest blocks. Where users have a choice of sites, the fewest blocks crowd a few carriers:
prices for carriers and power then begin at one and follow, twice, how full this makes each of them. The answer is the
same, from a third fewer pivots for users of crowded sites, and a fifth of them from an answer at hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridran.types import FloatArray, IntArray
from xapp.dispatch.simplex import AT_LOWER, AT_UPPER, BASIC, Start

BLOCKS_PER_UTILITY = 1e3  # what utility is worth at one site
ROUNDS = 2
LEAST_FOLD, MOST_FOLD = 0.5, 4.0  # of a price in a round
_SOME = 1e-3  # of a carrier, of a kW: room by which a use is divided


@dataclass(frozen=True)
class Flows:
    """A column each [F], in the order of users: the ``user``, the ``site`` and the ``carrier`` (numbered over all
    sites) that it joins; what all that the user asks for takes there, in ``blocks`` and ``kw``, and its ``cost`` in
    utility; ``mbps`` that it has in an answer at hand."""

    user: IntArray
    site: IntArray
    carrier: IntArray
    blocks: FloatArray
    kw: FloatArray
    cost: FloatArray
    mbps: FloatArray


def start_of(flows: Flows, segment_user: IntArray, users: int, blocks_free: FloatArray, limit_kw: FloatArray) -> Start:
    """The basis for rows of ``users``, carriers with ``blocks_free`` [N·B] and sites with ``limit_kw`` [N], and for
    columns of ``flows`` and then of segments, each of one ``segment_user``."""
    several = len(limit_kw) > 1
    cost = _priced(flows, blocks_free, limit_kw) if several else flows.blocks + BLOCKS_PER_UTILITY * flows.cost
    cost = np.where(flows.mbps > 0.0, -flows.mbps, cost)
    heard = np.zeros(users, dtype=np.bool_)
    heard[flows.user] = True
    segments = np.where(heard[segment_user], AT_UPPER, AT_LOWER)
    column = np.concatenate([np.full(len(flows.user), AT_LOWER), segments])
    row = np.full(users + len(blocks_free) + len(limit_kw), BASIC)
    column[cheapest(flows.user, cost)], row[:users][heard] = BASIC, AT_LOWER
    return Start(column, row)


def cheapest(user: IntArray, cost: FloatArray) -> IntArray:
    """Of the flows of each ``user`` [F], in order, the first of those of least ``cost`` [F]."""
    first = np.flatnonzero(np.diff(user, prepend=-1))
    least = np.repeat(np.minimum.reduceat(cost, first), np.diff(first, append=len(user)))
    found = np.flatnonzero(cost == least)
    return np.asarray(found[np.diff(user[found], prepend=-1) != 0], dtype=np.int64)


def _priced(flows: Flows, blocks_free: FloatArray, limit_kw: FloatArray) -> FloatArray:
    """What flows cost [F] at prices of carriers and power that suit where everybody would be."""
    carrier_price, power_price, cost = np.ones(len(blocks_free)), np.ones(len(limit_kw)), flows.blocks + flows.kw
    for _ in range(ROUNDS):
        best = cheapest(flows.user, flows.cost + cost)
        blocks = np.bincount(flows.carrier[best], flows.blocks[best], len(blocks_free))
        kw = np.bincount(flows.site[best], flows.kw[best], len(limit_kw))
        carrier_price *= np.clip(blocks / np.maximum(blocks_free, _SOME), LEAST_FOLD, MOST_FOLD)
        power_price *= np.clip(kw / np.maximum(limit_kw, _SOME), LEAST_FOLD, MOST_FOLD)
        cost = carrier_price[flows.carrier] * flows.blocks + power_price[flows.site] * flows.kw
    return flows.cost + cost
