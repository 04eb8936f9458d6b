"""Which sites are planned together when a network is too large to be planned at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray, Network
from rapp.links import helper_pairs

NEAREST = 6  # a ring of a hexagonal network, whatever the distance


@dataclass(frozen=True, eq=False)
class Cluster:
    """``core``: the sites that it decides on; ``sites``: those and the nearest that may help or be helped by one of
    them, ascending; ``colour``: clusters of one colour decide on nothing that another of them looks at."""

    core: IntArray
    sites: IntArray
    colour: int


def clusters(network: Network, most_sites: int) -> tuple[Cluster, ...]:
    """Every site in the core of one cluster of at most ``most_sites``; colour by colour.

    The cores come from halving: across its longer side, as often as a part is too large. So all are of like size, and a
    network that grows by a site keeps most of its clusters.
    """
    near = partners(network)
    cores = _halved(network.site_xy_m, np.arange(network.site_count), most_sites)
    around = [np.flatnonzero(near[:, core].any(axis=1)) for core in cores]
    found = [
        Cluster(core, sites, colour)
        for core, sites, colour in zip(cores, around, _colours(cores, around, len(near)), strict=True)
    ]
    return tuple(sorted(found, key=lambda cluster: cluster.colour))


def partners(network: Network) -> BoolArray:
    """[N, N]: whether site i is site j itself, among the ``NEAREST`` that may help it (21), or the other way about."""
    may = helper_pairs(network)
    distance_m = np.where(may, np.round(network.site_distance_m, 3), np.inf)
    rank = np.argsort(np.argsort(distance_m, axis=0, kind="stable"), axis=0, kind="stable")
    near = may & (rank < NEAREST)
    return np.asarray(near | near.T | np.eye(len(may), dtype=np.bool_), dtype=np.bool_)


def _halved(xy_m: FloatArray, sites: IntArray, most_sites: int) -> list[IntArray]:
    if len(sites) <= most_sites:
        return [sites]
    side = int(np.argmax(np.ptp(xy_m[sites], axis=0)))
    order = np.lexsort((sites, xy_m[sites, 1 - side], xy_m[sites, side]))
    half = (len(sites) + 1) // 2
    parts = (np.sort(sites[order[:half]]), np.sort(sites[order[half:]]))
    return [core for part in parts for core in _halved(xy_m, part, most_sites)]


def _colours(cores: list[IntArray], around: list[IntArray], site_count: int) -> list[int]:
    """The first colour that no cluster before has which looks at this one's core, or at whose core this one looks."""
    decides, looks = (_members(each, site_count) for each in (cores, around))
    meets = (decides @ looks.T) | (looks @ decides.T)
    colours: list[int] = []
    for number in range(len(cores)):
        taken = {colours[other] for other in np.flatnonzero(meets[number, :number])}
        colours.append(next(colour for colour in range(number + 1) if colour not in taken))
    return colours


def _members(groups: list[IntArray], site_count: int) -> BoolArray:
    members = np.zeros((len(groups), site_count), dtype=np.bool_)
    for number, group in enumerate(groups):
        members[number, group] = True
    return members
