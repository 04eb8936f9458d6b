"""Wished-for modes become a plan that holds the link rules, as close to the wish as links by geometry allow."""

from collections.abc import Callable

import numpy as np
import pytest

from gridran.scenario.params import PlanningParams
from gridran.types import Forecast, Network, SiteMode, Telemetry
from rapp.linking import linked_plan
from rapp.links import violations
from rapp.plan import PlanProblem

Networks = Callable[..., Network]
Problems = Callable[..., PlanProblem]
NORMAL, HELPING, ASSISTED, SLEEP = (int(m) for m in SiteMode)


@pytest.fixture
def problem_of(telemetry_of: Callable[..., Telemetry]) -> Problems:
    """Factory of planning problems for ``network``; keywords replace fields of its report."""

    def build(network: Network, **changes: object) -> PlanProblem:
        n = network.site_count
        return PlanProblem(
            network=network,
            snapshot=telemetry_of(network, **changes).snapshot,
            forecast=Forecast(6.0, 0.25, np.ones((24, n)), np.zeros(n), np.zeros(n)),
            previous=None,
            params=PlanningParams(),
            price_usd_per_kwh=np.full(n, 0.5),
            class_weight=np.array([1000.0, 100.0, 10.0, 1.0]),
        )

    return build


@pytest.fixture
def line(network_at: Networks) -> Network:
    """Five sites in a line, 600 m apart: only next neighbours have κ >= 0.3."""
    return network_at(np.array([[600.0 * i, 0.0] for i in range(5)]))


@pytest.mark.parametrize("links", ["chosen", "literal"])
@pytest.mark.parametrize("bands", ["low", "high"])
@pytest.mark.parametrize("rings", [1, 2])
def test_whatever_is_wished_the_plan_holds_every_rule(
    hexagon: Networks, problem_of: Problems, links: str, bands: str, rings: int
) -> None:
    """Random wishes, charges and dead sites, in both readings of links and carriers: (19)-(25) hold."""
    network, rng = hexagon(rings, coop={"links": links, "assisted_bands": bands}), np.random.default_rng(1)
    n, changed = network.site_count, 0
    for _ in range(200):
        up = rng.random(n) < 0.9
        problem = problem_of(network, soc_frac=rng.random(n), site_up=up)
        plan = linked_plan(problem, rng.integers(len(SiteMode), size=n))
        assert violations(network, plan, up) == ()
        changed += bool((plan.mode != NORMAL).any())
    assert changed > 50


def test_a_wish_that_holds_the_rules_is_kept(line: Network, problem_of: Problems) -> None:
    """Modes, links and carriers as wished; the draw is expected to stay, nothing is said of survival."""
    wish = np.array([SLEEP, HELPING, ASSISTED, NORMAL, NORMAL])
    plan = linked_plan(problem_of(line), wish)
    assert plan.mode.tolist() == wish.tolist()
    assert sorted(plan.links) == [(1, 0), (1, 2)]
    assert plan.band_on.sum(axis=1).tolist() == [0, 4, 1, 4, 4]
    assert (plan.mean_power_kw == 4.0).all()
    assert np.isnan([plan.survival_h, plan.bound_survival_h]).all()


def test_the_emptiest_sleeps_first_where_links_are_short(network_at: Networks, problem_of: Problems) -> None:
    """Three sites around one helper with two links: the fullest of them stays awake."""
    around = network_at(np.array([[0.0, 0.0], [300.0, 0.0], [0.0, 300.0], [-300.0, 0.0]]), coop={"max_links": 2})
    problem = problem_of(around, soc_frac=np.array([0.8, 0.5, 0.7, 0.6]))
    plan = linked_plan(problem, np.array([HELPING, SLEEP, SLEEP, SLEEP]))
    assert plan.mode.tolist() == [HELPING, SLEEP, NORMAL, SLEEP]


def test_the_nearest_helper_is_taken(network_at: Networks, problem_of: Problems) -> None:
    """Of two helpers in reach the nearer one gets the link, and the other wakes to be normal."""
    network = network_at(np.array([[0.0, 0.0], [500.0, 0.0], [900.0, 0.0]]))
    plan = linked_plan(problem_of(network), np.array([HELPING, SLEEP, HELPING]))
    assert plan.links == ((2, 1),)
    assert plan.mode.tolist() == [NORMAL, SLEEP, HELPING]


def test_nobody_sleeps_without_a_living_helper(line: Network, problem_of: Problems) -> None:
    """Orphans and helpers without power are normal; with the grid up a site without charge helps all the same."""
    wish = np.array([SLEEP, HELPING, NORMAL, NORMAL, SLEEP])
    dead = np.array([True, False, True, True, True])
    assert not linked_plan(problem_of(line, site_up=dead), wish).mode.any()
    with_grid = linked_plan(problem_of(line, site_up=dead, grid_up=np.ones(5, dtype=bool)), wish)
    assert with_grid.mode.tolist() == [SLEEP, HELPING, NORMAL, NORMAL, NORMAL]


def test_literal_links_join_every_helper_of_the_neighbourhood(network_at: Networks, problem_of: Problems) -> None:
    """One sleeper between two helpers has two links; with K_max = 1 it stays awake, and nobody helps."""
    xy_m = np.array([[0.0, 0.0], [500.0, 0.0], [1000.0, 0.0]])
    wish = np.array([HELPING, SLEEP, HELPING])
    joined = linked_plan(problem_of(network_at(xy_m, coop={"links": "literal"})), wish)
    assert sorted(joined.links) == [(0, 1), (2, 1)]
    short = linked_plan(problem_of(network_at(xy_m, coop={"links": "literal", "max_links": 1})), wish)
    assert not short.mode.any()
