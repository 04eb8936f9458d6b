"""Electric cars at the sites' chargers (SPEC 3): who comes and goes is drawn before the run, only energy reacts.

The whole timeline of sessions is drawn at the start, so that no control can change who arrives. Chargers are a loss
system: an arrival that finds all of a site's EVSEs occupied leaves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gridran.energy import ev
from gridran.scenario.params import EvParams, EvSessions, Scenario
from gridran.types import BoolArray, FloatArray, IntArray, Network

WARM_UP_H = 24.0  # arrivals begin this long before time 0: eight mean stays, so that time 0 is in the steady state
TIMELINE_H = 366.0 * 24.0  # no arrivals beyond
NOBODY = -1


@dataclass(frozen=True)
class EvTimeline:
    """Every admitted session, by arrival, shape [S]. ``evse`` is the charger taken at ``site``."""

    site: IntArray
    evse: IntArray
    arrival_h: FloatArray
    departure_h: FloatArray
    capacity_kwh: FloatArray
    soc_frac: FloatArray
    reservation_usd_per_kwh: FloatArray


@dataclass(frozen=True)
class EvFleet:
    """Who is plugged in now, per charger [N, C]: session index or NOBODY, its energy, whether it ever sold.

    ``admitted`` counts the sessions of the timeline that have arrived. ``offers_made`` and ``offers_accepted`` [N]
    count distinct cars that got an offer and that took one.
    """

    session: IntArray
    energy_kwh: FloatArray
    asked: BoolArray
    accepted: BoolArray
    admitted: int
    offers_made: IntArray
    offers_accepted: IntArray


def drawn_timeline(scenario: Scenario, rng: np.random.Generator) -> EvTimeline:
    """All sessions of a run: from the file, or drawn, and thinned by the number of chargers."""
    params, network = scenario.ev, scenario.network
    if scenario.ev_sessions is not None:
        sessions = scenario.ev_sessions
    elif params.initial_count_mean > 0.0:
        sessions = _parked_sessions(params, network, rng)
    else:
        sessions = _poisson_sessions(params, network, rng)
    reservation = rng.uniform(*params.reservation_usd_per_kwh, len(sessions.site))
    return _admitted(network, sessions, reservation)


def _poisson_sessions(params: EvParams, network: Network, rng: np.random.Generator) -> EvSessions:
    """Poisson arrivals per site from before time 0, exponential stays."""
    span_h = WARM_UP_H + TIMELINE_H
    count = rng.poisson(params.arrivals_per_site_day * span_h / 24.0, network.site_count)
    site = np.repeat(np.arange(network.site_count), count)
    arrival_h = rng.uniform(-WARM_UP_H, TIMELINE_H, len(site))
    order = np.argsort(arrival_h, kind="stable")
    return _with_cars(params, site[order], arrival_h[order], rng)


def _parked_sessions(params: EvParams, network: Network, rng: np.random.Generator) -> EvSessions:
    """A Poisson number of cars parked at time 0 and nobody after; what is left of a stay is exponential again."""
    site = np.repeat(np.arange(network.site_count), rng.poisson(params.initial_count_mean, network.site_count))
    return _with_cars(params, site, np.zeros(len(site)), rng)


def _with_cars(params: EvParams, site: IntArray, arrival_h: FloatArray, rng: np.random.Generator) -> EvSessions:
    count = len(site)
    departure_h = arrival_h + rng.exponential(params.stay_mean_h, count)
    capacity_kwh = _capacity_kwh(params, count, rng)
    return EvSessions(site, arrival_h, departure_h, capacity_kwh, rng.uniform(*params.initial_soc_frac, count))


def _capacity_kwh(params: EvParams, count: int, rng: np.random.Generator) -> FloatArray:
    """Normal capacities, drawn again while below the minimum, shape [count]."""
    capacity_kwh = rng.normal(params.capacity_mean_kwh, params.capacity_sd_kwh, count)
    small = np.flatnonzero(capacity_kwh < params.capacity_min_kwh)
    while small.size:
        capacity_kwh[small] = rng.normal(params.capacity_mean_kwh, params.capacity_sd_kwh, small.size)
        small = small[capacity_kwh[small] < params.capacity_min_kwh]
    return capacity_kwh


def _admitted(network: Network, sessions: EvSessions, reservation: FloatArray) -> EvTimeline:
    """The sessions that found a free charger, with the charger they took."""
    free_from_h = [np.full(s.evse_count, -np.inf) for s in network.sites]
    kept, evse = [], []
    for index in np.argsort(sessions.arrival_h, kind="stable"):
        chargers = free_from_h[int(sessions.site[index])]
        free = np.flatnonzero(chargers <= sessions.arrival_h[index])
        if free.size:
            chargers[free[0]] = sessions.departure_h[index]
            kept.append(int(index))
            evse.append(int(free[0]))
    k = np.array(kept, dtype=np.int64)
    return EvTimeline(
        site=np.asarray(sessions.site, dtype=np.int64)[k],
        evse=np.array(evse, dtype=np.int64),
        arrival_h=sessions.arrival_h[k],
        departure_h=sessions.departure_h[k],
        capacity_kwh=sessions.capacity_kwh[k],
        soc_frac=sessions.soc_frac[k],
        reservation_usd_per_kwh=reservation[k],
    )


def empty_fleet(network: Network) -> EvFleet:
    """Nobody plugged in, nobody arrived yet."""
    shape = (network.site_count, max((s.evse_count for s in network.sites), default=0))
    zero = np.zeros(network.site_count, dtype=np.int64)
    nobody = np.full(shape, NOBODY, dtype=np.int64)
    return EvFleet(nobody, np.zeros(shape), np.zeros(shape, bool), np.zeros(shape, bool), 0, zero, zero)


def at_time(timeline: EvTimeline, fleet: EvFleet, time_h: float) -> EvFleet:
    """The fleet after departures and arrivals up to ``time_h`` (included)."""
    present = fleet.session != NOBODY
    stays = np.zeros_like(present)
    stays[present] = timeline.departure_h[fleet.session[present]] > time_h
    session = np.where(stays, fleet.session, NOBODY)
    energy_kwh = np.where(stays, fleet.energy_kwh, 0.0)
    asked, accepted = fleet.asked & stays, fleet.accepted & stays
    admitted = int(np.searchsorted(timeline.arrival_h, time_h, side="right"))
    came = np.arange(fleet.admitted, admitted)
    came = came[timeline.departure_h[came] > time_h]
    place = timeline.site[came], timeline.evse[came]
    session[place] = came
    energy_kwh[place] = timeline.capacity_kwh[came] * timeline.soc_frac[came]
    asked[place] = accepted[place] = False
    return replace(fleet, session=session, energy_kwh=energy_kwh, asked=asked, accepted=accepted, admitted=admitted)


def connected(fleet: EvFleet) -> BoolArray:
    """Which chargers have a car, bool [N, C]."""
    result: BoolArray = fleet.session != NOBODY
    return result


def capacity_kwh(timeline: EvTimeline, fleet: EvFleet) -> FloatArray:
    """Battery capacity of each plugged-in car, 0 at an empty charger, shape [N, C]."""
    return _of_session(timeline.capacity_kwh, fleet, 0.0)


def accepting(timeline: EvTimeline, fleet: EvFleet, offer_usd_per_kwh: FloatArray) -> BoolArray:
    """Which cars would sell at their site's offer [N], bool [N, C]: the offer reaches their reservation price."""
    reservation = _of_session(timeline.reservation_usd_per_kwh, fleet, np.inf)
    return ev.accepts(offer_usd_per_kwh[:, None], reservation)


