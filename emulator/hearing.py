"""Which sites a user can hear at all: in a large network those around it, in a small one all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from gridran.types import FloatArray, IntArray, Network

MOST_SITES = 61  # four rings around a site: what is farther drowns in what is nearer, and in noise


@dataclass(frozen=True)
class Hearing:
    """``of_cell`` [N, M]: the sites that users in each site's cell hear, ascending."""

    of_cell: IntArray
    tree: cKDTree

    def sites(self, xy_m: FloatArray) -> IntArray:
        """The sites [U, M] that users at ``xy_m`` [U, 2] hear."""
        return np.asarray(self.of_cell[self.tree.query(xy_m)[1]], dtype=np.int64)


def hearing_of(network: Network) -> Hearing | None:
    """None where everybody hears every site."""
    if network.site_count <= MOST_SITES:
        return None
    tree = cKDTree(network.site_xy_m)
    nearest = np.asarray(tree.query(network.site_xy_m, k=MOST_SITES)[1], dtype=np.int64)
    return Hearing(np.sort(nearest, axis=1), tree)


def places(site: IntArray, wanted: IntArray) -> IntArray:
    """Where in the ascending rows ``site`` [U, M] the sites ``wanted`` [U, C] stand, -1 where they do not, [U, C]."""
    users, count = site.shape
    step = int(max(site.max(initial=0), wanted.max(initial=0))) + 1
    rows = np.arange(users)[:, None] * step
    flat = (site + rows).ravel()
    found = np.searchsorted(flat, wanted + rows)
    there = flat.take(np.minimum(found, len(flat) - 1)) == wanted + rows
    return np.where(there & (wanted >= 0), found - np.arange(users)[:, None] * count, -1)
