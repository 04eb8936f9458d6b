"""Does everybody fit? A constructive test over many carrier sets at once, in arrays.

For one site: users are put on carriers in the order of the site's energy per megabit; on each carrier, those who
would lose most on the next one come first. What it returns is a real allocation, so "fits" is certain; "does not
fit" may be pessimistic by a fraction of a user, which the linear program then settles.
"""

from __future__ import annotations

import numpy as np

from gridran.types import FloatArray, IntArray


def fill(rate_mbps: FloatArray, target_mbps: FloatArray, sets: FloatArray, order: IntArray) -> FloatArray:
    """Allocation [S, M, B] in Mbps of ``target_mbps`` [S, M] under the carrier sets [S, B] of one site.

    ``rate_mbps`` [M, B] of a whole carrier; ``order`` [B] carriers, cheapest first. What does not fit is left out.
    """
    count, bands = len(target_mbps), rate_mbps.shape[1]
    given = np.zeros((count, rate_mbps.shape[0], bands))
    left = target_mbps.copy()
    for position, band in enumerate(order):
        rank = _by_loss(rate_mbps, int(band), order[position + 1 :])
        rate = rate_mbps[rank, band]
        need = np.where(rate > 0, left[:, rank] / np.maximum(rate, 1e-9), 0.0)
        room = np.clip(1.0 - (np.cumsum(need, axis=1) - need), 0.0, None) * sets[:, band, None]
        taken = np.minimum(need, room) * rate
        given[:, rank, band] = taken
        left[:, rank] = np.maximum(left[:, rank] - taken, 0.0)
    return given


def _by_loss(rate_mbps: FloatArray, band: int, later: IntArray) -> IntArray:
    """Users in the order of what they lose when they miss ``band``: cannot use another one first."""
    other = rate_mbps[:, later].max(axis=1) if len(later) else np.zeros(len(rate_mbps))
    loss = rate_mbps[:, band] / np.maximum(other, 1e-9)
    return np.argsort(-loss, kind="stable")
