"""Demand points: the users of a snapshot, gathered so that a mode plan can be solved in seconds.

Theory of operation. What matters for a plan is which awake site can carry a user, and how many resource blocks
a megabit costs there. Users of the same own cell with similar gains towards the sites around are alike in that
respect, so they are gathered (``gathering``). A point carries the volume that
the plan must serve (class target × demand) and, for each of its candidate sites and carriers, the rate of a whole
carrier under the interference of the *planned* pattern:

* a site that is stronger at the point than the candidate by ``BLOCK_DB`` must be silent on that carrier (it is
  listed as a blocker; the model turns that into a linear row);
* every other site interferes with the planning activity ``PLANNED_ACTIVITY``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridran.radio.rate import full_band_rate_mbps
from gridran.radio.sinr import noise_mw, received_mw
from gridran.types import BoolArray, FloatArray, IntArray, Network, Snapshot

BLOCK_DB = 3.0
PLANNED_ACTIVITY = 0.3
CANDIDATES = 4


@dataclass(frozen=True)
class DemandPoints:
    """G demand points with C candidate sites each.

    ``volume_mbps`` [G] to be served; ``weight`` [G] the class weight of the point's volume, normalised to sum 1;
    ``own_site`` [G]; ``candidate`` [G, C] site index, strongest first, -1 where there is none; ``rate_mbps``
    [G, C, B] of a whole carrier (0: out of reach); ``nominal`` [G, C]: inside the candidate's nominal coverage;
    ``reduced`` [G, C]: inside its reduced radius; ``blocked`` [G, C, C]: candidate c is silenced by candidate d.
    ``ue_point`` [U]: the point of each user.
    """

    volume_mbps: FloatArray
    weight: FloatArray
    own_site: IntArray
    candidate: IntArray
    rate_mbps: FloatArray
    nominal: BoolArray
    reduced: BoolArray
    blocked: BoolArray
    ue_point: IntArray


def demand_points(
    network: Network,
    snapshot: Snapshot,
    volume_mbps: FloatArray,
    class_weight: FloatArray,
    ue_point: IntArray,
    candidates: int = CANDIDATES,
) -> DemandPoints:
    """The demand points of users who are gathered as ``ue_point`` [U] says (``gathering.gathered``).

    ``volume_mbps`` [U] is what the plan has to serve of each user; ``class_weight`` [4]. ``candidates``: sites that a
    point may be served by, strongest first.
    """
    count = int(ue_point.max(initial=-1)) + 1
    total_mbps: FloatArray = np.asarray(np.bincount(ue_point, volume_mbps, count), dtype=np.float64)
    share = volume_mbps / np.maximum(total_mbps[ue_point], 1e-12)
    weight = np.asarray(np.bincount(ue_point, class_weight[snapshot.service_class], count), dtype=np.float64)
    gain_db = _mean_by_site(network, snapshot, ue_point, count, share)  # [G, N, B]
    xy_m: FloatArray = np.column_stack(
        [np.bincount(ue_point, weights=share * snapshot.ue_xy_m[:, a], minlength=count) for a in (0, 1)]
    )
    first = np.full(count, -1, dtype=np.int64)
    first[ue_point[::-1]] = np.arange(len(ue_point))[::-1]
    own = snapshot.neighbour_site[first, 0]
    keep = total_mbps > 0
    relabel = np.cumsum(keep) - 1
    ue_point = np.where(keep[ue_point], relabel[ue_point], -1)
    return _points(
        network,
        total_mbps[keep],
        weight[keep] / weight[keep].sum(),
        own[keep],
        gain_db[keep],
        xy_m[keep],
        ue_point,
        candidates,
    )


def _points(
    network: Network,
    volume_mbps: FloatArray,
    weight: FloatArray,
    own: IntArray,
    gain_db: FloatArray,
    xy_m: FloatArray,
    ue_point: IntArray,
    candidates: int,
) -> DemandPoints:
    distance_m = np.hypot(*(xy_m[:, None, :] - network.site_xy_m[None]).transpose(2, 0, 1))  # [G, N]
    coop = network.cooperation
    is_own = np.arange(network.site_count)[None, :] == own[:, None]
    strength_db = np.where(is_own, 1e3, gain_db[:, :, 0])  # own cell first, whatever the average says
    reachable = is_own | (distance_m <= coop.expanded_radius_m)
    count = min(candidates, network.site_count)
    order = np.argsort(-np.where(reachable, strength_db, -1e3), axis=1, kind="stable")[:, :count]
    ok = np.take_along_axis(reachable, order, axis=1)
    rows = np.arange(len(own))[:, None]
    rate_mbps, blocked = _rates(network, gain_db, order)
    rate_mbps = np.where(ok[..., None], rate_mbps, 0.0)
    near = distance_m[rows, order]
    return DemandPoints(
        volume_mbps=volume_mbps,
        weight=weight,
        own_site=own,
        candidate=np.where(ok & (rate_mbps.max(axis=2) > 0), order, -1),
        rate_mbps=rate_mbps,
        nominal=is_own[rows, order] | (near <= coop.nominal_radius_m),
        reduced=near <= coop.reduced_radius_frac * coop.nominal_radius_m,
        blocked=blocked,
        ue_point=ue_point,
    )


def _rates(network: Network, gain_db: FloatArray, order: IntArray) -> tuple[FloatArray, BoolArray]:
    """Whole-carrier rates [G, C, B] with blockers silent and the others at the planning activity, and ``blocked``."""
    power_mw = received_mw(network, gain_db)  # [G, N, B]
    rows = np.arange(len(order))[:, None]
    candidate_mw = power_mw[rows, order]  # [G, C, B]
    ratio = power_mw[:, None, :, :] / np.maximum(candidate_mw[:, :, None, :], 1e-300)  # [G, C, N, B]
    silent = ratio[..., :1] > 10 ** (BLOCK_DB / 10)
    own = np.arange(network.site_count) == order[..., None]
    interference = PLANNED_ACTIVITY * np.where(silent | own[..., None], 0.0, ratio).sum(axis=2)
    sinr = 1.0 / (noise_mw(network) / np.maximum(candidate_mw, 1e-300) + interference)
    helping = np.zeros(network.site_count, dtype=np.bool_)
    rate_mbps = full_band_rate_mbps(network, sinr, helping, order)
    blocked = np.take_along_axis(silent[..., 0], order[:, None, :].repeat(order.shape[1], axis=1), axis=2)
    return rate_mbps, blocked


def _mean_by_site(
    network: Network, snapshot: Snapshot, ue_point: IntArray, count: int, share: FloatArray
) -> FloatArray:
    """Volume-weighted mean gain in dB of each point towards every site, [G, N, B]; -300 dB where nobody measured."""
    users = len(snapshot.neighbour_site)
    dense = np.full((users, network.site_count, network.band_count), -300.0)
    dense[np.arange(users)[:, None], snapshot.neighbour_site] = snapshot.gain_db
    mean = np.zeros((count, network.site_count, network.band_count))
    np.add.at(mean, ue_point, dense * share[:, None, None])
    return mean
