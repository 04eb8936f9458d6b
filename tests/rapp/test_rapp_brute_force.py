"""The mode MILP against brute force: every one of the 4^N mode combinations of three and four sites."""

from __future__ import annotations

import itertools
from dataclasses import replace

import highspy
import numpy as np
import pytest

from emulator.world import initial, telemetry
from gridran.outcome import Feasible, Optimal
from gridran.scenario.params import PlanningParams, Scenario, TrafficParams
from gridran.types import BoolArray, CooperationParams, Forecast, Network, SiteMode
from rapp.cooperation import solve as solving
from rapp.cooperation.solve import Limits, solve
from rapp.cooperation.variables import Problem, link_pairs, variables
from rapp.links import violations
from rapp.plan import Plan, PlanProblem
from rapp.planners.msrc import build

EXACT = Limits(gap_frac=1e-6, node_limit=100_000, time_limit_s=60.0)
READINGS = [("chosen", "low"), ("chosen", "high"), ("literal", "low"), ("literal", "high")]


def small_problem(network: Network, sites: int, seed: int, links: str, assisted: str) -> Problem:
    """The cooperation problem of the first ``sites`` sites with 40 users and uneven batteries."""
    cooperation = replace(network.cooperation, links=links, assisted_bands=assisted)
    few = replace(network, sites=network.sites[:sites], cooperation=cooperation)
    traffic = TrafficParams(ue_count=40, load_scale=2.0)
    report = telemetry(initial(Scenario("few", few, traffic=traffic), seed)).snapshot
    report = replace(report, soc_frac=np.linspace(0.35, 0.9, sites))
    planning = PlanningParams(demand_points=8)
    return build(
        PlanProblem(
            network=few,
            snapshot=report,
            forecast=Forecast(6.0, 0.25, np.ones((24, sites)), np.zeros(sites), np.zeros(sites)),
            previous=None,
            params=planning,
            price_usd_per_kwh=np.full(sites, 0.5),
            class_weight=np.array(traffic.class_weight),
        )
    )


def best_by_enumeration(problem: Problem) -> tuple[float, set[tuple[int, ...]]]:
    """Least objective over all mode combinations, each solved with γ fixed, and the combinations that are feasible."""
    v = variables(problem)
    model = solving._model(problem, v, solving._rows(problem, v))
    best, feasible = np.inf, set()
    for modes in itertools.product(range(4), repeat=problem.network.site_count):
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("mip_rel_gap", 1e-7)
        highs.passModel(model)
        for site, mode in enumerate(modes):
            highs.changeColBounds(int(v.gamma[site, mode]), 1.0, 1.0)
        highs.run()
        if highs.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            feasible.add(modes)
            best = min(best, float(highs.getInfo().objective_function_value))
    return best, feasible


def allowed_by_rules(network: Network, modes: tuple[int, ...]) -> bool:
    """Whether some set of links makes ``modes`` hold (19)-(25), tried one by one."""
    helper, assisted = link_pairs(network)
    ends = [
        (int(h), int(a))
        for h, a in zip(helper, assisted, strict=True)
        if modes[h] == SiteMode.HELPING and modes[a] in (SiteMode.ASSISTED, SiteMode.DEEP_SLEEP)
    ]
    mode = np.array(modes, dtype=np.int64)
    band_on = np.zeros((len(modes), network.band_count), dtype=np.bool_)
    kept: BoolArray = network.low_bands if network.cooperation.assisted_bands == "low" else ~network.low_bands
    band_on[mode != SiteMode.DEEP_SLEEP] = kept
    alive = np.ones(len(modes), dtype=np.bool_)
    power = np.zeros(len(modes))
    for size in range(len(ends) + 1):
        for links in itertools.combinations(ends, size):
            if not violations(network, Plan(mode, links, band_on, power, 0.0, 0.0), alive):
                return True
    return False


@pytest.mark.parametrize(("links", "assisted"), READINGS)
@pytest.mark.parametrize("seed", [1, 2])
def test_three_sites_reach_the_best_of_all_64_combinations(
    small_network: Network, links: str, assisted: str, seed: int
) -> None:
    """The solver's objective is the least over all mode combinations, in every reading of the paper."""
    problem = small_problem(small_network, 3, seed, links, assisted)
    best, _ = best_by_enumeration(problem)
    outcome = solve(problem, EXACT)
    assert isinstance(outcome, Optimal | Feasible)
    assert outcome.value.objective == pytest.approx(best, rel=1e-4, abs=1e-7)
    assert outcome.gap_frac <= 1e-4


