"""The cooperation model's equations (18)-(26) as the solved pattern shows them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emulator.world import initial, telemetry
from gridran.energy.site_power import idle_kw, standby_kw
from gridran.outcome import Feasible, Optimal
from gridran.scenario.params import PlanningParams, Scenario
from gridran.types import Forecast, SiteMode
from rapp.cooperation.objective import costs, scales
from rapp.cooperation.solve import Limits, Pattern, solve
from rapp.cooperation.variables import Problem, variables
from rapp.links import violations
from rapp.plan import Plan, PlanProblem
from rapp.planners.msrc import build

QUICK = Limits(gap_frac=0.03, node_limit=0, time_limit_s=60.0)


@pytest.fixture(scope="module")
def problem(small_scenario: Scenario) -> Problem:
    """Seven sites at 40 to 80 % charge."""
    report = replace(telemetry(initial(small_scenario, 4)).snapshot, soc_frac=np.linspace(0.4, 0.8, 7))
    forecast = Forecast(6.0, 0.25, np.ones((24, 7)), np.zeros(7), np.zeros(7))
    weight = np.array(small_scenario.traffic.class_weight)
    planning = PlanningParams(demand_points=40)
    return build(PlanProblem(small_scenario.network, report, forecast, None, planning, np.full(7, 0.5), weight))


@pytest.fixture(scope="module")
def pattern(problem: Problem) -> Pattern:
    """Its plan."""
    outcome = solve(problem, QUICK)
    assert isinstance(outcome, Optimal | Feasible)
    return outcome.value


def test_eqs_19_to_25_hold_as_rules(problem: Problem, pattern: Pattern) -> None:
    """One mode a site, helpers linked, at most K_max links, sleeping sites dark, assisted ones on B_low."""
    plan = Plan(pattern.mode, pattern.links, pattern.band_on > 0, pattern.power_kw, 0.0, 0.0)
    assert violations(problem.network, plan, problem.alive > 0) == ()


def test_eq_26_s_is_the_largest_power_over_energy(problem: Problem, pattern: Pattern) -> None:
    """min s with P_i <= s·E_i: at the plan s is just the worst site's P/E, so 1/s is the shortest life."""
    assert pattern.s_per_h == pytest.approx(float(np.max(pattern.power_kw / problem.energy_kwh)), rel=1e-6)


def test_eq_4_a_sleeping_site_draws_100_w(pattern: Pattern) -> None:
    """Deep sleep is 0.1 kW whatever the scale."""
    asleep = pattern.mode == SiteMode.DEEP_SLEEP
    assert asleep.any()
    assert pattern.power_kw[asleep] == pytest.approx(0.1)


def test_eq_4_an_awake_site_draws_at_least_its_standby(problem: Problem, pattern: Pattern) -> None:
    """Carriers on at zero load plus the standby of the others bound an awake site's power from below."""
    awake = pattern.mode != SiteMode.DEEP_SLEEP
    least = np.where(pattern.band_on > 0, idle_kw(problem.network), standby_kw(problem.network)).sum(axis=1)
    assert (pattern.power_kw[awake] >= least[awake] - 1e-6).all()


def test_discharge_limit_binds_helpers(pattern: Pattern) -> None:
    """No site is planned beyond the 10 kW that its battery delivers."""
    assert (pattern.power_kw <= 10.0 + 1e-6).all()


def test_offload_needs_stronger_sites_silent(problem: Problem, pattern: Pattern) -> None:
    """A flow on a carrier at a weaker site implies that no blocker of the point has that carrier on."""
    v, points = variables(problem), problem.points
    share = pattern.columns[v.x] / points.volume_mbps[v.point]
    for place in range(points.candidate.shape[1]):
        blocker = points.candidate[v.point, place]
        blocks = points.blocked[v.point, v.place, place] & (blocker >= 0)
        lit = pattern.band_on[np.maximum(blocker, 0), v.band] > 0
        assert (share[blocks & lit] <= 1e-5).all()


def test_eq_18_unserved_volume_costs_by_class_weight(problem: Problem) -> None:
    """A megabit of a point costs in proportion to its weight; serving nothing costs λ_2's whole service term."""
    v = variables(problem)
    cost = costs(problem, v)
    whole = float(cost[v.unserved] @ problem.points.volume_mbps)
    assert whole == pytest.approx(scales(problem).unserved)


def test_eq_18_switching_costs_one_share_per_site(problem: Problem) -> None:
    """Keeping every mode is free of θ; each site that changes costs λ_4/N."""
    before = replace(problem, previous_mode=np.zeros(7, dtype=np.int64))
    v = variables(before)
    extra = costs(before, v)[v.gamma] - costs(problem, v)[v.gamma]
    assert extra[:, 0] == pytest.approx(0.0)
    assert extra[:, 1:] == pytest.approx(0.1 / 7)


def test_weights_of_eq_18() -> None:
    """(λ_1, λ_2, λ_3, λ_4) = (0.5, 0.3, 0.1, 0.1), summing to 1."""
    weights = PlanningParams().objective_weight
    assert weights == (0.5, 0.3, 0.1, 0.1)
    assert sum(weights) == pytest.approx(1.0)


def test_dead_sites_sleep_and_may_be_helped(problem: Problem) -> None:
    """A site without power is planned asleep, needs no helper, and its neighbours' plan stays feasible."""
    alive = np.where(np.arange(7) == 3, 0, 1)
    outcome = solve(replace(problem, alive=alive), QUICK)
    assert isinstance(outcome, Optimal | Feasible)
    assert outcome.value.mode[3] == SiteMode.DEEP_SLEEP
    assert not outcome.value.band_on[3].any()
