"""Exact pricing against brute force, and the lifetime planner's local search against exact pricing."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

from emulator.world import initial, observe
from gridran.energy.site_power import idle_kw, per_load_kw, per_mbps_kw, standby_kw
from gridran.scenario.params import Scenario, TrafficParams
from gridran.service import promised_mbps
from gridran.types import BoolArray, FloatArray
from rapp.cooperation.demand import demand_points
from rapp.cooperation.gathering import gathered
from rapp.cooperation.generate import Phase, generate
from rapp.cooperation.master import Offer, Stores, bound_h, hours
from rapp.cooperation.pricing import EVERYBODY, Blocks, Rules, cheapest
from rapp.cooperation.search import space
from rapp.cooperation.solve import Limits
from rapp.cooperation.variables import Problem
from rapp.plan import UNDECIDED

EXACT = Limits(gap_frac=1e-7, node_limit=100_000, time_limit_s=60.0)
FREE = Rules(links=False, blocking=False)


def problem_of(scenario: Scenario, points: int, candidates: int = 4) -> Problem:
    """Serving everybody's promise at time 0."""
    network, snapshot = scenario.network, observe(initial(scenario, 1))
    weight = np.array(scenario.traffic.class_weight)
    n = network.site_count
    return Problem(
        network=network,
        points=demand_points(
            network,
            snapshot,
            promised_mbps(snapshot),
            weight,
            gathered(network, snapshot, points),
            candidates=candidates,
        ),
        energy_kwh=np.full(n, 11.4),
        alive=np.ones(n, dtype=np.int64),
        drains=np.ones(n, dtype=np.int64),
        previous_mode=np.full(n, -1),
        objective_weight=(0.5, 0.3, 0.1, 0.1),
        decided_mode=np.full(n, UNDECIDED),
    )


@pytest.fixture(scope="module")
def few(small_scenario: Scenario) -> Problem:
    """Three sites with two bands and 60 users."""
    network = replace(small_scenario.network, sites=small_scenario.network.sites[:3])
    network = replace(network, bands=network.bands[1:3])
    return problem_of(Scenario("few", network, traffic=TrafficParams(ue_count=60, load_scale=1.5)), 8)


@pytest.fixture
def halves(few: Problem) -> Blocks:
    """Every point is one block of ten users; 60 % of all users are served."""
    groups = len(few.points.volume_mbps)
    users = np.full(groups, 10.0)
    nought = np.zeros(groups, dtype=np.int64)
    return Blocks(np.arange(groups), few.points.volume_mbps, users, nought, np.array([0.6 * users.sum()]))


def least_cost(problem: Problem, price: FloatArray, on: BoolArray, served_frac: float) -> float:
    """Cost of the best flows when exactly the carriers ``on`` [N, B] are, a site without any asleep; inf if none."""
    network, points = problem.network, problem.points
    place = [f for f in np.argwhere(points.rate_mbps > 0.0) if on[points.candidate[f[0], f[1]], f[2]]]
    groups, (n, b) = len(points.volume_mbps), on.shape
    per_point, blocks, draw, cost = (np.zeros((r, len(place))) for r in (groups, n * b, n, 1))
    for f, (g, c, band) in enumerate(place):
        site, rate = points.candidate[g, c], points.rate_mbps[g, c, band]
        loss = 1.0 if points.own_site[g] == site else 1.0 - network.cooperation.helper_loss_frac
        per_point[g, f] = 1.0
        blocks[site * b + band, f] = 1.0 / (rate * loss)
        draw[site, f] = per_load_kw(network)[site, band] / rate + per_mbps_kw(network)[band]
        cost[0, f] = price[site] * draw[site, f]
    awake = on.any(axis=1)
    still = np.where(awake, np.where(on, idle_kw(network), standby_kw(network)).sum(axis=1), 0.1)
    if not place:
        return np.inf
    share = (per_point / points.volume_mbps[:, None]).sum(axis=0)  # of the users, equally many at every point
    found = linprog(
        cost[0],
        np.vstack([per_point, blocks, draw, -share]),
        np.concatenate([points.volume_mbps, np.ones(n * b), 10.0 - still, [-served_frac * groups]]),
        method="highs",
    )
    return float(found.fun + price @ still) if found.status == 0 else np.inf


