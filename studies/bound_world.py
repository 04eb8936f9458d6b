"""What no strategy can change about a trial: its users and channels over time, its stored energy, its cars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from emulator import channel as channels
from emulator import mobility, traffic, weather
from emulator.ev_arrivals import EvTimeline
from emulator.streams import Streams
from emulator.world import World, initial, observe
from gridran.energy.battery import battery_arrays, usable_kwh
from gridran.scenario.params import Scenario
from gridran.types import FloatArray, Snapshot
from gridran.units import s_to_h


@dataclass(frozen=True)
class OfferedPrices:
    """What a strategy offered to the cars: ``price_usd_per_kwh`` [P, N], a row for every ``period_h`` from time 0 on;
    the last row holds beyond its end."""

    strategy: str
    period_h: float
    price_usd_per_kwh: FloatArray


def exogenous(scenario: Scenario, seed: int) -> Iterator[World]:
    """The world at the start of every period as far as no control touches it: time, users, walks, channels, demand.

    The draws are those of ``emulator.world.advance``, in its order, so these are the very users of every trial of this
    seed; everything else stays as it was at time 0.
    """
    streams, dt_h = Streams(seed), s_to_h(scenario.time.period_s)
    world = initial(scenario, seed)
    while True:
        yield world
        world = _later(world, dt_h, streams)


def _later(world: World, dt_h: float, streams: Streams) -> World:
    scenario, k, time_h = world.scenario, world.period + 1, world.time_h + dt_h
    users = traffic.next_sessions(scenario.traffic, world.users, dt_h, streams.at("sessions", k))
    walks = mobility.next_walks(
        scenario.traffic, world.area, users.home_xy_m, world.walks, dt_h, streams.at("walks", k)
    )
    channel = channels.next_channel(
        scenario.network, world.channel, world.walks.xy_m, walks.xy_m, streams.at("channel", k)
    )
    asked_mbps = traffic.demand_mbps(scenario, users, channel.own_site, time_h)
    return replace(world, period=k, time_h=time_h, users=users, walks=walks, channel=channel, demand_mbps=asked_mbps)


def moments(scenario: Scenario, seed: int, window_h: float, count: int) -> list[Snapshot]:
    """Snapshots in the middle of each of ``count`` equal parts of [0, ``window_h``]."""
    periods = window_h / s_to_h(scenario.time.period_s)
    wanted = {int((k + 0.5) / count * periods) for k in range(count)}
    found = []
    for world in exogenous(scenario, seed):
        if world.period in wanted:
            found.append(observe(world))
        if world.period >= max(wanted):
            return found
    return found


def stored_kwh(scenario: Scenario) -> FloatArray:
    """What each battery can deliver at its terminals from its initial charge, [N]."""
    initial_frac = np.array([site.battery.initial_soc_frac for site in scenario.network.sites])
    return usable_kwh(battery_arrays(scenario.network), initial_frac)


def limit_kw(scenario: Scenario) -> FloatArray:
    """The most that each site can draw: battery, cars and sun together, [N]."""
    sites = scenario.network.sites
    return np.array([s.battery.discharge_limit_kw + s.v2x_limit_kw + s.pv_kwp for s in sites])


def sun_kwh(scenario: Scenario, seed: int, until_h: float) -> FloatArray:
    """What PV can give to each site in [0, ``until_h``], [N]."""
    streams, dt_h = Streams(seed), s_to_h(scenario.time.period_s)
    if not any(site.pv_kwp for site in scenario.network.sites):
        return np.zeros(scenario.network.site_count)
    starts_h = np.arange(int(np.ceil(until_h / dt_h - 1e-9))) * dt_h
    given_kw = [weather.pv_available_kw(scenario, float(at_h), streams) for at_h in starts_h]
    return np.asarray(np.sum(given_kw, axis=0) * dt_h, dtype=np.float64)


def sold_kwh(scenario: Scenario, timeline: EvTimeline, offers: Sequence[OfferedPrices], until_h: float) -> FloatArray:
    """The most that cars can have sold to each site by ``until_h``, [N].

    A car counts if any of ``offers`` reached its reservation price while it was there, with the energy above its
    floor, at most what its charger gives in its stay. It counts in full, as if nothing of it passed a battery. A stay
    is taken a period longer, since cars are seen to come and go at the start of periods.
    """
    params, network, period_h = scenario.ev, scenario.network, s_to_h(scenario.time.period_s)
    here = (timeline.departure_h > 0.0) & (timeline.arrival_h < until_h)
    start_h = np.maximum(timeline.arrival_h, 0.0)
    end_h = np.minimum(timeline.departure_h + period_h, until_h)
    above_kwh = np.maximum(timeline.soc_frac - params.soc_floor_frac, 0.0) * timeline.capacity_kwh
    given_kwh = np.minimum(above_kwh, params.power_limit_kw * (end_h - start_h))
    total = np.zeros(network.site_count)
    for car in np.flatnonzero(here):
        best = max((_best(offer, timeline, int(car), until_h) for offer in offers), default=-np.inf)
        total[timeline.site[car]] += given_kwh[car] if best >= timeline.reservation_usd_per_kwh[car] else 0.0
    return np.minimum(total, np.array([site.v2x_limit_kw for site in network.sites]) * until_h)


def _best(offer: OfferedPrices, timeline: EvTimeline, car: int, until_h: float) -> float:
    """The highest price that ``offer`` made to ``car`` before ``until_h``."""
    price = offer.price_usd_per_kwh[:, timeline.site[car]]
    last = len(price) - 1
    first_row = min(int(max(timeline.arrival_h[car], 0.0) / offer.period_h), last)
    last_row = min(int(min(timeline.departure_h[car], until_h) / offer.period_h + 1e-9), last)
    return float(price[first_row : last_row + 1].max())
