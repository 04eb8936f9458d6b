"""The emulated world: an E2 node per site, its users, its energy. ``advance`` is a pure function.

A period runs in this order, and every step takes only what the steps before left:

1. the watchdog names the control in force (``watchdog``);
2. the radio network delivers under it (``radio_delivery``), which gives each site's load, Eq. (4);
3. the plant covers the loads (``power_flow``); where it cannot, the site is down for the period and 2 and 3 run
   again without it, because its users are gone and its interference too;
4. cars, users, channels, sun and grid move on to the next period, from draws that no control can touch.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emulator import channel as channels
from emulator import ev_arrivals, faults, grid_outage, mobility, power_flow, record, traffic, watchdog, weather
from emulator.area import area_of
from emulator.period import Period, lived, outcome
from emulator.state import World, grid_up, min_rate_mbps, offered_mbps, working
from emulator.streams import Streams
from gridran.scenario.params import Scenario
from gridran.types import BoolArray, Dispatch, SiteMode, Snapshot, StepOutcome, Telemetry

__all__ = ["World", "advance", "close_window", "initial", "observe", "telemetry"]


def initial(scenario: Scenario, seed: int) -> World:
    """The world at time 0: batteries at their initial charge, all sites up, base price on offer, nobody attached."""
    streams, network = Streams(seed), scenario.network
    area = area_of(network)
    users = traffic.initial_users(scenario, area, streams.at("users"))
    walks = mobility.initial_walks(scenario.traffic, area, users.home_xy_m, streams.at("walks"))
    channel = channels.initial_channel(network, walks.xy_m, streams.at("channel"))
    timeline = ev_arrivals.drawn_timeline(scenario, streams.at("ev"))
    sites, shape = network.site_count, (network.site_count, network.band_count)
    nobody = np.full(len(users.service_class), -1, dtype=np.int64)
    return World(
        scenario=scenario,
        area=area,
        plant=power_flow.plant_of(scenario),
        period=0,
        time_h=0.0,
        users=users,
        walks=walks,
        channel=channel,
        demand_mbps=traffic.demand_mbps(scenario, users, channel.own_site, 0.0),
        attached_site=nobody,
        serving_site=nobody,
        served_mbps=np.zeros(len(nobody)),
        soc_frac=np.array([site.battery.initial_soc_frac for site in network.sites]),
        site_up=np.ones(sites, dtype=np.bool_),
        pv_kw=weather.pv_available_kw(scenario, 0.0, streams),
        outages_h=grid_outage.drawn_outages_h(scenario.grid, streams.at("grid")),
        timeline=timeline,
        fleet=ev_arrivals.at_time(timeline, ev_arrivals.empty_fleet(network), 0.0),
        price_usd_per_kwh=np.full(sites, scenario.ev.base_price_usd_per_kwh),
        mode=np.full(sites, SiteMode.NORMAL, dtype=np.int64),
        band_on=np.ones(shape, dtype=np.bool_),
        prb_used_frac=np.zeros(shape),
        load_kw_last=np.zeros(sites),
        v2g_kw_last=np.zeros(sites),
        last_control=None,
        missed_periods=0,
        window=record.empty_window(sites),
    )


def observe(world: World) -> Snapshot:
    """The report of all sites at the start of the period. Reservation prices stay private."""
    timeline, fleet = world.timeline, world.fleet
    usable_kwh = ev_arrivals.usable_kwh(world.scenario.ev, timeline, fleet)
    return Snapshot(
        period=world.period,
        time_h=world.time_h,
        ue_id=np.arange(len(world.demand_mbps), dtype=np.int64),
        service_class=world.users.service_class,
        demand_mbps=world.demand_mbps,
        min_rate_mbps=min_rate_mbps(world),
        ue_xy_m=world.walks.xy_m,
        serving_site=world.serving_site,
        served_mbps=world.served_mbps,
        neighbour_site=world.channel.neighbour_site,
        gain_db=world.channel.neighbour_gain_db,
        mode=world.mode,
        soc_frac=world.soc_frac,
        site_up=working(world),
        grid_up=grid_up(world),
        load_kw=world.load_kw_last,
        pv_kw=world.pv_kw,
        ev_connected=ev_arrivals.connected(fleet).sum(axis=1),
        ev_usable_kwh=usable_kwh.sum(axis=1),
        ev_accepting=np.asarray(ev_arrivals.accepting(timeline, fleet, world.price_usd_per_kwh).any(axis=1)),
        price_usd_per_kwh=world.price_usd_per_kwh,
        v2g_kw=world.v2g_kw_last,
        band_on=world.band_on,
        prb_used_frac=world.prb_used_frac,
    )


def telemetry(world: World) -> Telemetry:
    """The slow loop's report: now, and means since the last ``close_window`` (zeros where nothing happened yet)."""
    window = world.window
    hours_h = max(window.hours_h, 1e-12)
    mean_offered_mbps = window.offered_mbps_h / hours_h if window.hours_h > 0.0 else offered_mbps(world)
    return Telemetry(
        snapshot=observe(world),
        window_h=window.hours_h,
        mean_load_kw=window.load_kwh / hours_h,
        mean_offered_mbps=mean_offered_mbps,
        mean_v2g_kw=window.v2g_kwh / hours_h,
        offers_made=world.fleet.offers_made,
        offers_accepted=world.fleet.offers_accepted,
    )


