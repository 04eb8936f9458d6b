"""Energy between sites over dedicated cables: a bus (chain in site order) or a star (through site 0).

The microgrid paper lets a share of the power survive each cable and multiplies the shares along a path (its Sec. 6.4,
0.8 to the power of the number of cables). Here a cable of ``d`` km keeps ``(1 - loss_frac_per_km) ** d``, so the
same law holds for cables of any length.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridran.types import FloatArray, IntArray, Network
from gridran.units import m_to_km


@dataclass(frozen=True)
class Cables:
    """The cables of a microgrid, C = N - 1 of them, or none.

    Bus: cable c joins sites c and c + 1. Star: cable c joins site 0 and site c + 1. ``efficiency_frac`` [C] is what
    is left at the far end; ``limit_kw`` the most that may enter a cable, all transfers added up, either way.
    ``path_efficiency_frac`` [N, N] is the share of the power sent by i that reaches j: 1 on the diagonal, 0 where no
    cable leads.
    """

    topology: str
    site_count: int
    efficiency_frac: FloatArray
    path_efficiency_frac: FloatArray
    limit_kw: float

    def path(self, source: int, target: int) -> IntArray:
        """The cables from ``source`` to ``target`` in the order in which power passes them."""
        if self.topology == "bus":
            forward = np.arange(min(source, target), max(source, target), dtype=np.int64)
            return forward if source < target else forward[::-1]
        return np.array([site - 1 for site in (source, target) if site != 0 and source != target], dtype=np.int64)


@dataclass(frozen=True)
class CableFlow:
    """Who gave what to whom. ``transfer_kw`` [N, N]: power that site i sends for site j, measured at i.

    ``sent_kw`` and ``received_kw`` [N] are measured at the sites; ``cable_kw`` [C] is what enters each cable;
    ``lost_kw`` is the difference of all that was sent and all that was received.
    """

    transfer_kw: FloatArray
    sent_kw: FloatArray
    received_kw: FloatArray
    cable_kw: FloatArray
    lost_kw: float


def cables(network: Network, topology: str, cable_limit_kw: float, loss_frac_per_km: float) -> Cables:
    """The cables between the sites of a network. ``topology``: "none", "bus" or "star".

    Cables run straight. Raises ValueError for another topology.
    """
    near, far = _ends(topology, network.site_count)
    length_km = m_to_km(network.site_distance_m[near, far])
    kept_per_km_frac = 1.0 - loss_frac_per_km
    return Cables(
        topology=topology,
        site_count=network.site_count,
        efficiency_frac=np.asarray(kept_per_km_frac**length_km, dtype=np.float64),
        path_efficiency_frac=_path_efficiency_frac(topology, length_km, network.site_count, kept_per_km_frac),
        limit_kw=cable_limit_kw,
    )


def share(
    cables: Cables, surplus_kw: FloatArray, deficit_kw: FloatArray, used_kw: FloatArray | None = None
) -> CableFlow:
    """Carry surplus [N] to deficit [N], both >= 0, over the cables; the least lossy pairs of sites go first.

    A pair moves as much as surplus, deficit and the cables on its path allow. Ties are broken by site index, so the
    result is deterministic. ``used_kw`` [C] is what the cables already carry (``cable_kw`` of an earlier round).
    A site with both a surplus and a deficit gets nothing from itself: net them first.
    """
    left_kw, short_kw = surplus_kw.astype(np.float64), deficit_kw.astype(np.float64)
    carried_kw = np.zeros(cables.efficiency_frac.size)
    free_kw = np.full(carried_kw.shape, cables.limit_kw) - (0.0 if used_kw is None else used_kw)
    transfer_kw = np.zeros((cables.site_count, cables.site_count))
    for source, target in _pairs(cables, surplus_kw, deficit_kw):
        path = cables.path(source, target)
        kept = np.cumprod(cables.efficiency_frac[path])
        entering = np.concatenate([[1.0], kept[:-1]])  # per kW sent, on each cable of the path
        fits_kw = np.min(np.maximum(free_kw[path] - carried_kw[path], 0.0) / entering)
        sent_kw = min(left_kw[source], short_kw[target] / kept[-1], float(fits_kw))
        transfer_kw[source, target] = sent_kw
        carried_kw[path] += sent_kw * entering
        left_kw[source] -= sent_kw
        short_kw[target] = max(short_kw[target] - sent_kw * kept[-1], 0.0)
    return _flow(cables, transfer_kw, carried_kw)


def _ends(topology: str, site_count: int) -> tuple[IntArray, IntArray]:
    """The two sites that each cable joins."""
    far = np.arange(1, site_count, dtype=np.int64)
    match topology:
        case "none":
            return far[:0], far[:0]
        case "bus":
            return far - 1, far
        case "star":
            return np.zeros_like(far), far
    raise ValueError(f'topology: {topology!r} is not "none", "bus" or "star"')


def _path_efficiency_frac(topology: str, length_km: FloatArray, site_count: int, kept_per_km_frac: float) -> FloatArray:
    if topology == "none":
        return np.eye(site_count)
    if topology == "bus":
        along_km = np.concatenate([[0.0], np.cumsum(length_km)])
        path_km = np.abs(along_km[:, None] - along_km[None, :])
    else:
        leg_km = np.concatenate([[0.0], length_km])
        path_km = leg_km[:, None] + leg_km[None, :]
        np.fill_diagonal(path_km, 0.0)
    return np.asarray(kept_per_km_frac**path_km, dtype=np.float64)


def _pairs(cables: Cables, surplus_kw: FloatArray, deficit_kw: FloatArray) -> list[tuple[int, int]]:
    """Pairs (source, target) that cables join, least lossy first."""
    sources, targets = np.flatnonzero(surplus_kw > 0.0), np.flatnonzero(deficit_kw > 0.0)
    if not (sources.size and targets.size):
        return []
    kept_frac = cables.path_efficiency_frac
    pairs = [(int(i), int(j)) for i in sources for j in targets if i != j and kept_frac[i, j] > 0.0]
    return sorted(pairs, key=lambda pair: (-kept_frac[pair], pair))


def _flow(cables: Cables, transfer_kw: FloatArray, carried_kw: FloatArray) -> CableFlow:
    sent_kw = transfer_kw.sum(axis=1)
    received_kw = (transfer_kw * cables.path_efficiency_frac).sum(axis=0)
    return CableFlow(transfer_kw, sent_kw, received_kw, carried_kw, float(sent_kw.sum() - received_kw.sum()))
