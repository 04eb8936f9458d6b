"""From wished-for modes to a plan that holds the link rules: who helps whom, and who must stay awake after all.

For planners that decide modes alone, by rule or by a learned policy, and leave the links to geometry.
"""

from __future__ import annotations

import math

import numpy as np

from gridran.types import BoolArray, IntArray, Network, SiteMode
from rapp.links import helper_pairs, kept_bands, near_pairs
from rapp.plan import Plan, PlanProblem

Links = tuple[tuple[int, int], ...]


def linked_plan(problem: PlanProblem, wish: IntArray) -> Plan:
    """The plan nearest to the modes ``wish`` [N] that holds (19)-(25); nothing is expected of its energy (NaN).

    1. A helper without power becomes NORMAL.
    2. Sites that wish to be assisted or to sleep get a helper in the order of their charge, the emptiest first: the
       nearest that covers them with κ >= κ_min and has one of its K_max links free. Under literal links (23) joins
       them to every helper of the neighbourhood, so all of these must have a link free.
    3. Who finds no helper, and a helper that nobody needs, becomes NORMAL.
    4. Carriers follow the modes: none asleep, those of (25) assisted, all else.
    """
    network, snapshot = problem.network, problem.snapshot
    helps = (wish == SiteMode.HELPING) & (snapshot.site_up | snapshot.grid_up)
    wants_help = np.isin(wish, (SiteMode.ASSISTED, SiteMode.DEEP_SLEEP))
    order = np.argsort(snapshot.soc_frac, kind="stable")
    links = _links(network, helps, order[wants_help[order]])
    linked = np.zeros(network.site_count, dtype=np.bool_)
    linked[[site for link in links for site in link]] = True
    mode = np.where(linked, wish, int(SiteMode.NORMAL)).astype(np.int64)
    return Plan(
        mode=mode,
        links=links,
        band_on=_band_on(network, mode),
        mean_power_kw=snapshot.load_kw,
        survival_h=math.nan,
        bound_survival_h=math.nan,
    )


def _links(network: Network, helps: BoolArray, helped: IntArray) -> Links:
    """The links (helper, helped) of the sites ``helped``, in that order; a site without any is not helped."""
    chosen = network.cooperation.links == "chosen"
    able, near = helper_pairs(network) & helps[:, None], near_pairs(network) & helps[:, None]
    free = np.full(network.site_count, network.cooperation.max_links)
    links: list[tuple[int, int]] = []
    for site in helped.tolist():
        joined = _nearest(network, able[:, site] & (free > 0), site) if chosen else np.flatnonzero(near[:, site])
        covered = bool(able[joined, site].any())
        if covered and (free[joined] > 0).all() and len(joined) <= network.cooperation.max_links:
            free[joined] -= 1
            links += [(int(helper), site) for helper in joined]
    return tuple(links)


def _nearest(network: Network, helpers: BoolArray, site: int) -> IntArray:
    """The helper that is nearest to ``site``, the first of them where several are; empty where there is none."""
    distance_m = np.where(helpers, np.round(network.site_distance_m[:, site], 3), np.inf)
    return np.flatnonzero(helpers)[:0] if not helpers.any() else np.array([np.argmin(distance_m)])


def _band_on(network: Network, mode: IntArray) -> BoolArray:
    assisted, asleep = mode == SiteMode.ASSISTED, mode == SiteMode.DEEP_SLEEP
    return np.asarray((~assisted[:, None] | kept_bands(network)[None, :]) & ~asleep[:, None], dtype=np.bool_)
