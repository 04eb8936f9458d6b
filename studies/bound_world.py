"""What no strategy can change about a trial: its users and channels over time, its stored energy, its sun."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from emulator import weather
from emulator.streams import Streams
from emulator.world import World, initial, moved_on, observe
from gridran.energy.battery import battery_arrays, usable_kwh
from gridran.scenario.params import Scenario
from gridran.types import FloatArray, Snapshot
from gridran.units import s_to_h


def exogenous(scenario: Scenario, seed: int) -> Iterator[World]:
    """The world at the start of every period as far as no control touches it; the very users of every trial of this
    seed. Everything else stays as it was at time 0."""
    streams, dt_h = Streams(seed), s_to_h(scenario.time.period_s)
    world = initial(scenario, seed)
    while True:
        yield world
        world = moved_on(world, dt_h, streams)


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
