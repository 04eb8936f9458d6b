"""Who can help whom, and how far a site reaches in each mode: MSRC Eqs. (1), (5), (6)."""

from __future__ import annotations

import numpy as np

from gridran.radio.geometry import disk_overlap_frac
from gridran.types import BoolArray, FloatArray, IntArray, Network, SiteMode


def kappa_frac(network: Network) -> FloatArray:
    """Assistance potential κ_ij of Eq. (1), shape [N, N]: share of j's nominal disk inside i's expanded disk.

    Zero on the diagonal and beyond ``cooperation_radius_m``, where no link can exist.
    """
    coop = network.cooperation
    kappa = disk_overlap_frac(network.site_distance_m, coop.expanded_radius_m, coop.nominal_radius_m)
    linked = network.site_distance_m <= coop.cooperation_radius_m * (1 + 1e-9)
    return np.where(linked & ~np.eye(network.site_count, dtype=np.bool_), kappa, 0.0)


def effective_radius_m(network: Network, mode: IntArray) -> FloatArray:
    """R_eff of Eq. (5) by mode [N]: nominal, expanded, reduced, nothing; metres, shape [N]."""
    coop = network.cooperation
    by_mode = np.zeros(len(SiteMode))
    by_mode[SiteMode.NORMAL] = coop.nominal_radius_m
    by_mode[SiteMode.HELPING] = coop.expanded_radius_m
    by_mode[SiteMode.ASSISTED] = coop.reduced_radius_frac * coop.nominal_radius_m
    return np.asarray(by_mode[mode], dtype=np.float64)


def in_reach(network: Network, mode: IntArray, ue_xy_m: FloatArray, neighbour_site: IntArray) -> BoolArray:
    """The distance half of Eq. (6): which measured sites [U, K] may serve each user under the modes [N].

    Inside R_eff of the site, or the site is the user's own cell (column 0) and normal or helping: its best-server
    area belongs to its nominal coverage.
    """
    x_m, y_m = network.site_xy_m.T
    away_m, up_m = x_m.take(neighbour_site) - ue_xy_m[:, :1], y_m.take(neighbour_site) - ue_xy_m[:, 1:]
    reach_m2 = np.where(mode == SiteMode.DEEP_SLEEP, -1.0, effective_radius_m(network, mode) ** 2)
    reach: BoolArray = away_m * away_m + up_m * up_m <= reach_m2.take(neighbour_site)
    whole = (mode == SiteMode.NORMAL) | (mode == SiteMode.HELPING)
    reach[:, 0] |= whole[neighbour_site[:, 0]]
    return reach
