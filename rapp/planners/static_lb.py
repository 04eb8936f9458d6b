"""Planner ``static-lb``: who helps whom is fixed by geometry, whatever the batteries say (Static Load Balancing).

The paper describes its second baseline only as fixed geometric rules. The rule here: the site with the most
neighbours that it could help, and that nobody helps yet, becomes a helper of the nearest K_max of them; then the
next, until no site is left. It holds (19)-(23) with chosen links on any layout; no site ever sleeps. When a helper
dies, its assisted sites wake (SPEC 6).
"""

from __future__ import annotations

import math

import numpy as np

from gridran.outcome import Feasible, Outcome
from gridran.types import Network, SiteMode
from rapp.links import helper_pairs, kept_bands, without_dead_helpers
from rapp.plan import Plan, PlanProblem
from rapp.safe_plan import NOTHING_PROVEN

_ROUND_M = 1e-3  # sites of a regular layout are equally far up to round-off; the site index breaks such ties


def plan(problem: PlanProblem) -> Outcome[Plan]:
    """The fixed pattern of the network, less the links of dead helpers; nothing is proven (gap NaN)."""
    network, snapshot = problem.network, problem.snapshot
    links = pattern(network)
    mode = np.full(network.site_count, int(SiteMode.NORMAL), dtype=np.int64)
    for helper, assisted in links:
        mode[helper], mode[assisted] = int(SiteMode.HELPING), int(SiteMode.ASSISTED)
    mode, links = without_dead_helpers(mode, links, snapshot.site_up | snapshot.grid_up)
    answer = Plan(
        mode=mode,
        links=links,
        band_on=(mode != SiteMode.ASSISTED)[:, None] | kept_bands(network)[None, :],
        mean_power_kw=snapshot.load_kw,
        survival_h=math.nan,
        bound_survival_h=math.nan,
    )
    return Feasible(answer, NOTHING_PROVEN)


def pattern(network: Network) -> tuple[tuple[int, int], ...]:
    """The links (helper, assisted) of the fixed pattern, by geometry alone."""
    able = helper_pairs(network)
    distance_m = np.round(network.site_distance_m / _ROUND_M)
    free = np.ones(network.site_count, dtype=np.bool_)
    links: list[tuple[int, int]] = []
    while True:
        open_pairs = able & free[:, None] & free[None, :]
        helper = int(np.argmax(open_pairs.sum(axis=1)))
        assisted = np.flatnonzero(open_pairs[helper])
        if not assisted.size:
            return tuple(links)
        nearest = assisted[np.argsort(distance_m[helper, assisted], kind="stable")][: network.cooperation.max_links]
        links += [(helper, int(j)) for j in nearest]
        free[helper] = False
        free[nearest] = False