@pytest.mark.parametrize("links", ["chosen", "literal"])
def test_four_sites_reach_the_best_of_all_256_combinations(small_network: Network, links: str) -> None:
    """The same with four sites."""
    problem = small_problem(small_network, 4, 3, links, "low")
    best, _ = best_by_enumeration(problem)
    outcome = solve(problem, EXACT)
    assert isinstance(outcome, Optimal | Feasible)
    assert outcome.value.objective == pytest.approx(best, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize(("links", "assisted"), READINGS)
def test_the_model_admits_just_the_combinations_that_the_rules_admit(
    small_network: Network, links: str, assisted: str
) -> None:
    """(19)-(25) as rows admit a mode combination exactly when some set of links holds them as rules."""
    problem = small_problem(small_network, 3, 1, links, assisted)
    _, feasible = best_by_enumeration(problem)
    every = itertools.product(range(4), repeat=3)
    assert feasible == {modes for modes in every if allowed_by_rules(problem.network, modes)}


def test_the_plan_is_the_same_twice(small_network: Network) -> None:
    """One thread, a fixed seed and no clock: equal problems give equal plans."""
    problem = small_problem(small_network, 4, 5, "chosen", "low")
    limits = Limits(gap_frac=0.03, node_limit=0, time_limit_s=60.0)
    first, second = solve(problem, limits), solve(problem, limits)
    assert isinstance(first, Optimal | Feasible)
    assert isinstance(second, Optimal | Feasible)
    assert np.array_equal(first.value.columns, second.value.columns)


def test_the_relaxation_bounds_the_exact_optimum(small_network: Network) -> None:
    """Without nodes the proven bound lies below the exact optimum, and the pattern above it."""
    problem = small_problem(small_network, 4, 5, "chosen", "low")
    quick = solve(problem, Limits(gap_frac=0.03, node_limit=0, time_limit_s=60.0))
    exact = solve(problem, EXACT)
    assert isinstance(quick, Optimal | Feasible)
    assert isinstance(exact, Optimal | Feasible)
    assert quick.value.bound <= exact.value.objective + 1e-7
    assert quick.value.objective >= exact.value.objective - 1e-7


def test_literal_links_cap_the_paper_network_and_chosen_links_do_not() -> None:
    """On 19 sites literal (22)-(23) allow no plan in which 14 sites rest; chosen links do with 5 helpers (SPEC 4)."""
    from gridran.scenario.loader import load_scenario

    network = load_scenario("paper").network
    most = {
        links: most_resting(replace(network, cooperation=replace_links(network, links)))
        for links in ("chosen", "literal")
    }
    assert most == {"chosen": 14, "literal": 9}


def replace_links(network: Network, links: str) -> CooperationParams:
    return replace(network.cooperation, links=links)


def most_resting(network: Network) -> int:
    """The largest number of assisted sites that the mode and link rows alone admit."""
    from rapp.cooperation import constraints
    from rapp.cooperation.rows import Rows

    scenario = Scenario("rows", network, traffic=TrafficParams(ue_count=60))
    report = telemetry(initial(scenario, 1)).snapshot
    sites = network.site_count
    forecast = Forecast(6.0, 0.25, np.ones((24, sites)), np.zeros(sites), np.zeros(sites))
    weight = np.array(scenario.traffic.class_weight)
    problem = build(PlanProblem(network, report, forecast, None, PlanningParams(), np.full(sites, 0.5), weight))
    v = variables(problem)
    rows = Rows(v.count)
    constraints.modes(rows, problem, v)
    constraints.links(rows, problem, v)
    model = solving._model(problem, v, rows)
    cost = np.zeros(v.count)
    cost[v.gamma[:, SiteMode.ASSISTED]] = -1.0
    model.col_cost_ = cost
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("time_limit", 60.0)
    highs.passModel(model)
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return round(-float(highs.getInfo().objective_function_value))