def offered(timeline: EvTimeline, fleet: EvFleet, offer_usd_per_kwh: FloatArray) -> EvFleet:
    """The fleet after every plugged-in car heard the offer [N]; each car counts once as asked, once as accepting."""
    newly_asked = connected(fleet) & ~fleet.asked
    newly_accepted = accepting(timeline, fleet, offer_usd_per_kwh) & ~fleet.accepted
    return replace(
        fleet,
        asked=fleet.asked | newly_asked,
        accepted=fleet.accepted | newly_accepted,
        offers_made=fleet.offers_made + newly_asked.sum(axis=1),
        offers_accepted=fleet.offers_accepted + newly_accepted.sum(axis=1),
    )


def usable_kwh(params: EvParams, timeline: EvTimeline, fleet: EvFleet) -> FloatArray:
    """Energy above the driver's floor of each car, Eq. (14), shape [N, C]."""
    floor_kwh = params.soc_floor_frac * capacity_kwh(timeline, fleet)
    result: FloatArray = np.maximum(fleet.energy_kwh - floor_kwh, 0.0)
    return result


def _of_session(values: FloatArray, fleet: EvFleet, otherwise: float) -> FloatArray:
    present = connected(fleet)
    out = np.full(present.shape, otherwise)
    out[present] = values[fleet.session[present]]
    return out
