"""Where the search for the best rates begins: everybody in full, each on one flow.

Theory of operation. From such a basis few pivots are left where most users are served. The flow is the one with most of
the user's rate where rates near the answer are at hand; else the one that costs least with carriers and kW at a price
of one. Where the search begins does not change how good the answer is, but of answers that are equally good it may
change which one is found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray
from xapp.dispatch.simplex import AT_LOWER, AT_UPPER, BASIC, Start


@dataclass(frozen=True)
class Flows:
    """A column each [F], in the order of users: the ``user``, the ``site`` and the ``carrier`` (numbered over all
    sites) that it joins; what all that the user asks for takes there, in ``blocks`` and ``kw``, and its ``cost`` in
    utility; ``begin_mbps`` that it has where rates are at hand."""

    user: IntArray
    site: IntArray
    carrier: IntArray
    blocks: FloatArray
    kw: FloatArray
    cost: FloatArray
    begin_mbps: FloatArray


def start_of(flows: Flows, segment_user: IntArray, users: int, resources: int) -> Start:
    """The basis for columns of ``flows`` and then of segments, each of one ``segment_user``, and for rows of ``users``
    and then of ``resources``."""
    cost = np.where(flows.begin_mbps > 0.0, -flows.begin_mbps, flows.cost + flows.blocks + flows.kw)
    heard = np.zeros(users, dtype=np.bool_)
    heard[flows.user] = True
    segments = np.where(heard[segment_user], AT_UPPER, AT_LOWER)
    column = np.concatenate([np.full(len(flows.user), AT_LOWER), segments])
    row = np.full(users + resources, BASIC)
    column[cheapest(flows.user, cost)], row[:users][heard] = BASIC, AT_LOWER
    return Start(column, row)


def cheapest(user: IntArray, cost: FloatArray) -> IntArray:
    """Of the flows of each ``user`` [F], in order, the first of those of least ``cost`` [F]."""
    begins = _firsts(user)
    least = np.minimum.reduceat(cost, np.flatnonzero(begins))[np.cumsum(begins) - 1]
    found = np.flatnonzero(cost == least)
    return np.asarray(found[_firsts(user[found])], dtype=np.int64)


def _firsts(of: IntArray) -> BoolArray:
    """Where a new number begins in ``of`` [F], in which equal ones stand side by side."""
    found = np.ones(len(of), dtype=np.bool_)
    found[1:] = of[1:] != of[:-1]
    return found
