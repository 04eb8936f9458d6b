"""The physical limit of a trial: how long Table III's targets could have been held on a strategy's energy (SPEC 4).

Theory of operation. While the targets hold, every moment costs at least the cheapest way to serve them. With prices
π >= 0 of energy, E_i what site i had (its battery, its sun, what cars really sold to it while the strategy held the
targets, and what it drew less than asleep while it was dead), and v_k(π) the least π·P at moment k (``bound_model``),

    held_h <= π·E / mean_k v_k(π)                                                      (weak duality)

for every π, where held_h are the periods before ``sla_h`` that met the targets. Good prices are the duals of the master
program that lives as long as the ways found so far allow:

    max T    subject to    Σ_c∈k τ_c = T/K for every moment k,    Σ_c τ_c·P_i(c) <= E_i for every site i,

so the bound and the life of the master close in on each other (column generation, smoothed after Wentges, 1997). The
ways to serve depend on no energy: those found for one strategy serve the next.

Exact: the energy; the users, channels and sessions of this very seed at the K moments; every relaxation of
``bound_model``, and the solver's dual bound in place of its solution. An estimate: the mean over K moments stands for
the mean over the time that was held, to the standard error ``se_frac``. A moment in which nobody could have met the
targets is none that was held, and is left out. Demand, walks and channels are stationary in a scenario without day
profile or counters, which is why those are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emulator.world import initial
from gridran.scenario.params import Scenario
from gridran.types import FloatArray
from studies.bound_model import cover, demand
from studies.bound_search import Search
from studies.bound_world import limit_kw, moments, stored_kwh, sun_kwh

MOMENTS = 4
WINDOW_H = 8.0  # the moments are spread over this
GAP_FRAC = 0.045


@dataclass(frozen=True)
class Spent:
    """What a strategy had beside batteries and sun until ``sla_h``, when it lost the targets: ``bought_kwh`` [N] from
    cars, and ``undrawn_kwh`` [N], which sites without power drew less than asleep."""

    sla_h: float
    bought_kwh: FloatArray
    undrawn_kwh: FloatArray


@dataclass(frozen=True)
class BoundResult:
    """The targets cannot be held longer than ``upper_h`` on that energy, to the standard error ``se_frac`` of the
    moments; ``lower_h`` is what ways to serve that were found allow under the same relaxations, so the bound is tight
    to (upper − lower)/upper."""

    upper_h: float
    lower_h: float
    se_frac: float

    @property
    def gap_frac(self) -> float:
        return (self.upper_h - self.lower_h) / max(self.upper_h, 1e-9)


def bounds_h(scenario: Scenario, seed: int, spent: Mapping[str, Spent]) -> dict[str, BoundResult]:
    """The bound on the hours held by every strategy in ``spent``; 0 where the targets can be met at no moment.

    ValueError: a scenario with grid power before the targets were lost, cables between the sites, or demand that is not
    stationary; energy for another number of sites.
    """
    _require(scenario, seed, spent)
    ceiling_kw = limit_kw(scenario)
    users = moments(scenario, seed, WINDOW_H, MOMENTS)
    search = Search([cover(scenario.network, demand(scenario.network, each), ceiling_kw) for each in users])
    if not search.moments:
        return dict.fromkeys(spent, BoundResult(0.0, 0.0, 0.0))
    return {name: _bound(search, _energy_kwh(scenario, seed, each)) for name, each in spent.items()}


def _bound(search: Search, energy_kwh: FloatArray) -> BoundResult:
    upper = search.upper(energy_kwh, GAP_FRAC)
    return BoundResult(upper.life_h, min(search.life(energy_kwh).life_h, upper.life_h), upper.se_frac)


def _energy_kwh(scenario: Scenario, seed: int, each: Spent) -> FloatArray:
    """What each site had until the targets were lost, as if nothing of it had passed a battery twice, [N]."""
    return stored_kwh(scenario) + each.bought_kwh + each.undrawn_kwh + sun_kwh(scenario, seed, each.sla_h)


def _require(scenario: Scenario, seed: int, spent: Mapping[str, Spent]) -> None:
    sites, until_h = scenario.network.site_count, max((each.sla_h for each in spent.values()), default=0.0)
    outages_h = initial(scenario, seed).outages_h
    if not ((outages_h[:, 0] <= 0.0) & (outages_h[:, 1] >= until_h)).any():
        raise ValueError(f"grid.outages_h: no bound for {until_h:g} h that are not one outage from their start on")
    if scenario.microgrid.topology != "none":
        raise ValueError("microgrid.topology: no bound where cables share the energy; take 'none'")
    if scenario.traffic.day_profile or scenario.traffic_counters is not None:
        raise ValueError("traffic: no bound where demand follows a day profile or counters; leave them out")
    for name, each in spent.items():
        for what in ("bought_kwh", "undrawn_kwh"):
            if getattr(each, what).shape != (sites,):
                raise ValueError(f"{what} of {name}: shape [{sites}] expected")
