"""The clairvoyant bound: true users, true energy, a program that nobody can undercut, and prices that prove it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from emulator.world import initial, observe
from gridran.scenario.params import GridParams, MicrogridParams, Scenario, TrafficParams
from gridran.strategies import strategy_named
from gridran.types import Site, Snapshot
from studies.bound import Spent, bounds_h
from studies.bound_model import Cover, cheapest, cover, demand
from studies.bound_search import Search
from studies.bound_world import exogenous, moments, stored_kwh
from studies.cell import Held
from studies.kpis import KpiAccumulator, RunMeta
from studies.thresholds import threshold_times_h
from studies.trial import begin, next_period, trial


def few_sites(scenario: Scenario, sites: int, users: int, load: float = 1.0) -> Scenario:
    """The first ``sites`` sites of ``scenario`` with ``users`` users, and batteries of 4 kWh."""
    some = [replace(site, battery=replace(site.battery, capacity_kwh=4.0)) for site in scenario.network.sites[:sites]]
    network = replace(scenario.network, sites=tuple(some))
    return Scenario("few", network, traffic=TrafficParams(ue_count=users, load_scale=load))


def program(scenario: Scenario, snapshot: Snapshot | None = None) -> Cover:
    seen = observe(initial(scenario, 1)) if snapshot is None else snapshot
    return cover(scenario.network, demand(scenario.network, seen), np.full(scenario.network.site_count, 17.0))


def test_users_move_as_in_a_trial(small_scenario: Scenario) -> None:
    """Users, walks, channels and demands are bit for bit those of a trial that a strategy plays."""
    play = begin(small_scenario, strategy_named("independent"), seed=3)
    for world, _ in zip(exogenous(small_scenario, 3), range(25), strict=False):
        true, seen = observe(play.world), observe(world)
        assert (true.period, true.time_h) == (seen.period, seen.time_h)
        for name in ("service_class", "demand_mbps", "min_rate_mbps", "ue_xy_m", "neighbour_site", "gain_db"):
            np.testing.assert_array_equal(getattr(true, name), getattr(seen, name), err_msg=name)
        play, _ = next_period(play)


def test_moments_are_the_middles(small_scenario: Scenario) -> None:
    """Four moments of two hours: in the middle of each half hour."""
    found = moments(small_scenario, 1, 2.0, 4)
    assert [snapshot.time_h for snapshot in found] == pytest.approx([0.25, 0.75, 1.25, 1.75])


def test_batteries_hold_what_is_above_their_floor(small_scenario: Scenario) -> None:
    """20 kWh from 0.8 to 0.2 at 95 %: 11.4 kWh."""
    np.testing.assert_allclose(stored_kwh(small_scenario), 11.4)


@pytest.mark.parametrize("load", [1.0, 6.0])
def test_cheapest_is_the_best_of_all_patterns(small_scenario: Scenario, load: float) -> None:
    """Pricing equals the best over every awake pattern, each solved alone; its proven bound is no higher."""
    few = program(few_sites(small_scenario, 4, 60, load))
    price = np.array([1.0, 0.3, 2.0, 0.7])
    tried = [cheapest(few, price, 1e-7, np.array(awake)) for awake in itertools.product((False, True), repeat=4)]
    best = min(float(price @ each.power_kw) for each in tried if each is not None)
    found = cheapest(few, price, 1e-7)
    assert found is not None
    assert float(price @ found.power_kw) == pytest.approx(best, rel=1e-6)
    assert found.bound <= best * (1.0 + 1e-9)


def test_nothing_is_served_without_awake_sites(small_scenario: Scenario) -> None:
    """A pattern in which all sleep serves nobody."""
    assert cheapest(program(few_sites(small_scenario, 3, 30)), np.ones(3), 1e-3, np.zeros(3, dtype=np.bool_)) is None


def test_a_played_period_costs_no_less(small_scenario: Scenario) -> None:
    """In every period of a real run that meets the targets, the sites draw at least what pricing proves."""
    period = next(trial(small_scenario, "independent-es", 1, 0.1))
    least = cheapest(program(small_scenario), np.ones(7), 1e-3)
    assert least is not None
    assert least.bound <= period.outcome.load_kw.sum()


def test_one_site_lives_on_its_own(small_scenario: Scenario) -> None:
    """With one site there is one way to serve: the bound is E/P, proven and reached."""
    alone = program(few_sites(small_scenario, 1, 30))
    least = cheapest(alone, np.ones(1), 1e-6)
    assert least is not None
    search, energy = Search([alone]), np.array([11.4])
    assert search.upper(energy, 0.01).life_h == pytest.approx(11.4 / least.power_kw[0], rel=0.01)
    assert search.life(energy).life_h == pytest.approx(11.4 / least.power_kw[0], rel=0.01)


def nothing_bought(sla_h: float, sites: int = 4) -> Spent:
    return Spent(sla_h, np.zeros(sites), np.zeros(sites))


@pytest.fixture(scope="module")
def few_bound(small_scenario: Scenario) -> tuple[Scenario, float, float]:
    """Four sites that nobody sells to, with bound and life."""
    few = few_sites(small_scenario, 4, 80)
    found = bounds_h(few, 1, {"any": nothing_bought(3.0)})["any"]
    return few, found.upper_h, found.lower_h


def test_the_bound_is_closed(few_bound: tuple[Scenario, float, float]) -> None:
    """To 5 %."""
    _, upper_h, lower_h = few_bound
    assert upper_h * 0.95 <= lower_h <= upper_h


@pytest.mark.parametrize("strategy", ["independent", "independent-es", "static-lb", "lifetime"])
def test_no_strategy_outlives_the_bound(strategy: str, few_bound: tuple[Scenario, float, float]) -> None:
    """No ``sla_h`` is above it; nobody has more than the batteries hold."""
    few, upper_h, _ = few_bound
    quiet = replace(few, ev=replace(few.ev, arrivals_per_site_day=0.0))
    figures = KpiAccumulator.for_network(quiet.network)
    for period in trial(quiet, strategy, 1, upper_h + 1.0):
        figures.add(period.outcome)
        if threshold_times_h(figures.shares)["sla_h"] is not None:
            break
    assert figures.result(RunMeta(strategy, "medium", 1, 0.0))["sla_h"] <= upper_h


def test_what_cars_sell_lengthens_it(few_bound: tuple[Scenario, float, float]) -> None:
    """Twice the energy at every site is twice the time, to the gap of both; nothing is cut off."""
    few, upper_h, lower_h = few_bound
    twice = bounds_h(few, 1, {"rich": Spent(3.0, stored_kwh(few), np.zeros(4))})["rich"]
    assert twice.upper_h >= 2.0 * lower_h * (1.0 - 1e-6)
    assert twice.lower_h <= 2.0 * upper_h * (1.0 + 1e-6)


def test_each_strategy_has_its_own(few_bound: tuple[Scenario, float, float]) -> None:
    """Two strategies in one search: each bound is closed, and the one with more energy is higher."""
    few, upper_h, _ = few_bound
    both = bounds_h(few, 1, {"poor": nothing_bought(3.0), "rich": Spent(3.0, stored_kwh(few), np.zeros(4))})
    assert all(each.gap_frac <= 0.05 for each in both.values())
    assert both["poor"].upper_h == upper_h < both["rich"].upper_h


def test_the_same_again(few_bound: tuple[Scenario, float, float]) -> None:
    """Nothing depends on the machine: a second run gives the same figures."""
    few, upper_h, lower_h = few_bound
    again = bounds_h(few, 1, {"any": nothing_bought(3.0)})["any"]
    assert (again.upper_h, again.lower_h) == (upper_h, lower_h)


def test_a_dead_site_draws_nothing(small_scenario: Scenario) -> None:
    """A neighbour with an all but empty battery dies, and the other serves on: what the dead one does not draw counts,
    or the bound would be below what was held."""
    full, empty = (replace(s.battery, capacity_kwh=c) for s, c in zip(small_scenario.network.sites, (20.0, 0.25)))  # noqa: B905 - two of seven sites
    sites = tuple(replace(s, battery=b) for s, b in zip(small_scenario.network.sites, (full, empty)))  # noqa: B905
    network = replace(small_scenario.network, sites=sites)
    quiet = replace(small_scenario.ev, arrivals_per_site_day=0.0)
    two = Scenario("two", network, traffic=TrafficParams(ue_count=20, load_scale=0.3), ev=quiet)
    held = Held(network.power.deep_sleep_kw)
    for period in trial(two, "lifetime", 1, 2.5):
        held.add(period.outcome)
    had = held.until(2.5)
    assert had["held_h"] == pytest.approx(2.5)
    assert had["undrawn_kwh"][1] > 0.1
    naive, true = (Spent(2.5, np.zeros(2), np.array(kwh)) for kwh in (np.zeros(2), had["undrawn_kwh"]))
    found = bounds_h(two, 1, {"naive": naive, "true": true})
    assert found["naive"].upper_h < 2.5 <= found["true"].upper_h


def test_a_moment_that_nobody_can_serve_is_left_out(small_scenario: Scenario) -> None:
    """Nobody held the targets then: the bound is that of the other moments, and 0 where there are none."""
    few = few_sites(small_scenario, 3, 40)
    impossible = cover(few.network, demand(few.network, observe(initial(few, 1))), np.full(3, 0.2))
    energy_kwh = np.full(3, 11.4)
    with_it, without = Search([program(few), impossible]), Search([program(few)])
    assert (with_it.moments, without.moments, Search([impossible]).moments) == (1, 1, 0)
    assert with_it.upper(energy_kwh, 0.045).life_h == without.upper(energy_kwh, 0.045).life_h
    nothing = replace(few, network=replace(few.network, sites=tuple(_powerless(few))))
    assert bounds_h(nothing, 1, {"any": nothing_bought(1.0, 3)})["any"].upper_h == 0.0


def _powerless(scenario: Scenario) -> list[Site]:
    """The sites with batteries and chargers that give next to nothing."""
    return [
        replace(s, battery=replace(s.battery, discharge_limit_kw=0.15), v2x_limit_kw=0.0)
        for s in scenario.network.sites
    ]


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"grid": GridParams(outages_h=((0.0, 2.0),))}, "grid.outages_h"),
        ({"microgrid": MicrogridParams(topology="star")}, "microgrid.topology"),
        ({"traffic": TrafficParams(ue_count=20, day_profile=(1.0,) * 24)}, "traffic"),
    ],
)
def test_what_has_no_bound(small_scenario: Scenario, change: dict[str, object], names: str) -> None:
    """Grid power, cables and demand by the hour are refused by the name of what is in the way."""
    with pytest.raises(ValueError, match=names):
        bounds_h(replace(few_sites(small_scenario, 2, 20), **change), 1, {"any": nothing_bought(3.0, 2)})  # type: ignore[arg-type]


def test_energy_needs_every_site(small_scenario: Scenario) -> None:
    """A figure for every site."""
    with pytest.raises(ValueError, match="bought_kwh of msrc"):
        bounds_h(small_scenario, 1, {"msrc": nothing_bought(3.0, 2)})