def close_window(world: World) -> World:
    """The world with a new telemetry window."""
    return replace(world, window=record.empty_window(world.scenario.network.site_count))


def advance(world: World, control: Dispatch | None, dt_h: float, streams: Streams) -> tuple[World, StepOutcome]:
    """One period of ``dt_h`` under ``control`` (valid, see ``validate``), or under the watchdog where it is None.

    A "control-lost" fault makes any control None. Same world, control and streams: same result.
    """
    if faults.control_lost(world.scenario.faults, world.time_h):
        control = None
    missed = 0 if control is not None else world.missed_periods + 1
    in_force = watchdog.control_in_force(world.scenario.network, observe(world), control, world.last_control, missed)
    heard = replace(
        world,
        fleet=ev_arrivals.offered(world.timeline, world.fleet, in_force.price_usd_per_kwh),
        last_control=control if control is not None else world.last_control,
        missed_periods=missed,
    )
    period = lived(heard, in_force, dt_h)
    return _next(heard, in_force, period, dt_h, streams), outcome(heard, in_force, period, dt_h)


def moved_on(world: World, dt_h: float, streams: Streams) -> World:
    """What no control touches, one period later: time, sessions, walks, channels, demand. All else as it was."""
    scenario, k = world.scenario, world.period + 1
    time_h = world.time_h + dt_h
    users = traffic.next_sessions(scenario.traffic, world.users, dt_h, streams.at("sessions", k))
    walks = mobility.next_walks(
        scenario.traffic, world.area, users.home_xy_m, world.walks, dt_h, streams.at("walks", k)
    )
    channel = channels.next_channel(
        scenario.network, world.channel, world.walks.xy_m, walks.xy_m, streams.at("channel", k)
    )
    asked_mbps = traffic.demand_mbps(scenario, users, channel.own_site, time_h)
    return replace(world, period=k, time_h=time_h, users=users, walks=walks, channel=channel, demand_mbps=asked_mbps)


def _next(world: World, control: Dispatch, period: Period, dt_h: float, streams: Streams) -> World:
    """The world one period later."""
    later = moved_on(world, dt_h, streams)
    fleet = replace(world.fleet, energy_kwh=period.plant.ev_energy_kwh)
    return replace(
        later,
        attached_site=np.where(period.ue_site >= 0, period.ue_site, world.attached_site),
        serving_site=period.ue_site,
        served_mbps=period.delivery.rate_mbps.sum(axis=1),
        soc_frac=period.plant.soc_frac,
        site_up=_up_next(world, period, later.time_h),
        pv_kw=weather.pv_available_kw(world.scenario, later.time_h, streams),
        fleet=ev_arrivals.at_time(world.timeline, fleet, later.time_h),
        price_usd_per_kwh=control.price_usd_per_kwh,
        mode=control.mode,
        band_on=period.live,
        prb_used_frac=period.delivery.prb_used_frac,
        load_kw_last=period.load_kw,
        v2g_kw_last=period.plant.v2g_kw,
        window=record.recorded(world.window, dt_h, period.load_kw, offered_mbps(world), period.plant.v2g_kw),
    )


def _up_next(world: World, period: Period, time_h: float) -> BoolArray:
    """Sites that start the next period: those that ran, and those down that recharged to the restart margin."""
    grid_up = grid_outage.grid_is_up(world.outages_h, time_h)
    # A fault takes a healthy site off; when it ends the site needs no recharging.
    broken = faults.broken_sites(world.scenario.faults, world.scenario.network, world.time_h)
    unharmed = broken & world.site_up
    result: BoolArray = period.up | unharmed | (period.plant.soc_frac >= world.plant.battery.restart_soc_frac) | grid_up
    return result
