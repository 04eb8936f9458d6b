"""Which sites a user can hear one by one: in a large network those around it, in a small one all.

What comes from farther away is added up for each cell, at the mean over line of sight and shadowing, as strong as those
sites are busy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from gridran.radio.pathloss import SHADOW_LOS_DB, SHADOW_NLOS_DB, uma_both_db, uma_los_probability
from gridran.radio.sinr import received_mw
from gridran.types import FloatArray, IntArray, Network

MOST_SITES = 61  # four rings around a site


@dataclass(frozen=True)
class Hearing:
    """``of_cell`` [N, M]: the sites that users in each site's cell hear, ascending; ``far_mw`` [N, N, B]: what a cell
    receives of every other site on average, 0 of those that it hears."""

    of_cell: IntArray
    far_mw: FloatArray
    tree: cKDTree

    def at(self, xy_m: FloatArray) -> Heard:
        """What users at ``xy_m`` [U, 2] hear."""
        return Heard(self, np.asarray(self.tree.query(xy_m)[1], dtype=np.int64))


@dataclass(frozen=True)
class Heard:
    """What users in the cells ``cell`` [U] hear."""

    hearing: Hearing
    cell: IntArray

    @cached_property
    def site(self) -> IntArray:
        """The sites [U, M] that each user hears, ascending."""
        return np.asarray(self.hearing.of_cell[self.cell], dtype=np.int64)

    def of(self, users: IntArray) -> Heard:
        """What ``users`` [V] hear."""
        return Heard(self.hearing, self.cell[users])

    def put(self, users: IntArray, now: Heard) -> Heard:
        """The same where ``users`` [V] hear what they do ``now``."""
        cell = self.cell.copy()
        cell[users] = now.cell
        return Heard(self.hearing, cell)

    def far_mw(self, activity_frac: FloatArray) -> FloatArray:
        """What users receive of all other sites under the activity z·ρ [B, N], shape [B, U]."""
        by_cell: FloatArray = np.einsum("cnb,bn->bc", self.hearing.far_mw, activity_frac)
        return by_cell[:, self.cell]


def hearing_of(network: Network) -> Hearing | None:
    """None where everybody hears every site."""
    if network.site_count <= MOST_SITES:
        return None
    tree = cKDTree(network.site_xy_m)
    of_cell = np.sort(np.asarray(tree.query(network.site_xy_m, k=MOST_SITES)[1], dtype=np.int64), axis=1)
    far_mw = _mean_mw(network)
    np.put_along_axis(far_mw, of_cell[..., None], 0.0, axis=1)
    return Hearing(of_cell, far_mw, tree)


def _mean_mw(network: Network) -> FloatArray:
    """Mean power [N, N, B] that one site's place receives of another, over line of sight and shadowing."""
    radio, distance_m = network.radio, network.site_distance_m
    los_frac = uma_los_probability(distance_m, radio.ue_height_m)[..., None]
    both_db = [uma_both_db(distance_m, b.carrier_mhz, radio.site_height_m, radio.ue_height_m) for b in network.bands]
    los_mw, nlos_mw = (received_mw(network, -np.stack(loss_db, axis=-1)) for loss_db in zip(*both_db, strict=True))
    mean_mw = los_frac * los_mw * _mean_shadow(SHADOW_LOS_DB) + (1.0 - los_frac) * nlos_mw * _mean_shadow(
        SHADOW_NLOS_DB
    )
    return np.asarray(mean_mw, dtype=np.float64)


def _mean_shadow(deviation_db: float) -> float:
    """The mean of a log-normal factor."""
    return float(np.exp(0.5 * (deviation_db * np.log(10.0) / 10.0) ** 2))


def places(site: IntArray, wanted: IntArray) -> IntArray:
    """Where in the ascending rows ``site`` [U, M] the sites ``wanted`` [U, C] stand, -1 where they do not, [U, C]."""
    users, count = site.shape
    step = int(max(site.max(initial=0), wanted.max(initial=0))) + 1
    rows = np.arange(users)[:, None] * step
    flat = (site + rows).ravel()
    found = np.searchsorted(flat, wanted + rows)
    there = flat.take(np.minimum(found, len(flat) - 1)) == wanted + rows
    return np.where(there & (wanted >= 0), found - np.arange(users)[:, None] * count, -1)