@pytest.mark.parametrize("served_frac", [1.0, 0.6])
@pytest.mark.parametrize("price", [(1.0, 1.0, 1.0), (0.2, 3.0, 1.0)])
def test_pricing_equals_brute_force(few: Problem, halves: Blocks, price: tuple[float, ...], served_frac: float) -> None:
    """Without links and blockers: the best over all awake patterns and carrier sets, each a linear program."""
    prices = np.array(price)
    sets = [np.array(on).reshape(3, 2) for on in itertools.product((False, True), repeat=6)]
    best = min(least_cost(few, prices, on, served_frac) for on in sets)
    found = cheapest(few, prices, EVERYBODY if served_frac == 1.0 else halves, EXACT, FREE)
    assert found is not None
    assert np.isfinite(best)
    assert found.cost == pytest.approx(best, rel=1e-6)
    assert found.bound == pytest.approx(best, rel=1e-5)


def test_every_rule_costs(few: Problem, halves: Blocks) -> None:
    """More rules, and fewer users who may be left out, never make it cheaper."""
    price = np.array([0.2, 3.0, 1.0])
    all_rules, free = (cheapest(few, price, EVERYBODY, EXACT, rules) for rules in (Rules(), FREE))
    fewer = cheapest(few, price, halves, EXACT, FREE)
    assert all_rules is not None
    assert free is not None
    assert fewer is not None
    assert fewer.cost < free.cost <= all_rules.cost + 1e-9


def test_what_a_configuration_says(few: Problem) -> None:
    """Awake sites have a carrier on and draw more than a sleeper; the cost is that of its power."""
    price = np.array([0.2, 3.0, 1.0])
    found = cheapest(few, price, EVERYBODY, EXACT)
    assert found is not None
    np.testing.assert_array_equal(found.carriers.any(axis=1), found.awake)
    np.testing.assert_array_equal(found.power_kw > 0.1 + 1e-9, found.awake)
    assert found.cost == pytest.approx(price @ found.power_kw)


def test_nothing_serves_without_power(few: Problem) -> None:
    """With all sites dead there is no configuration."""
    assert cheapest(replace(few, alive=np.zeros(3, dtype=np.int64)), np.ones(3), EVERYBODY, EXACT) is None


def exact_life_h(problem: Problem, stores: Stores, rules: Rules) -> tuple[float, float]:
    """Life by column generation with exact pricing, and its proven bound."""
    limits = Limits(gap_frac=0.005, node_limit=2_000, time_limit_s=60.0)
    ways: list[FloatArray] = []
    price, bound, life = 1.0 / stores.energy_kwh, np.inf, 0.0
    for _ in range(40):
        found = cheapest(problem, price, EVERYBODY, limits, rules)
        assert found is not None
        ways.append(found.power_kw)
        bound = min(bound, bound_h(price, stores, [found.bound], [0.0]))
        solved = hours([Offer(np.array(ways), np.ones(len(ways)), 0.0)], stores)
        assert solved is not None
        life = float(solved.each_h[0].sum())
        if life >= 0.97 * bound:
            break
        price = np.maximum(solved.price_per_kwh, 0.02 * solved.price_per_kwh.mean())
    return life, bound


def test_the_search_is_close_to_exact(small_scenario: Scenario) -> None:
    """Seven sites: the life that the local search finds is below the proven bound of the same rules, and near it."""
    problem = problem_of(small_scenario, 12)
    n = problem.network.site_count
    stores = Stores(np.full(n, 11.4), np.full(n, 99.0), np.zeros(n, dtype=np.bool_), 48.0)
    phase = Phase(space(problem), 0.0, main=True, last_resort=False)
    found = generate([phase], stores, [], rounds=24, gap_frac=0.01)
    assert found is not None
    life, bound = exact_life_h(problem, stores, Rules())
    assert found.life_h <= bound
    assert found.life_h >= 0.95 * life
