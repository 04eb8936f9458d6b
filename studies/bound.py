"""The physical limit of a trial: how long anybody could have held Table III's targets (SPEC 4, clairvoyant).

Theory of operation. While the targets hold, every moment costs at least the cheapest way to serve them. With prices
π >= 0 of energy, E_i(T) the energy that site i can have had by T, and v_k(π) the least π·P at moment k
(``bound_model``),

    T <= π·E(T) / mean_k v_k(π)                                                        (weak duality)

for every π. Good prices are the duals of the master program that lives as long as the ways found so far allow:

    max T    subject to    Σ_c∈k τ_c = T/K for every moment k,    Σ_c τ_c·P_i(c) <= E_i(T) for every site i,

so the bound and the life of the master close in on each other (column generation, smoothed after Wentges, 1997). E(T)
grows with T, because cars keep coming: T begins at the end of the run and falls to what its own energy allows.

Exact: the cars (who came, what they would sell at the best price that they were offered), batteries and sun; the
users, channels and sessions of this very seed at the K moments; every relaxation of ``bound_model``, and the solver's
dual bound in place of its solution. An argument: the mean over K moments stands for the mean over [0, T]. Demand, walks
and channels are stationary in a scenario without day profile or counters, which is why those are refused. Targets that
are missed for less than the five minutes that count are not considered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from emulator.world import initial
from gridran.scenario.params import Scenario
from gridran.types import FloatArray
from studies.bound_model import cover, demand
from studies.bound_search import Search
from studies.bound_world import OfferedPrices, limit_kw, moments, sold_kwh, stored_kwh, sun_kwh

__all__ = ["BoundResult", "OfferedPrices", "bound_h"]

MOMENTS = 4
WINDOW_H = 8.0  # the moments are spread over this, or over the whole run if that is shorter
MAX_GAP_FRAC = 0.05
_GAPS_FRAC = (0.045, 0.02, 0.01)  # of the bound at given energy: cars that keep coming amplify it
_SETTLED_FRAC = 0.005

Energy = Callable[[float], FloatArray]
"""What each site can have had by a time in h: kWh [N]."""


@dataclass(frozen=True)
class BoundResult:
    """Nobody can hold the targets longer than ``upper_h`` (proven); ``lower_h`` is what ways to serve that were found
    allow under the same relaxations, so the bound is tight to (upper − lower)/upper. Both end with the run."""

    upper_h: float
    lower_h: float

    @property
    def gap_frac(self) -> float:
        return (self.upper_h - self.lower_h) / max(self.upper_h, 1e-9)


def bound_h(scenario: Scenario, seed: int, offers: Sequence[OfferedPrices], hours_h: float) -> BoundResult:
    """The bound on ``sla_h`` of every strategy whose offers to cars are never above the best of ``offers``.

    ``hours_h`` as a result only says that the run would have to be longer. ValueError: a scenario with grid power in
    the run, cables between the sites, or demand that is not stationary; offers for another number of sites.
    """
    world = initial(scenario, seed)
    _require(scenario, world.outages_h, offers, hours_h)
    ceiling_kw = limit_kw(scenario)
    users = moments(scenario, seed, min(hours_h, WINDOW_H), MOMENTS)
    search = Search([cover(scenario.network, demand(scenario.network, each), ceiling_kw) for each in users])

    def energy(until_h: float) -> FloatArray:
        bought = sold_kwh(scenario, world.timeline, offers, until_h)
        return stored_kwh(scenario) + bought + sun_kwh(scenario, seed, until_h)

    return longest(search, energy, hours_h)


def _require(scenario: Scenario, outages_h: FloatArray, offers: Sequence[OfferedPrices], hours_h: float) -> None:
    sites = scenario.network.site_count
    if not ((outages_h[:, 0] <= 0.0) & (outages_h[:, 1] >= hours_h)).any():
        raise ValueError(
            f"grid.outages_h: no bound for a run of {hours_h:g} h that is not one outage from its start on"
        )
    if scenario.microgrid.topology != "none":
        raise ValueError("microgrid.topology: no bound where cables share the energy; take 'none'")
    if scenario.traffic.day_profile or scenario.traffic_counters is not None:
        raise ValueError("traffic: no bound where demand follows a day profile or counters; leave them out")
    for offer in offers:
        if offer.price_usd_per_kwh.ndim != 2 or offer.price_usd_per_kwh.shape[1] != sites:
            raise ValueError(f"offers of {offer.strategy}: shape [periods, {sites}] expected")


def longest(search: Search, energy: Energy, hours_h: float) -> BoundResult:
    """The bound for the moments in ``search``, at most ``hours_h``."""
    result = BoundResult(hours_h, 0.0)
    for gap_frac in _GAPS_FRAC:
        upper_h = _falling(partial(_upper_h, search, energy, gap_frac), result.upper_h, _SETTLED_FRAC)
        lower_h = _falling(partial(_lower_h, search, energy), upper_h, 1e-4)
        result = BoundResult(upper_h, lower_h)
        if result.gap_frac <= MAX_GAP_FRAC:
            break
    return result


def _upper_h(search: Search, energy: Energy, gap_frac: float, until_h: float) -> float:
    return search.upper_h(energy(until_h), until_h, gap_frac)


def _lower_h(search: Search, energy: Energy, until_h: float) -> float:
    return search.life(energy(until_h)).life_h


def _falling(next_h: Callable[[float], float], from_h: float, settled_frac: float) -> float:
    """The fixed point that T <- min(T, next(T)) falls to, to ``settled_frac``; never below it."""
    while True:
        then_h = min(from_h, next_h(from_h))
        if then_h >= from_h * (1.0 - settled_frac):
            return then_h
        from_h = then_h
