"""Does everybody fit? A constructive test over many sites and all their carrier sets at once, in arrays.

At each site users are put on carriers in the order of the site's energy per megabit; on each carrier, those who would
lose most on the next one come first. What it gives is a real allocation, so "fits" is certain; "does not fit" may be
pessimistic by a fraction of a user, which the linear program then settles.

Theory of operation. Users stand in one row, site after site, so that what a site adds up is a segment of it. All
carrier sets of a site are one binary tree: what is left of everybody after the first p carriers of the order depends
only on which of these p are on, so the states double from carrier to carrier, and state number s has the p-th carrier
on where its bit p is set. At the p-th carrier the users of a site stand in its order; ``turn`` brings them there from
the order of the carrier before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray
from xapp.dispatch.sharing import FULL


@dataclass(frozen=True)
class Rows:
    """Users [M] of sites [G], site after site and at least one of each: ``group`` [M] whose, ``first`` [G] of each."""

    group: IntArray
    first: IntArray


@dataclass(frozen=True)
class Queues:
    """Who is served in which order. ``order`` [G, P] carriers, cheapest first; ``rank`` [P, M] users in the order of
    the p-th carrier, ``turn`` [P, M] the same from the order of the carrier before; in its own order ``rate_mbps``
    [P, M] of the whole p-th carrier and ``blocks_per_mbps`` [P, M], 0 where it gives nothing."""

    rows: Rows
    order: IntArray
    rank: IntArray
    turn: IntArray
    rate_mbps: FloatArray
    blocks_per_mbps: FloatArray


def queues(rows: Rows, rate_mbps: FloatArray, order: IntArray) -> Queues:
    """The queues of users with whole-carrier rates [M, B] under the carrier ``order`` [G, B]."""
    users, bands = rate_mbps.shape
    by_cost = rate_mbps.ravel().take(order.T.take(rows.group, axis=1) + np.arange(users) * bands)
    rank, turn = np.empty((bands, users), dtype=np.int64), np.empty((bands, users), dtype=np.int64)
    other = np.zeros(users)
    for p in reversed(range(bands)):  # users in the order of what they lose when they miss this one
        lost = by_cost[p] / np.maximum(other, 1e-9)
        rank[p] = np.argsort(rows.group - lost / (1.0 + lost), kind="stable")
        other = np.maximum(other, by_cost[p])
    turn[0], place = rank[0], np.empty(users, dtype=np.int64)
    for p in range(1, bands):
        place[rank[p - 1]] = np.arange(users)
        turn[p] = place[rank[p]]
    rate = by_cost.ravel().take(rank + np.arange(bands)[:, None] * users)
    per_mbps = np.divide(1.0, rate, out=np.zeros_like(rate), where=rate > 1e-9)
    return Queues(rows, order, rank, turn, rate, per_mbps)


def try_all(
    queue: Queues, target_mbps: FloatArray, load_kw: FloatArray, mbps_kw: FloatArray
) -> tuple[BoolArray, FloatArray]:
    """Every carrier set for the target [M] in Mbps: whether the target is carried, and the load-dependent draw, both
    [2^B, G], with ``load_kw`` [G, B] per unit of blocks and ``mbps_kw`` [B] per Mbps."""
    group, first = queue.rows.group, queue.rows.first
    left = target_mbps[None]
    draw_kw = np.zeros((1, len(first)))
    for p, carrier in enumerate(queue.order.T):
        left = left.take(queue.turn[p], axis=1)
        blocks = _blocks(queue, p, left)
        per_block_kw = load_kw[np.arange(len(first)), carrier][group] + queue.rate_mbps[p] * mbps_kw[carrier][group]
        cost = np.add.reduceat(blocks * per_block_kw, first, axis=1)
        draw_kw = np.concatenate([draw_kw, draw_kw + cost])
        left = np.concatenate([left, np.maximum(left - blocks * queue.rate_mbps[p], 0.0)])
    wanted = target_mbps[queue.rank[-1]]
    return np.logical_and.reduceat(left <= wanted * (1.0 - FULL), first, axis=1), draw_kw


def fill(queue: Queues, target_mbps: FloatArray, band_on: BoolArray) -> FloatArray:
    """Allocation [T, M, B] in Mbps of targets [T, M] under one carrier set [G, B] per site, users in their own order.
    What does not fit is left out."""
    group = queue.rows.group
    given = np.zeros((*target_mbps.shape, queue.order.shape[1]))
    left = target_mbps
    for p, carrier in enumerate(queue.order.T):
        left = left.take(queue.turn[p], axis=1)
        on = band_on[np.arange(len(carrier)), carrier]
        taken = _blocks(queue, p, left) * (queue.rate_mbps[p] * on[group])
        given[:, queue.rank[p], carrier[group]] = taken
        left = np.maximum(left - taken, 0.0)
    return given


def _blocks(queue: Queues, p: int, left_mbps: FloatArray) -> FloatArray:
    """Blocks that the users [..., M] take of the p-th carrier, in their order, until it is full."""
    rows = queue.rows
    need = left_mbps * queue.blocks_per_mbps[p]
    so_far = np.cumsum(need, axis=-1)
    of_others = np.zeros((*need.shape[:-1], len(rows.first)))
    of_others[..., 1:] = so_far[..., rows.first[1:] - 1]
    free = 1.0 + need - so_far + of_others.take(rows.group, axis=-1)
    return np.asarray(np.minimum(need, np.maximum(free, 0.0)), dtype=np.float64)
