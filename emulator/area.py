"""The service area: the union of the sites' hexagons, or for irregular sites of discs of the same outer radius."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from gridran.radio.geometry import inside_hexagons
from gridran.types import BoolArray, FloatArray, IntArray, Network

_LATTICE_TOLERANCE = 0.01  # share of the inter-site distance by which a site may miss its lattice point
_SAME_PLACE_M = 1.0
_BATCH = 256


@dataclass(frozen=True)
class Area:
    """``site_xy_m`` [N, 2]; ``isd_m``, the typical inter-site distance; ``hexagonal``: sites lie on one lattice."""

    site_xy_m: FloatArray
    isd_m: float
    hexagonal: bool

    @cached_property
    def tree(self) -> cKDTree:
        """The sites, to find the nearest by."""
        return cKDTree(self.site_xy_m)

    @property
    def cell_radius_m(self) -> float:
        """Outer radius of a cell, ISD/√3."""
        return float(self.isd_m / 3.0**0.5)


def area_of(network: Network) -> Area:
    """The service area of a network; sites without a neighbour apart from them keep their nominal radius."""
    xy_m = network.site_xy_m
    lone_m = network.cooperation.nominal_radius_m * 3.0**0.5
    # Sites on one mast are one place: they tell nothing about the distance between sites.
    nearest_m = np.where(network.site_distance_m > _SAME_PLACE_M, network.site_distance_m, np.inf).min(axis=1)
    isd_m = float(np.median(np.where(np.isfinite(nearest_m), nearest_m, lone_m)))
    return Area(xy_m, isd_m, _on_lattice(xy_m, isd_m))


def _on_lattice(xy_m: FloatArray, isd_m: float) -> bool:
    """Whether all sites lie on the hexagonal lattice spanned by (1, 0) and (1/2, √3/2) times ``isd_m``."""
    offset = (xy_m - xy_m[0]) / isd_m
    row = offset[:, 1] / (3.0**0.5 / 2.0)
    column = offset[:, 0] - row / 2.0
    miss = np.maximum(np.abs(row - np.round(row)), np.abs(column - np.round(column)))
    return bool(miss.max() <= _LATTICE_TOLERANCE)


def inside(area: Area, xy_m: FloatArray) -> BoolArray:
    """Whether points [M, 2] lie in the service area, bool [M]."""
    near_m, nearest = area.tree.query(xy_m)
    if not area.hexagonal:
        return np.asarray(near_m <= area.cell_radius_m)
    # Most points lie inside a hexagon's inner circle, which is cheaper to see than its edges.
    result: BoolArray = near_m <= area.isd_m / 2.0
    edge = np.flatnonzero(~result & (near_m <= area.cell_radius_m))
    result[edge] = inside_hexagons(xy_m[edge] - area.site_xy_m[nearest[edge]], np.zeros((1, 2)), area.isd_m)
    return result


def distance_m(xy_m: FloatArray, site_xy_m: FloatArray) -> FloatArray:
    """Horizontal distance of points [M, 2] from sites [N, 2], shape [M, N]."""
    delta_m = xy_m[:, None, :] - site_xy_m[None, :, :]
    result: FloatArray = np.hypot(delta_m[..., 0], delta_m[..., 1])
    return result


def nearest_site(area: Area, xy_m: FloatArray) -> IntArray:
    """Index of the nearest site of each point [M, 2], shape [M]."""
    return np.asarray(area.tree.query(xy_m)[1], dtype=np.int64)


def uniform_points(area: Area, count: int, rng: np.random.Generator) -> FloatArray:
    """``count`` points, uniform over the service area, shape [count, 2]."""
    low_m = area.site_xy_m.min(axis=0) - area.cell_radius_m
    high_m = area.site_xy_m.max(axis=0) + area.cell_radius_m
    found = np.empty((0, 2))
    while len(found) < count:
        batch = rng.uniform(low_m, high_m, (max(_BATCH, 2 * count), 2))
        found = np.concatenate([found, batch[inside(area, batch)]])
    return found[:count]
