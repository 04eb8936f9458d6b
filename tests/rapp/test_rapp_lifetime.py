"""Planner ``lifetime`` as a whole: its phases, what it promises in each, and what may not end them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emulator.world import initial, observe
from gridran.outcome import Feasible, Infeasible
from gridran.scenario.params import PlanningParams, Scenario, TrafficParams
from gridran.types import FloatArray, Forecast, SiteMode
from rapp.links import violations
from rapp.plan import Plan, PlanProblem
from rapp.planners import lifetime
from rapp.planners.lifetime import AGREED, CRITICAL, GENEROUS

FULL, HALF, LOW = 0.8, 0.5, 0.215


def problem_of(scenario: Scenario, soc_frac: FloatArray | float, parked_kwh: float = 0.0) -> PlanProblem:
    """120 users on seven sites with these charges; cars that give ``parked_kwh`` to every site."""
    small = replace(scenario, traffic=TrafficParams(ue_count=120), planning=PlanningParams(demand_points=30))
    report = observe(initial(small, 1))
    sites = small.network.site_count
    cars = np.full(sites, parked_kwh)
    return PlanProblem(
        network=small.network,
        snapshot=replace(report, soc_frac=np.broadcast_to(soc_frac, (sites,)).astype(np.float64)),
        forecast=Forecast(6.0, 0.25, np.ones((24, sites)), cars, cars),
        previous=None,
        params=small.planning,
        price_usd_per_kwh=np.full(sites, 0.5),
        class_weight=np.array(small.traffic.class_weight),
    )


def planned(problem: PlanProblem) -> Plan:
    outcome = lifetime.plan(problem)
    assert isinstance(outcome, Feasible), outcome
    return outcome.value


def phase(plan: Plan) -> str:
    assert plan.kept is not None
    return plan.kept.phase


@pytest.mark.parametrize(("soc_frac", "name"), [(FULL, GENEROUS), (HALF, AGREED), (LOW, CRITICAL)])
def test_phases_follow_the_charge(small_scenario: Scenario, soc_frac: float, name: str) -> None:
    """Generous with full batteries, the agreed level with half of it, emergency and voice alone near the end."""
    problem = problem_of(small_scenario, soc_frac)
    plan = planned(problem)
    assert phase(plan) == name
    least = {GENEROUS: (1.0, 1.0, 0.96, 0.75), AGREED: (1.0, 1.0, 0.8, 0.5), CRITICAL: (1.0, 1.0, 0.0, 0.0)}[name]
    assert plan.availability_frac is not None
    assert (plan.availability_frac >= np.array(least)).all()
    assert violations(problem.network, plan, problem.snapshot.site_up) == ()


def test_some_sleep_and_none_without_a_helper(small_scenario: Scenario) -> None:
    """Saving energy means sleepers, each with a helper."""
    plan = planned(problem_of(small_scenario, HALF))
    asleep = np.flatnonzero(plan.mode == SiteMode.DEEP_SLEEP)
    assert asleep.size
    assert {assisted for _, assisted in plan.links} >= set(asleep.tolist())


def test_a_sleeper_that_runs_dry_ends_nothing(small_scenario: Scenario) -> None:
    """One site with next to nothing left: the others go on at the agreed level, nearly as long as without it."""
    soc_frac = np.full(7, HALF)
    soc_frac[3] = 0.2004
    plan = planned(problem_of(small_scenario, soc_frac))
    assert phase(plan) == AGREED
    assert plan.survival_h >= 0.6 * planned(problem_of(small_scenario, HALF)).survival_h


def test_parked_cars_count_once(small_scenario: Scenario) -> None:
    """What parked cars can give lengthens the life like charge; how far the forecast looks does not matter."""
    alone, with_cars = (problem_of(small_scenario, HALF, kwh) for kwh in (0.0, 3.0))
    assert planned(with_cars).survival_h > planned(alone).survival_h
    farther = replace(with_cars, forecast=replace(with_cars.forecast, horizon_h=12.0))
    assert planned(farther).survival_h == planned(with_cars).survival_h


def test_cars_to_come_do_not_count(small_scenario: Scenario) -> None:
    """Energy on average is not energy at the site that needs it."""
    problem = problem_of(small_scenario, HALF)
    hopeful = replace(problem, forecast=replace(problem.forecast, ev_energy_kwh=np.full(7, 5.0)))
    assert planned(hopeful).survival_h == planned(problem).survival_h


def test_the_pattern_in_force_stays_while_it_costs_nothing(small_scenario: Scenario) -> None:
    """Asked again a moment later, nobody changes mode."""
    problem = problem_of(small_scenario, HALF)
    first = planned(problem)
    report = replace(problem.snapshot, mode=first.mode, soc_frac=problem.snapshot.soc_frac - 0.005)
    again = planned(replace(problem, previous=first, snapshot=report))
    np.testing.assert_array_equal(again.mode, first.mode)
    assert again.links == first.links


def test_no_power_no_plan(small_scenario: Scenario) -> None:
    """Where every site is dead there is nothing to plan."""
    problem = problem_of(small_scenario, 0.2)
    dark = replace(problem, snapshot=replace(problem.snapshot, site_up=np.zeros(7, dtype=np.bool_)))
    assert lifetime.plan(dark) == Infeasible("no site has power")


def test_what_is_not_a_number_is_named(small_scenario: Scenario) -> None:
    """A charge that is not a number makes no plan, and the reason names the site."""
    soc_frac = np.full(7, HALF)
    soc_frac[4] = np.nan
    outcome = lifetime.plan(problem_of(small_scenario, soc_frac))
    assert isinstance(outcome, Infeasible)
    assert "energy" in outcome.why
    assert small_scenario.network.sites[4].site_id in outcome.why
