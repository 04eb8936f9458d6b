"""Why the cooperation model has no answer, in words that name sites: cheap checks, no second solve."""

from __future__ import annotations

import numpy as np

from gridran.energy.site_power import idle_kw, standby_kw
from gridran.types import BoolArray
from rapp.cooperation.variables import Problem, link_pairs


def not_finite(problem: Problem) -> str:
    """The sites whose energy, demand or rates are not numbers, or an empty string."""
    points = problem.points
    where = np.zeros(problem.network.site_count, dtype=np.bool_)
    broken = ~np.isfinite(points.volume_mbps) | ~np.isfinite(points.weight) | ~np.isfinite(points.rate_mbps).all((1, 2))
    where[points.own_site[broken]] = True
    faults = [("energy", ~np.isfinite(problem.energy_kwh)), ("demand or gain", where)]
    return "; ".join(f"{what} is not finite at {_names(problem, at)}" for what, at in faults if at.any())


def why_infeasible(problem: Problem) -> str:
    """What no mode pattern can hold: the sites that cannot stay awake within their discharge limit, as their least
    awake draw of (4) is above it, and of these the ones that (21) forbids to sleep, for want of a helper."""
    network = problem.network
    standby = standby_kw(network)
    least_kw = standby.sum(axis=1) + (idle_kw(network) - standby).min(axis=1)
    limit_kw = np.array([s.battery.discharge_limit_kw for s in network.sites])
    too_much = (problem.drains > 0) & (problem.alive > 0) & (least_kw > limit_kw)
    helper, assisted = link_pairs(network)
    able = (problem.alive > 0) & ~too_much
    helped = np.isin(np.arange(network.site_count), assisted[able[helper]])
    stuck = too_much & ~helped
    if stuck.any():
        return f"awake beyond the discharge limit (4), and no helper in reach (21): {_names(problem, stuck)}"
    if too_much.any():
        return f"awake beyond the discharge limit (4), too many to be helped (20)-(23): {_names(problem, too_much)}"
    return "no mode pattern holds (19)-(25) with the discharge limits"


def _names(problem: Problem, at: BoolArray) -> str:
    return "sites " + ", ".join(problem.network.sites[i].site_id for i in np.flatnonzero(at))
