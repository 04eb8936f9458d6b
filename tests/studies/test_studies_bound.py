"""The clairvoyant bound: true users, true energy, a program that nobody can undercut, and prices that prove it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from emulator.world import initial, observe
from gridran.scenario.params import Fault, GridParams, MicrogridParams, Scenario, TrafficParams
from gridran.strategies import strategy_named
from gridran.types import Snapshot
from studies.availability import class_availability_frac
from studies.bound import BoundResult, Had, bounds_h
from studies.bound_model import Cover, UnservableError, cheapest_way, cover, demand, relaxed, relaxed_price
from studies.bound_search import Search
from studies.bound_world import exogenous, limit_kw, moments, stored_kwh
from studies.cell import Energy
from studies.kpis import KpiAccumulator, RunMeta
from studies.thresholds import held_h, misses_sla
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
    """Pricing equals the best over every awake pattern, each solved alone; the relaxation costs no more."""
    few = program(few_sites(small_scenario, 4, 60, load))
    price = np.array([1.0, 0.3, 2.0, 0.7])
    tried = [cheapest_way(few, price, 1e-7, np.array(awake)) for awake in itertools.product((False, True), repeat=4)]
    best = min(float(price @ each.power_kw) for each in tried if each is not None)
    found = cheapest_way(few, price, 1e-7)
    assert found is not None
    assert float(price @ found.power_kw) == pytest.approx(best, rel=1e-6)
    assert 0.5 * best < relaxed(few, price).cost <= best * (1.0 + 1e-9)


def test_nothing_is_served_without_awake_sites(small_scenario: Scenario) -> None:
    """A pattern in which all sleep serves nobody."""
    few = program(few_sites(small_scenario, 3, 30))
    assert cheapest_way(few, np.ones(3), 1e-3, np.zeros(3, dtype=np.bool_)) is None


def test_played_periods_cost_no_less(small_scenario: Scenario) -> None:
    """Wherever a real run meets the targets, the sites draw at least what the relaxation proves for these users."""
    worlds = exogenous(small_scenario, 1)
    held = 0
    for world, period in zip(worlds, trial(small_scenario, "lifetime", 1, 0.2), strict=False):
        if not misses_sla(class_availability_frac(period.outcome)):
            held += 1
            assert relaxed(program(small_scenario, observe(world)), np.ones(7)).cost <= period.outcome.load_kw.sum()
    assert held > 20


def test_the_relaxed_price_is_the_best_price(small_scenario: Scenario) -> None:
    """At the duals of min s the relaxed cost is s itself, and at any other price the bound 1/cost is longer."""
    few, energy_kwh = program(few_sites(small_scenario, 4, 80)), np.array([1.0, 2.0, 3.0, 2.0])
    price = relaxed_price(few, energy_kwh)
    assert price @ energy_kwh == pytest.approx(1.0)
    best_h = 1.0 / relaxed(few, price).cost
    for other in (np.ones(4), np.array([1.0, 0.5, 2.0, 1.0]), price + 0.05):
        assert 1.0 / relaxed(few, other / (other @ energy_kwh)).cost >= best_h * (1.0 - 1e-9)


def test_one_site_lives_on_its_own(small_scenario: Scenario) -> None:
    """With one site there is one way to serve: its life is E/P."""
    alone = program(few_sites(small_scenario, 1, 30))
    least = cheapest_way(alone, np.ones(1), 1e-6)
    assert least is not None
    energy_kwh = np.array([11.4])
    life_h = Search(alone).life_h(energy_kwh, relaxed_price(alone, energy_kwh), enough_h=1e3)
    assert life_h == pytest.approx(11.4 / least.power_kw[0], rel=1e-3)


def test_the_search_ends_where_nothing_is_left_to_find(small_scenario: Scenario) -> None:
    """A life that no way allows is not waited for; what is found is no longer than the relaxation says."""
    few, energy_kwh = program(few_sites(small_scenario, 3, 40)), np.array([0.3, 4.0, 4.0])
    price = relaxed_price(few, energy_kwh)
    life_h = Search(few).life_h(energy_kwh, price, enough_h=1e3)
    assert 0.0 < life_h <= 1.0 / relaxed(few, price).cost * (1.0 + 1e-6)


def nothing_bought(sla_h: float, sites: int = 4) -> Had:
    return Had(sla_h, np.zeros(sites), np.zeros(sites))


@pytest.fixture(scope="module")
def few_bound(small_scenario: Scenario) -> tuple[Scenario, BoundResult]:
    """Four sites that nobody sells to, with their bound."""
    few = few_sites(small_scenario, 4, 80)
    return few, bounds_h(few, 1, {"any": nothing_bought(3.0)})["any"]


def test_the_bound_is_closed(few_bound: tuple[Scenario, BoundResult]) -> None:
    """To 10 %, for whole sites and carriers weigh more where there are few; and the moments agree to 1 %."""
    _, bound = few_bound
    assert 0.0 <= bound.gap_frac <= 0.10
    assert 0.0 < bound.se_frac < 0.01


@pytest.mark.parametrize("strategy", ["independent", "independent-es", "static-lb", "lifetime"])
def test_no_strategy_outlives_the_bound(strategy: str, few_bound: tuple[Scenario, BoundResult]) -> None:
    """Nobody holds the targets longer, with what the batteries hold and what the dead did not draw."""
    few, bound = few_bound
    quiet = replace(few, ev=replace(few.ev, arrivals_per_site_day=0.0))
    figures, energy = KpiAccumulator.for_network(quiet.network), Energy(quiet.network.power.deep_sleep_kw)
    for period in trial(quiet, strategy, 1, bound.upper_h + 1.0):
        figures.add(period.outcome)
        energy.add(period.outcome)
    sla_h = figures.result(RunMeta(strategy, "medium", 1, 0.0))["sla_h"]
    had = energy.until(sla_h)
    own = bounds_h(quiet, 1, {strategy: Had(sla_h, np.zeros(4), np.array(had["undrawn_kwh"]))})[strategy]
    assert held_h(figures.shares, sla_h) <= own.upper_h


def test_what_cars_sell_lengthens_it(few_bound: tuple[Scenario, BoundResult]) -> None:
    """Twice the energy at every site is twice the time."""
    few, bound = few_bound
    twice = bounds_h(few, 1, {"rich": Had(3.0, stored_kwh(few), np.zeros(4))})["rich"]
    assert twice.upper_h == pytest.approx(2.0 * bound.upper_h, rel=1e-6)


def test_each_strategy_has_its_own(few_bound: tuple[Scenario, BoundResult]) -> None:
    """A bound does not depend on whose was found before it."""
    few, bound = few_bound
    rich, poor = Had(3.0, stored_kwh(few), np.zeros(4)), nothing_bought(3.0)
    both = bounds_h(few, 1, {"rich": rich, "poor": poor})
    assert both["poor"].upper_h == bound.upper_h < both["rich"].upper_h
    assert all(each.gap_frac <= 0.10 for each in both.values())


def test_the_same_again(few_bound: tuple[Scenario, BoundResult]) -> None:
    """Nothing depends on the machine: a second run gives the same figures."""
    few, bound = few_bound
    assert bounds_h(few, 1, {"any": nothing_bought(3.0)})["any"] == bound


def two_sites(scenario: Scenario, capacity_kwh: tuple[float, float]) -> Scenario:
    """Twenty users and no cars at the first two sites of ``scenario``."""
    pairs = zip(scenario.network.sites[:2], capacity_kwh, strict=True)
    sites = tuple(replace(site, battery=replace(site.battery, capacity_kwh=kwh)) for site, kwh in pairs)
    quiet = replace(scenario.ev, arrivals_per_site_day=0.0)
    users = TrafficParams(ue_count=20, load_scale=0.3)
    return Scenario("two", replace(scenario.network, sites=sites), traffic=users, ev=quiet)


def test_a_dead_site_draws_nothing(small_scenario: Scenario) -> None:
    """A neighbour with an all but empty battery dies, and the other serves on: what the dead one does not draw counts,
    or the bound would be below what was held."""
    two = two_sites(small_scenario, (20.0, 0.25))
    figures, energy = KpiAccumulator.for_network(two.network), Energy(two.network.power.deep_sleep_kw)
    for period in trial(two, "lifetime", 1, 4.0):
        figures.add(period.outcome)
        energy.add(period.outcome)
    for until_h in (2.5, 4.0):
        had = energy.until(until_h)
        assert held_h(figures.shares, until_h) == pytest.approx(until_h)
        naive, true = (Had(until_h, np.zeros(2), np.array(kwh)) for kwh in (np.zeros(2), had["undrawn_kwh"]))
        found = bounds_h(two, 1, {"naive": naive, "true": true})
        assert found["naive"].upper_h < until_h <= found["true"].upper_h * (1.0 + 1e-9)


def test_a_site_that_gives_nothing_is_dead(small_scenario: Scenario) -> None:
    """Without any power of its own a site does not even sleep; the other serves, and has its bound."""
    two = two_sites(small_scenario, (20.0, 20.0))
    lame = replace(two.network.sites[1], battery=replace(two.network.sites[1].battery, discharge_limit_kw=0.0))
    one = replace(two, network=replace(two.network, sites=(two.network.sites[0], replace(lame, v2x_limit_kw=0.0))))
    assert bounds_h(one, 1, {"any": nothing_bought(1.0, 2)})["any"].upper_h > 0.0


def test_without_moments_that_can_be_served_there_is_no_bound(small_scenario: Scenario) -> None:
    """Sites with next to no power meet the targets at no moment."""
    few = few_sites(small_scenario, 3, 40)
    weak = [
        replace(s, battery=replace(s.battery, discharge_limit_kw=0.15), v2x_limit_kw=0.0) for s in few.network.sites
    ]
    dark = replace(few, network=replace(few.network, sites=tuple(weak)))
    assert bounds_h(dark, 1, {"any": nothing_bought(1.0, 3)}) == {}
    with pytest.raises(UnservableError):
        relaxed_price(
            cover(dark.network, demand(dark.network, observe(initial(dark, 1))), np.full(3, 0.15)), np.ones(3)
        )


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"grid": GridParams(outages_h=((0.0, 2.0),))}, "grid.outages_h"),
        ({"microgrid": MicrogridParams(topology="star")}, "microgrid.topology"),
        ({"faults": (Fault("report-lost", 1.0, 2.0),)}, "faults"),
        ({"traffic": TrafficParams(ue_count=20, day_profile=(1.0,) * 24)}, "traffic"),
    ],
)
def test_what_has_no_bound(small_scenario: Scenario, change: dict[str, object], names: str) -> None:
    """Grid power, cables, faults and demand by the hour are refused by the name of what is in the way."""
    with pytest.raises(ValueError, match=names):
        bounds_h(replace(few_sites(small_scenario, 2, 20), **change), 1, {"any": nothing_bought(3.0, 2)})  # type: ignore[arg-type]


def test_energy_needs_every_site(small_scenario: Scenario) -> None:
    """A figure for every site."""
    with pytest.raises(ValueError, match="bought_kwh of msrc"):
        bounds_h(small_scenario, 1, {"msrc": nothing_bought(3.0, 2)})
    with pytest.raises(ValueError, match="undrawn_kwh of msrc"):
        bounds_h(small_scenario, 1, {"msrc": Had(3.0, np.zeros(7), np.zeros(2))})


def test_what_fits_only_just_is_served(paper_scenario: Scenario) -> None:
    """Whole sites serve a moment of the paper's network that all of them together serve with no user to spare."""
    (users,) = moments(paper_scenario, 6, 0.32, 1)
    network = paper_scenario.network
    program = cover(network, demand(network, users), limit_kw(paper_scenario))
    price = np.ones(network.site_count)
    way = cheapest_way(program, price, 0.05)
    assert way is not None
    assert relaxed(program, price).cost <= price @ way.power_kw <= 1.1 * relaxed(program, price).cost
