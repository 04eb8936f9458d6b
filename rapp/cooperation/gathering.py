"""Which users share a demand point: those of one own cell whose gains towards the sites around are alike."""

from __future__ import annotations

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray, Network, Snapshot

PROFILE_RANGE_DB = 30.0
LLOYD_ROUNDS = 8


def gathered(network: Network, snapshot: Snapshot, point_count: int, alone: BoolArray | None = None) -> IntArray:
    """The point of each user [U], of about ``point_count``, numbered without gaps.

    The users ``alone`` [U] are a point each, since the mean of a crowd says nothing of the one who is in a hole of
    coverage.
    """
    ue_point, count = _clusters(network, snapshot, point_count)
    if alone is None:
        return ue_point
    ue_point[alone] = count + np.arange(int(alone.sum()))
    return np.asarray(np.unique(ue_point, return_inverse=True)[1], dtype=np.int64)


def _clusters(network: Network, snapshot: Snapshot, point_count: int) -> tuple[IntArray, int]:
    """Point of each user: per own cell a number of clusters in proportion to its users."""
    users = len(snapshot.ue_id)
    own = snapshot.neighbour_site[:, 0]
    profile = np.full((users, network.site_count), -PROFILE_RANGE_DB)
    relative_db = snapshot.gain_db[:, :, 0] - snapshot.gain_db[:, :1, 0]
    profile[np.arange(users)[:, None], snapshot.neighbour_site] = np.maximum(relative_db, -PROFILE_RANGE_DB)
    label = np.zeros(users, dtype=np.int64)
    base = 0
    for site in range(network.site_count):
        members = np.flatnonzero(own == site)
        if members.size:
            k = max(1, round(point_count * members.size / users))
            label[members] = base + _kmeans(profile[members], min(k, members.size))
            base = int(label[members].max()) + 1
    return label, base


def _kmeans(x: FloatArray, k: int) -> IntArray:
    """Deterministic k-means: farthest-point start, then Lloyd rounds; labels are 0..k'-1 without gaps."""
    centre = x[[int(np.argmin(((x - x.mean(axis=0)) ** 2).sum(axis=1)))]]
    nearest = ((x - centre[0]) ** 2).sum(axis=1)
    for _ in range(k - 1):
        centre = np.vstack([centre, x[int(np.argmax(nearest))]])
        nearest = np.minimum(nearest, ((x - centre[-1]) ** 2).sum(axis=1))
    label = np.zeros(len(x), dtype=np.int64)
    for _ in range(LLOYD_ROUNDS):
        label = np.argmin(((x[:, None, :] - centre[None]) ** 2).sum(axis=2), axis=1)
        centre = np.array([x[label == c].mean(axis=0) if (label == c).any() else centre[c] for c in range(len(centre))])
    _, dense = np.unique(label, return_inverse=True)
    return dense.astype(np.int64)
