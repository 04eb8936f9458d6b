"""Sites from an OpenCelliD-style list of cells.

Columns: ``radio, mcc, net, area, cell, unit, lon, lat, range, samples, …``, with or without the header line; only
cell, lon and lat are used. Cells within ``group_within_m`` of one another, directly or through others, are one site,
at their mean. How many sectors a site has cannot be told from its cells; ``[sites] sectors`` says it.

Longitude and latitude become metres east and north of the mean of all sites, on a local plane (equirectangular; the
error is below 0.1 % within 20 km). Sites are called ``site-0``, ``site-1``, … in the order of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from annotated_types import Ge, Le
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from gridran.scenario.importers.rows import Findings, Row, Table, Word, number, read
from gridran.types import FloatArray, IntArray

_EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG
_HEADER = (
    *("radio", "mcc", "net", "area", "cell", "unit", "lon", "lat", "range", "samples"),
    *("changeable", "created", "updated", "averageSignal"),
)
_TABLE = Table({"cell": Word, "lon": number(Ge(-180), Le(180)), "lat": number(Ge(-85), Le(85))}, _HEADER)


@dataclass(frozen=True)
class CellSites:
    """Sites found in a list of cells: (id, x_m, y_m) of each, and the site of each cell."""

    places: tuple[tuple[str, float, float], ...]
    site_of_cell: Mapping[str, str]


def cell_sites(path: Path, group_within_m: float, findings: Findings) -> CellSites | None:
    """Reads and groups the cells; None where ``findings`` has something to say."""
    rows = read(path, _TABLE, findings)
    _no_cell_twice(rows, findings)
    if not rows and not findings.problems:
        findings.add(0, "", "has no cells; give at least one")
    if findings.problems:
        return None
    degrees = np.array([(row.values["lon"], row.values["lat"]) for row in rows])
    group = _groups(local_xy_m(degrees), group_within_m)
    sites = int(group.max()) + 1
    mean_degrees = np.stack([degrees[group == g].mean(axis=0) for g in range(sites)])
    places = tuple((f"site-{i}", x, y) for i, (x, y) in enumerate(local_xy_m(mean_degrees).round(3).tolist()))
    return CellSites(places, {row.values["cell"]: f"site-{g}" for row, g in zip(rows, group, strict=True)})


def local_xy_m(degrees: FloatArray) -> FloatArray:
    """Longitude and latitude [M, 2] as metres east and north of their mean, [M, 2]."""
    centre = degrees.mean(axis=0)
    radians = np.radians(degrees - centre)
    xy_m: FloatArray = _EARTH_RADIUS_M * radians * np.array([np.cos(np.radians(centre[1])), 1.0])
    return xy_m


def _groups(xy_m: FloatArray, within_m: float) -> IntArray:
    """Connected groups of points, numbered in order of first appearance, shape [M]."""
    pairs = cKDTree(xy_m).query_pairs(within_m, output_type="ndarray")
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(xy_m), len(xy_m)))
    label = connected_components(graph, directed=False)[1]
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank: IntArray = np.argsort(np.argsort(first)).astype(np.int64)
    return rank[inverse]


def _no_cell_twice(rows: list[Row], findings: Findings) -> None:
    seen: dict[str, int] = {}
    for row in rows:
        cell = row.values["cell"]
        if cell in seen:
            findings.add(row.line, "cell", f"{cell} is already on line {seen[cell]}; keep one (one operator a file)")
        seen.setdefault(cell, row.line)
