"""The fixed pattern of static load balancing, on regular and irregular networks."""

from collections.abc import Callable

import numpy as np
import pytest

from gridran.outcome import Feasible
from gridran.scenario.params import PlanningParams
from gridran.types import Forecast, Network, SiteMode, Telemetry
from rapp.links import helper_pairs, violations
from rapp.plan import Plan, PlanProblem
from rapp.planners import none, static_lb

Networks = Callable[..., Network]
Reports = Callable[..., Telemetry]


def problem_of(network: Network, telemetry: Telemetry) -> PlanProblem:
    n = network.site_count
    forecast = Forecast(6.0, 0.25, np.ones((24, n)), np.zeros(n), np.zeros(n))
    return PlanProblem(
        network,
        telemetry.snapshot,
        forecast,
        None,
        PlanningParams(),
        np.full(n, 0.5),
        np.array([1000.0, 100.0, 10.0, 1.0]),
    )


def planned(network: Network, telemetry: Telemetry) -> Plan:
    outcome = static_lb.plan(problem_of(network, telemetry))
    assert isinstance(outcome, Feasible)
    return outcome.value


@pytest.mark.parametrize(("rings", "assisted", "helpers"), [(1, 5, 2), (2, 14, 5), (3, 26, 10)])
def test_regular_networks_hold_all_rules(
    hexagon: Networks, telemetry_of: Reports, rings: int, assisted: int, helpers: int
) -> None:
    """On 7, 19 and 37 sites (19)-(25) hold; the paper's 19 sites reach 14 assisted + 5 helpers, the most possible."""
    network = hexagon(rings)
    plan = planned(network, telemetry_of(network))
    assert violations(network, plan, np.ones(network.site_count, dtype=bool)) == ()
    assert ((plan.mode == SiteMode.ASSISTED).sum(), (plan.mode == SiteMode.HELPING).sum()) == (assisted, helpers)


@pytest.mark.parametrize("seed", range(12))
def test_irregular_networks_hold_all_rules(network_at: Networks, telemetry_of: Reports, seed: int) -> None:
    """Random layouts, dense and sparse, with dead sites among them, hold (19)-(25) too; nobody ever sleeps."""
    rng = np.random.default_rng(seed)
    network = network_at(rng.uniform(0.0, rng.choice([600.0, 2000.0, 6000.0]), (int(rng.integers(1, 40)), 2)))
    alive = rng.uniform(size=network.site_count) < (1.0 if seed % 2 else 0.7)
    plan = planned(network, telemetry_of(network, site_up=alive))
    assert violations(network, plan, alive) == ()
    assert not (plan.mode == SiteMode.DEEP_SLEEP).any()


@pytest.mark.parametrize("seed", range(4))
def test_no_site_that_could_be_helped_is_left_over(network_at: Networks, seed: int) -> None:
    """The pattern is maximal: no two sites without a part in it could still help one another."""
    network = network_at(np.random.default_rng(seed).uniform(0.0, 3000.0, (30, 2)))
    idle = np.setdiff1d(np.arange(30), np.array(static_lb.pattern(network)).ravel())
    assert not helper_pairs(network)[np.ix_(idle, idle)].any()


def test_lone_sites_stay_normal(network_at: Networks, telemetry_of: Reports) -> None:
    """Sites too far from one another cooperate with nobody."""
    network = network_at(np.array([[0.0, 0.0], [5000.0, 0.0]]))
    assert (planned(network, telemetry_of(network)).mode == SiteMode.NORMAL).all()


def test_helpers_take_their_nearest_neighbours(network_at: Networks) -> None:
    """With K_max = 1 a helper assists the nearest of its neighbours."""
    network = network_at(np.array([[0.0, 0.0], [600.0, 0.0], [0.0, 400.0]]), coop={"max_links": 1})
    assert static_lb.pattern(network) == ((0, 2),)


def test_energy_plays_no_part(hexagon: Networks, telemetry_of: Reports) -> None:
    """Full or empty batteries give the same pattern: that is what makes it static."""
    network = hexagon(2)
    low = planned(network, telemetry_of(network, soc_frac=np.linspace(0.2, 1.0, 19)))
    np.testing.assert_array_equal(low.mode, planned(network, telemetry_of(network)).mode)


def test_a_helper_whose_assisted_site_died_goes_on(hexagon: Networks, telemetry_of: Reports) -> None:
    """Users of a dead assisted site depend on its helper, so the pattern stays."""
    network = hexagon(1)
    dead = static_lb.pattern(network)[0][1]
    after = planned(network, telemetry_of(network, site_up=np.arange(7) != dead))
    np.testing.assert_array_equal(after.mode, planned(network, telemetry_of(network)).mode)


@pytest.mark.parametrize("text", ["low", "high"])
def test_assisted_sites_keep_the_bands_that_the_scenario_names(
    hexagon: Networks, telemetry_of: Reports, text: str
) -> None:
    """B_low as in (25), or the high bands as in the text of II-C; the others keep everything."""
    network = hexagon(1, coop={"assisted_bands": text})
    plan = planned(network, telemetry_of(network))
    low = np.array([True, False, False, False])
    assert (plan.band_on[plan.mode == SiteMode.ASSISTED] == (low if text == "low" else ~low)).all()
    assert plan.band_on[plan.mode != SiteMode.ASSISTED].all()


def test_none_never_cooperates(hexagon: Networks, telemetry_of: Reports) -> None:
    """Independent operation: every site normal, every carrier on, whatever the batteries say."""
    network = hexagon(1)
    outcome = none.plan(problem_of(network, telemetry_of(network, soc_frac=np.linspace(0.2, 1.0, 7))))
    assert isinstance(outcome, Feasible)
    assert (outcome.value.mode == SiteMode.NORMAL).all()
    assert outcome.value.band_on.all()
    assert outcome.value.links == ()
