"""The planning problem of one cluster: the same network, seen as far as the cluster looks.

Its planner plans it like a network of its own, and is told what others have settled already: that stands for now,
though over a whole outage those sites turn like any other. Sites beyond that are awake now count as a given, with power
of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from gridran.types import FloatArray, IntArray, Network, SiteMode, Snapshot
from rapp.clusters.partition import Cluster, partners
from rapp.plan import UNDECIDED, Kept, Plan, PlanProblem

_OF_SITES = (
    "mode",
    "soc_frac",
    "site_up",
    "grid_up",
    "load_kw",
    "pv_kw",
    "ev_connected",
    "ev_usable_kwh",
    "ev_accepting",
    "price_usd_per_kwh",
    "v2g_kw",
    "band_on",
    "prb_used_frac",
)
_OF_USERS = ("ue_id", "service_class", "demand_mbps", "min_rate_mbps", "ue_xy_m", "served_mbps")


@dataclass(frozen=True)
class View:
    """What a ``cluster`` is planned with: ``sites`` [n] of the network, its own first, and their ``problem``."""

    cluster: Cluster
    sites: IntArray
    problem: PlanProblem


def view(problem: PlanProblem, cluster: Cluster, decided_mode: IntArray, kept: Kept | None, most_sites: int) -> View:
    """``cluster`` under the modes [N] that other clusters have decided on (``UNDECIDED``: none yet), with what its
    planner kept; as many demand points to a site as a network of ``most_sites`` has."""
    alive = problem.snapshot.site_up | problem.snapshot.grid_up
    sites, forecast = _in_sight(problem.network, cluster, np.where(alive, decided_mode, UNDECIDED)), problem.forecast
    points = round(problem.params.demand_points * len(cluster.sites) / most_sites)
    seen = replace(
        problem,
        network=replace(problem.network, sites=tuple(problem.network.sites[i] for i in sites)),
        snapshot=_snapshot(problem, sites, len(cluster.sites)),
        forecast=replace(
            forecast,
            demand_frac=forecast.demand_frac[:, sites],
            ev_energy_kwh=forecast.ev_energy_kwh[sites],
            ev_parked_kwh=forecast.ev_parked_kwh[sites],
        ),
        previous=None if problem.previous is None else _plan(problem.previous, sites, _widened(kept, len(sites))),
        params=replace(problem.params, demand_points=max(points, 1)),
        price_usd_per_kwh=problem.price_usd_per_kwh[sites],
        decided_mode=decided_mode[sites],
    )
    return View(cluster, sites, seen)


def kept_of(found: Plan, cluster: Cluster) -> Kept | None:
    """What the planner keeps of a cluster's own sites, which are always the same."""
    return None if found.kept is None else replace(found.kept, awake=found.kept.awake[:, : len(cluster.sites)])


def _in_sight(network: Network, cluster: Cluster, decided_mode: IntArray) -> IntArray:
    """A cluster's sites, then who was decided to be awake beyond and could serve the users of those, [n]."""
    awake = (decided_mode != UNDECIDED) & (decided_mode != SiteMode.DEEP_SLEEP)
    beyond = awake & partners(network)[:, cluster.sites].any(axis=1)
    beyond[cluster.sites] = False
    return np.concatenate([cluster.sites, np.flatnonzero(beyond)])


def _widened(kept: Kept | None, count: int) -> Kept | None:
    if kept is None:
        return None
    beyond = np.ones((len(kept.awake), count - kept.awake.shape[1]), dtype=np.bool_)
    return replace(kept, awake=np.concatenate([kept.awake, beyond], axis=1))


def _snapshot(problem: PlanProblem, sites: IntArray, own_count: int) -> Snapshot:
    """The report of ``sites`` [n], and of the users whose own cells are among the first ``own_count``; the others are
    awake whatever happens here."""
    snapshot = problem.snapshot
    place = np.full(problem.network.site_count + 1, -1)  # the last is that of users without a site
    place[sites] = np.arange(len(sites))
    own = place[snapshot.neighbour_site[:, 0]]
    users = np.flatnonzero((own >= 0) & (own < own_count))
    neighbour, gain_db = _neighbours(place[snapshot.neighbour_site[users]], snapshot.gain_db[users])
    seen = {name: getattr(snapshot, name)[sites] for name in _OF_SITES}
    seen |= {name: getattr(snapshot, name)[users] for name in _OF_USERS}
    seen["serving_site"] = place[snapshot.serving_site[users]]
    seen["grid_up"] = seen["grid_up"] | (np.arange(len(sites)) >= own_count)
    unchanged = {f.name: getattr(snapshot, f.name) for f in fields(snapshot) if f.name not in seen}
    return Snapshot(**unchanged | seen | {"neighbour_site": neighbour, "gain_db": gain_db})


def _neighbours(neighbour_site: IntArray, gain_db: FloatArray) -> tuple[IntArray, FloatArray]:
    """Measurements [U, K] and [U, K, B] without sites out of sight (-1): the rest in order, then the own cell again."""
    order = np.argsort(neighbour_site < 0, axis=1, kind="stable")
    columns = order[:, : int((neighbour_site >= 0).sum(axis=1).max(initial=1))]
    site = np.take_along_axis(neighbour_site, columns, axis=1)
    columns = np.where(site >= 0, columns, 0)
    return np.take_along_axis(neighbour_site, columns, axis=1), np.take_along_axis(gain_db, columns[..., None], axis=1)


def _plan(plan: Plan, sites: IntArray, kept: Kept | None) -> Plan:
    """What ``plan`` has for ``sites``."""
    place = {int(site): number for number, site in enumerate(sites)}
    links = tuple((place[h], place[a]) for h, a in plan.links if h in place and a in place)
    return replace(
        plan,
        mode=plan.mode[sites],
        links=links,
        band_on=plan.band_on[sites],
        mean_power_kw=plan.mean_power_kw[sites],
        service_frac=None if plan.service_frac is None else plan.service_frac[sites],
        availability_frac=None if plan.availability_frac is None else plan.availability_frac[sites],
        slots=(),
        kept=kept,
        kept_by_cluster=(),
    )
