"""Does everybody fit? A constructive test over many sites and all their carrier sets at once, in arrays.

At each site users are put on carriers in the order of the site's energy per megabit; on each carrier, those who would
lose most on the next one come first. What it gives is a real allocation, so "fits" is certain; "does not fit" may be
pessimistic by a fraction of a user, which the linear program then settles.

Theory of operation. Sites G and their users are one padded array: a padded user asks for nothing. All carrier sets of
a site are one binary tree: what is left of everybody after the first p carriers of the order depends only on which of
these p are on, so the states double from carrier to carrier, and state number s has the p-th carrier on where its bit p
is set. Users are kept in the order of the carrier at hand; ``turn`` brings them from one carrier's order to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray
from xapp.dispatch.sharing import FULL


@dataclass(frozen=True)
class Queues:
    """Who is served in which order. ``order`` [G, P] carriers, cheapest first; ``rank`` [P, G, M] users in the order of
    the p-th carrier, ``turn`` [P, G·M] the same from the order of the carrier before, as flat numbers; ``rate_mbps``
    [P, G, M] of the whole p-th carrier in its own order."""

    order: IntArray
    rank: IntArray
    turn: IntArray
    rate_mbps: FloatArray


def queues(rate_mbps: FloatArray, order: IntArray) -> Queues:
    """The queues of sites [G] with whole-carrier rates [G, M, B] under the carrier ``order`` [G, B]."""
    groups, users, bands = rate_mbps.shape
    by_cost = np.take_along_axis(rate_mbps, order[:, None, :], axis=2)
    rank = np.empty((bands, groups, users), dtype=np.int64)
    other = np.zeros((groups, users))
    for p in reversed(range(bands)):  # users in the order of what they lose when they miss this one
        rank[p] = np.argsort(-(by_cost[:, :, p] / np.maximum(other, 1e-9)), axis=1, kind="stable")
        other = np.maximum(other, by_cost[:, :, p])
    first = np.arange(groups)[:, None] * users
    place = np.empty_like(rank)
    np.put_along_axis(place, rank, np.broadcast_to(np.arange(users), rank.shape), axis=2)
    turn = rank.copy()
    for p in range(1, bands):
        turn[p] = np.take_along_axis(place[p - 1], rank[p], axis=1)
    rate = np.take_along_axis(by_cost.transpose(2, 0, 1), rank, axis=2)
    return Queues(order, rank, (turn + first).reshape(bands, -1), rate)


def try_all(
    queue: Queues, target_mbps: FloatArray, load_kw: FloatArray, mbps_kw: FloatArray
) -> tuple[BoolArray, FloatArray]:
    """Every carrier set under every target [T, G, M] in Mbps: whether the target is carried, and the load-dependent
    draw, both [2^B, T, G], with ``load_kw`` [G, B] per unit of blocks and ``mbps_kw`` [B] per Mbps."""
    left = target_mbps[None]
    draw_kw = np.zeros((1, *target_mbps.shape[:2]))
    for p, carrier in enumerate(queue.order.T):
        left = _turned(queue, p, left)
        blocks = _blocks(queue, p, left)
        taken = blocks * queue.rate_mbps[p]
        cost = blocks.sum(axis=3) * load_kw[np.arange(len(carrier)), carrier] + taken.sum(axis=3) * mbps_kw[carrier]
        draw_kw = np.concatenate([draw_kw, draw_kw + cost])
        left = np.concatenate([left, np.maximum(left - taken, 0.0)])
    wanted = np.take_along_axis(target_mbps, queue.rank[-1][None], axis=2)
    return np.asarray((left <= wanted * (1.0 - FULL)).all(axis=3)), draw_kw


def fill(queue: Queues, target_mbps: FloatArray, band_on: BoolArray) -> FloatArray:
    """Allocation [T, G, M, B] in Mbps of targets [T, G, M] under one carrier set [G, B] per site, users in their own
    order. What does not fit is left out."""
    bands = queue.order.shape[1]
    given = np.zeros((*target_mbps.shape, bands))
    rows = np.arange(len(band_on))[:, None]
    left = target_mbps
    for p in range(bands):
        left = _turned(queue, p, left)
        on = band_on[rows, queue.order[:, p : p + 1]]
        taken = _blocks(queue, p, left) * queue.rate_mbps[p] * on
        given[:, rows, queue.rank[p], queue.order[:, p : p + 1]] = taken
        left = np.maximum(left - taken, 0.0)
    return given


def _turned(queue: Queues, p: int, left_mbps: FloatArray) -> FloatArray:
    """``left_mbps`` [..., G, M] from the order of the carrier before to that of the p-th."""
    flat = left_mbps.reshape(*left_mbps.shape[:-2], -1)
    return np.asarray(flat.take(queue.turn[p], axis=-1)).reshape(left_mbps.shape)


def _blocks(queue: Queues, p: int, left_mbps: FloatArray) -> FloatArray:
    """Blocks that the users [..., G, M] take of the p-th carrier, in their order, until it is full."""
    rate = queue.rate_mbps[p]
    need = left_mbps / np.where(rate > 0.0, np.maximum(rate, 1e-9), np.inf)
    before = np.cumsum(need, axis=-1) - need
    return np.minimum(need, np.maximum(1.0 - before, 0.0))
