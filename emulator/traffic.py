"""Users and what they ask for (SPEC 2): classes, homes in hotspots, sessions, day profile, measured counters."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from emulator.area import Area, inside, nearest_site, uniform_points
from gridran.scenario.params import Scenario, TrafficCounters, TrafficParams
from gridran.types import FloatArray, IntArray, ServiceClass


@dataclass(frozen=True)
class Users:
    """Who the users are and what their running sessions ask for.

    ``service_class`` [U]; ``home_xy_m`` [U, 2]; ``session_mbps`` [U], the demand of the running session before
    load scale, day profile and counters.
    """

    service_class: IntArray
    home_xy_m: FloatArray
    session_mbps: FloatArray


def initial_users(scenario: Scenario, area: Area, rng: np.random.Generator) -> Users:
    """The users of a run, each with a running session."""
    params = scenario.traffic
    service_class = class_of_users(params, rng)
    if scenario.traffic_counters is None:
        home_xy_m = hotspot_homes(params, area, rng)
    else:
        home_xy_m = counter_homes(params.ue_count, area, scenario.traffic_counters, rng)
    return Users(service_class, home_xy_m, drawn_sessions(params, service_class, rng))


def class_of_users(params: TrafficParams, rng: np.random.Generator) -> IntArray:
    """Service class of each user, shape [U]: exact shares (largest remainder) in random order.

    Exact, because with 20 emergency users in 1,000 a drawn share would add noise that says nothing.
    """
    wanted = np.asarray(params.class_share) / sum(params.class_share) * params.ue_count
    count = np.floor(wanted).astype(np.int64)
    short = params.ue_count - int(count.sum())
    count[np.argsort(count - wanted, kind="stable")[:short]] += 1
    return rng.permutation(np.repeat(np.arange(len(wanted), dtype=np.int64), count))


def hotspot_homes(params: TrafficParams, area: Area, rng: np.random.Generator) -> FloatArray:
    """Home points [U, 2]: ``hotspot_share`` of them normal around uniform hotspot centres, the rest uniform.

    A point that falls outside the service area is drawn again around its own hotspot.
    """
    in_hotspot = round(params.hotspot_share * params.ue_count) if params.hotspot_count > 0 else 0
    centre_m = uniform_points(area, max(params.hotspot_count, 1), rng)
    home_m = uniform_points(area, params.ue_count, rng)
    chosen_m = centre_m[rng.integers(len(centre_m), size=in_hotspot)]
    home_m[:in_hotspot] = chosen_m + rng.normal(0.0, params.hotspot_sigma_m, (in_hotspot, 2))
    outside = np.flatnonzero(~inside(area, home_m))
    while outside.size:
        home_m[outside] = chosen_m[outside] + rng.normal(0.0, params.hotspot_sigma_m, (outside.size, 2))
        outside = outside[~inside(area, home_m[outside])]
    return home_m


def counter_homes(ue_count: int, area: Area, counters: TrafficCounters, rng: np.random.Generator) -> FloatArray:
    """Home points [U, 2] spread over the sites in proportion to their mean measured volume, uniform in a cell."""
    mean_mbps = counters.offered_mbps.mean(axis=0)
    wanted = rng.multinomial(ue_count, mean_mbps / mean_mbps.sum())
    homes = []
    for site, count in enumerate(wanted):
        found = np.empty((0, 2))
        while len(found) < count:
            near_m = area.site_xy_m[site] + rng.uniform(-area.cell_radius_m, area.cell_radius_m, (2 * count, 2))
            own = inside(area, near_m) & (nearest_site(area, near_m) == site)
            found = np.concatenate([found, near_m[own]])
        homes.append(found[:count])
    return np.concatenate(homes)


def drawn_sessions(params: TrafficParams, service_class: IntArray, rng: np.random.Generator) -> FloatArray:
    """The demand of a new session of each user, shape [U]."""
    normal = rng.standard_normal(len(service_class))
    essential_mbps = np.exp(params.essential_lognormal[0] + params.essential_lognormal[1] * normal)
    best_effort_mbps = np.exp(params.best_effort_lognormal[0] + params.best_effort_lognormal[1] * normal)
    return np.select(
        [service_class == ServiceClass.BEST_EFFORT, service_class == ServiceClass.ESSENTIAL],
        [best_effort_mbps, essential_mbps],
        params.voice_mbps,
    )


def next_sessions(params: TrafficParams, users: Users, dt_h: float, rng: np.random.Generator) -> Users:
    """Users after ``dt_h``: sessions end at rate 1/mean (exponential, hence without memory) and new ones start."""
    ended_frac = -np.expm1(-dt_h * 60.0 / params.session_mean_min)
    ended = rng.random(len(users.session_mbps)) < ended_frac
    drawn_mbps = drawn_sessions(params, users.service_class, rng)
    return replace(users, session_mbps=np.where(ended, drawn_mbps, users.session_mbps))


def demand_mbps(scenario: Scenario, users: Users, own_site: IntArray, time_h: float) -> FloatArray:
    """What each user asks for now, shape [U]: session × load scale × day profile (× counters of its own site)."""
    asked_mbps = users.session_mbps * scenario.traffic.load_scale * day_factor(scenario, time_h)
    if scenario.traffic_counters is None:
        return asked_mbps
    return asked_mbps * counter_factor(scenario.traffic_counters, users.session_mbps, own_site, time_h)[own_site]


def day_factor(scenario: Scenario, time_h: float) -> float:
    """The day profile at ``time_h``, linear between the full hours; 1 without a profile."""
    profile = scenario.traffic.day_profile
    if not profile:
        return 1.0
    hour = (scenario.time.start_hour + time_h) % 24.0
    return float(np.interp(hour, np.arange(25), (*profile, profile[0])))


def counter_factor(
    counters: TrafficCounters, session_mbps: FloatArray, own_site: IntArray, time_h: float
) -> FloatArray:
    """Factor per site, shape [N], that brings the demand of its own users to its counter (repeated after its end)."""
    row = int(time_h * 60.0 / counters.step_min + 1e-9) % len(counters.offered_mbps)
    measured_mbps = counters.offered_mbps[row]
    own_mbps = np.bincount(own_site, session_mbps, minlength=len(measured_mbps))
    factor = np.zeros(len(measured_mbps))
    np.divide(measured_mbps, own_mbps, out=factor, where=own_mbps > 0.0)
    return factor


def min_rate_mbps(params: TrafficParams, service_class: IntArray, demand: FloatArray) -> FloatArray:
    """Minimum rate of Eq. (10), shape [U]; never above the demand, none for best-effort."""
    by_class = np.array([params.voice_mbps, params.voice_mbps, params.essential_min_mbps, 0.0])
    result: FloatArray = np.minimum(by_class[service_class], demand)
    return result
