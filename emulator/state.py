"""The state of the emulated world, and what can be read off it directly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator import channel as channels
from emulator import ev_arrivals, faults, grid_outage, mobility, power_flow, record, traffic
from emulator.area import Area
from gridran.scenario.params import Scenario
from gridran.types import BoolArray, Dispatch, FloatArray, IntArray


@dataclass(frozen=True)
class World:
    """Everything that is true at the start of ``period``. Arrays as in Snapshot; last-period values end ``_last``.

    ``attached_site`` [U] is the last site that served a user, ``serving_site`` that of the last period (-1: none).
    """

    scenario: Scenario
    area: Area
    plant: power_flow.Plant
    period: int
    time_h: float
    users: traffic.Users
    walks: mobility.Walks
    channel: channels.Channel
    demand_mbps: FloatArray
    attached_site: IntArray
    serving_site: IntArray
    served_mbps: FloatArray
    soc_frac: FloatArray
    site_up: BoolArray
    pv_kw: FloatArray
    outages_h: FloatArray
    timeline: ev_arrivals.EvTimeline
    fleet: ev_arrivals.EvFleet
    price_usd_per_kwh: FloatArray
    mode: IntArray
    band_on: BoolArray
    prb_used_frac: FloatArray
    load_kw_last: FloatArray
    v2g_kw_last: FloatArray
    last_control: Dispatch | None
    missed_periods: int
    window: record.Window


def working(world: World) -> BoolArray:
    """Sites that can run now: charged, and not broken by a fault, bool [N]."""
    return world.site_up & ~faults.broken_sites(world.scenario.faults, world.scenario.network, world.time_h)


def grid_up(world: World) -> BoolArray:
    return np.full(world.scenario.network.site_count, grid_outage.grid_is_up(world.outages_h, world.time_h))


def min_rate_mbps(world: World) -> FloatArray:
    return traffic.min_rate_mbps(world.scenario.traffic, world.users.service_class, world.demand_mbps)


def offered_mbps(world: World) -> FloatArray:
    """What each site's own users ask for now, shape [N]."""
    count = world.scenario.network.site_count
    return np.asarray(np.bincount(world.channel.own_site, world.demand_mbps, minlength=count), dtype=np.float64)
