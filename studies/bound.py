"""The physical limit of a trial: how long Table III's targets can be held on a strategy's energy (SPEC 4).

Theory of operation. While the targets hold, every moment costs at least the cheapest way to serve them. With prices
π >= 0 of energy, E_i what site i had (its battery, its sun, and what cars really sold to it while the strategy held the
targets, and what it drew less than asleep while it was dead), and v_k(π) the least π·P at moment k (``bound_model``),

    held_h <= π·E / mean_k v_k(π)                                                      (weak duality)

for every π, where held_h are the periods before ``sla_h`` that met the targets. Good prices are the duals of the linear
relaxation at one moment, by which the mean over ``MOMENTS`` others is taken. How good they can be at most is checked at
the first moment: ``bound_search`` looks for whole ways to serve that live as long.

Exact: the energy, with the sites dead that this strategy let die, as long as it did; the users, channels and sessions
of this very seed at the moments; every relaxation of ``bound_model``. An estimate: the mean over the moments stands for
the mean over the time that was held, with the standard error ``se_frac``. A moment in which nobody could have met the
targets is none that was held, and is left out. Demand, walks and channels are stationary in a scenario without day
profile or counters, which is why those are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from emulator.world import initial
from gridran.scenario.params import Scenario
from gridran.types import FloatArray
from studies.bound_model import Cover, UnservableError, cover, demand, relaxed, relaxed_price
from studies.bound_search import Search
from studies.bound_world import limit_kw, moments, stored_kwh, sun_kwh

MOMENTS = 24
LEAST_MOMENTS = 3  # one for the prices, two for a mean with an error
WINDOW_H = 8.0  # the moments are spread over this
GAP_FRAC = 0.05
_ROUND_OFF = 1e-6


@dataclass(frozen=True)
class Had:
    """What a strategy had beside batteries and sun until ``sla_h``, when it lost the targets: ``bought_kwh`` [N] from
    cars, and ``undrawn_kwh`` [N], which sites without power drew less than asleep."""

    sla_h: float
    bought_kwh: FloatArray
    undrawn_kwh: FloatArray


@dataclass(frozen=True)
class BoundResult:
    """The targets cannot be held longer than ``upper_h`` on that energy, to the standard error ``se_frac`` of the
    moments. Under the same relaxations whole ways to serve the first moment live no shorter than that by more than
    ``gap_frac``."""

    upper_h: float
    gap_frac: float
    se_frac: float


def bounds_h(scenario: Scenario, seed: int, had: Mapping[str, Had]) -> dict[str, BoundResult]:
    """The bound on the hours held by every strategy in ``had``; none where fewer than ``LEAST_MOMENTS`` can be served.

    ValueError: a scenario with grid power before the targets were lost, cables between the sites, faults, or demand
    that is not stationary; energy for another number of sites. RuntimeError: a solver gave up.
    """
    _require(scenario, seed, had)
    ceiling_kw = limit_kw(scenario)
    users = moments(scenario, seed, WINDOW_H, 1 + MOMENTS)
    programs = [cover(scenario.network, demand(scenario.network, each), ceiling_kw) for each in users]
    servable = [program for program in programs if _servable(program)]
    if len(servable) < LEAST_MOMENTS:
        return {}
    first, *others = servable
    search = Search(first)
    return {name: _bound(search, first, others, _energy_kwh(scenario, seed, each)) for name, each in had.items()}


def _servable(program: Cover) -> bool:
    try:
        relaxed(program, np.ones(program.sites))
    except UnservableError:
        return False
    return True


def _bound(search: Search, first: Cover, others: Sequence[Cover], energy_kwh: FloatArray) -> BoundResult:
    price = relaxed_price(first, energy_kwh)
    cost = np.array([relaxed(other, price).cost for other in others])
    alone_h = 1.0 / relaxed(first, price).cost
    life_h = search.life_h(energy_kwh, price, alone_h * (1.0 - GAP_FRAC))
    if life_h > alone_h * (1.0 + _ROUND_OFF):
        raise RuntimeError(f"a way to serve lives {life_h:g} h where the bound says {alone_h:g} h")
    se_frac = float(cost.std(ddof=1) / np.sqrt(len(cost)) / cost.mean())
    return BoundResult(1.0 / float(cost.mean()), 1.0 - life_h / alone_h, se_frac)


def _energy_kwh(scenario: Scenario, seed: int, each: Had) -> FloatArray:
    """What each site had until the targets were lost, as if nothing of it had passed a battery twice, [N]."""
    return stored_kwh(scenario) + each.bought_kwh + each.undrawn_kwh + sun_kwh(scenario, seed, each.sla_h)


def _require(scenario: Scenario, seed: int, had: Mapping[str, Had]) -> None:
    sites, until_h = scenario.network.site_count, max((each.sla_h for each in had.values()), default=0.0)
    outages_h = initial(scenario, seed).outages_h
    if not ((outages_h[:, 0] <= 0.0) & (outages_h[:, 1] >= until_h)).any():
        raise ValueError(f"grid.outages_h: no bound for {until_h:g} h that are not one outage from their start on")
    if scenario.faults:
        raise ValueError("faults: no bound where sites break or controls are lost; leave them out")
    if scenario.microgrid.topology != "none":
        raise ValueError("microgrid.topology: no bound where cables share the energy; take 'none'")
    if scenario.traffic.day_profile or scenario.traffic_counters is not None:
        raise ValueError("traffic: no bound where demand follows a day profile or counters; leave them out")
    for name, each in had.items():
        for what in ("bought_kwh", "undrawn_kwh"):
            if getattr(each, what).shape != (sites,):
                raise ValueError(f"{what} of {name}: shape [{sites}] expected")
