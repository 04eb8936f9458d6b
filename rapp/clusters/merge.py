"""One plan out of the plans of all clusters.

Each decides on its own core. Links may cross between clusters, so they are found anew for the network as a whole; whom
nobody can help then is woken.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray, ServiceClass, SiteMode
from rapp.clusters.cut import View, kept_of
from rapp.cooperation.pairing import Links, Pairing
from rapp.plan import Plan, PlanProblem


def merged(problem: PlanProblem, plans: Sequence[tuple[View, Plan]], decided_mode: IntArray) -> Plan:
    """The network's plan: the modes [N] that were decided on, and of every cluster's plan its core. The shortest of
    their lives is its life; nothing is known of how much longer a plan made at once could be."""
    sites = problem.network.site_count
    alive = np.asarray(problem.snapshot.site_up | problem.snapshot.grid_up, dtype=np.bool_)
    mode, links = with_links(Pairing(problem.network, ~alive), decided_mode, alive)
    awake = mode != SiteMode.DEEP_SLEEP
    band_on = _of_cores(plans, [plan.band_on for _, plan in plans], sites) > 0
    band_on |= (awake & ~band_on.any(axis=1))[:, None]
    return Plan(
        mode=mode,
        links=tuple(links),
        band_on=band_on & awake[:, None],
        mean_power_kw=_of_cores(plans, [plan.mean_power_kw for _, plan in plans], sites),
        survival_h=float(np.nanmin([plan.survival_h for _, plan in plans])),
        bound_survival_h=float("nan"),
        service_frac=_shares(plans, [plan.service_frac for _, plan in plans], sites),
        availability_frac=_shares(plans, [plan.availability_frac for _, plan in plans], sites),
        kept_by_cluster=tuple(kept_of(plan, seen.cluster) for seen, plan in plans),
    )


def with_links(pairing: Pairing, mode: IntArray, alive: BoolArray) -> tuple[IntArray, Links]:
    """Modes [N] and links by which every live site that is assisted or sleeps has a helper; who cannot have one is
    normal instead."""
    helped = np.isin(mode, (SiteMode.ASSISTED, SiteMode.DEEP_SLEEP)) & alive
    helped, links = pairing.most_links(~helped & alive, helped)
    mode = np.where(alive, np.where(helped, mode, int(SiteMode.NORMAL)), int(SiteMode.DEEP_SLEEP))
    mode[[helper for helper, _ in links]] = int(SiteMode.HELPING)
    return mode, links


def _of_cores(
    plans: Sequence[tuple[View, Plan]], parts: Sequence[FloatArray | IntArray | BoolArray], sites: int
) -> FloatArray:
    """[N, ...] of the clusters' own [n, ...]."""
    whole = np.zeros((sites, *parts[0].shape[1:]))
    for (seen, _), part in zip(plans, parts, strict=True):
        inside = np.isin(seen.sites, seen.cluster.core)
        whole[seen.sites[inside]] = part[inside]
    return whole


def _shares(plans: Sequence[tuple[View, Plan]], parts: Sequence[FloatArray | None], sites: int) -> FloatArray | None:
    """[N, 4] of the clusters' own, all where one has none; None where none of them has any."""
    if all(part is None for part in parts):
        return None
    everything = [np.ones((len(seen.sites), len(ServiceClass))) for seen, _ in plans]
    filled = [full if part is None else part for part, full in zip(parts, everything, strict=True)]
    return _of_cores(plans, filled, sites)
