"""The slow loop's state machine: every report gives one policy, the best that can be had."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from gridran.outcome import Feasible, Infeasible, Optimal, Outcome, TimedOut
from gridran.scenario.params import PlanningParams, Scenario
from gridran.strategies import Strategy, strategy_named
from gridran.types import PlanTier, Policy, SiteMode, Telemetry
from rapp import core
from rapp.notes import Note
from rapp.plan import Plan, PlanProblem
from rapp.planners import PLANNERS
from rapp.planners.static_lb import pattern

Reports = Callable[..., Telemetry]
Answer = Outcome[Plan] | Exception


class Scripted:
    """A planner that gives the next of its ``answers`` and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[PlanProblem] = []

    def __call__(self, problem: PlanProblem) -> Outcome[Plan]:
        self.asked.append(problem)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def planner(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """The registry with a scripted planner in it, under the name ``scripted``."""
    scripted = Scripted()
    monkeypatch.setitem(PLANNERS, "scripted", scripted)
    return scripted


@pytest.fixture
def state(scenario: Scenario, planner: Scripted) -> core.State:
    """Before the first report, with the scripted planner and urgency prices."""
    return core.initial(scenario, Strategy("test", "scripted", "any", "cooperative", "all-on", "urgency"))


@pytest.fixture
def good(scenario: Scenario) -> Plan:
    """A plan that holds all rules: site 0 helps sites 1 and 2, of which the latter sleeps."""
    mode = np.zeros(7, dtype=np.int64)
    mode[:3] = SiteMode.HELPING, SiteMode.ASSISTED, SiteMode.DEEP_SLEEP
    band_on = np.ones((7, 4), dtype=bool)
    band_on[1, 1:], band_on[2] = False, False
    return Plan(mode, ((0, 1), (0, 2)), band_on, np.full(7, 3.0), 3.0, 3.3)


def told(state: core.State, telemetry: Telemetry) -> tuple[core.State, Policy, list[Note]]:
    """One report: the new state, the one policy it led to, and the notes."""
    state, effects = core.step(state, core.TelemetryArrived(telemetry))
    (policy,) = [e.policy for e in effects if isinstance(e, core.PutPolicy)]
    assert isinstance(effects[-1], core.PutPolicy)
    return state, policy, [e for e in effects if isinstance(e, Note)]


def kinds(notes: list[Note]) -> list[str]:
    return [n.kind for n in notes]


@pytest.mark.parametrize(
    ("outcome", "tier"), [(Optimal, PlanTier.OPTIMAL), (Feasible, PlanTier.FEASIBLE)], ids=["optimal", "feasible"]
)
def test_a_solved_plan_is_published_with_its_gap(
    state: core.State,
    planner: Scripted,
    good: Plan,
    telemetry_of: Reports,
    scenario: Scenario,
    outcome: Callable[[Plan, float], Outcome[Plan]],
    tier: PlanTier,
) -> None:
    """Optimal and feasible answers become the policy, fresh (age 0), with the solver's gap and the solver's tier."""
    planner.answers = [outcome(good, 0.02)]
    _, policy, notes = told(state, telemetry_of(scenario.network))
    assert (policy.tier, policy.gap_frac, policy.plan_age_h) == (tier, 0.02, 0.0)
    np.testing.assert_array_equal(policy.mode, good.mode)
    np.testing.assert_array_equal(policy.band_planned, good.band_on)
    assert policy.links == good.links
    assert "plan-failed" not in kinds(notes)
    assert "plan-rule-broken" not in kinds(notes)


def test_a_rule_that_proves_nothing_has_its_own_tier(scenario: Scenario, telemetry_of: Reports) -> None:
    """The planners without a solver publish tier RULE and no gap (NaN)."""
    for name in ("independent", "independent-es", "static-lb"):
        _, policy, _ = told(core.initial(scenario, strategy_named(name)), telemetry_of(scenario.network))
        assert policy.tier is PlanTier.RULE
        assert math.isnan(policy.gap_frac)


def test_the_policy_says_until_when_and_under_which_limits(
    state: core.State, planner: Scripted, good: Plan, telemetry_of: Reports, scenario: Scenario
) -> None:
    """Expiry is the report's time plus the policy lifetime; the budget is battery plus V2X limit, or no limit in
    practice where the grid is up; the reserve is SoC_min; the weights are the scenario's."""
    planner.answers = [Optimal(good, 0.0)]
    grid_up = np.arange(7) == 6
    _, policy, _ = told(state, telemetry_of(scenario.network, 4, grid_up=grid_up))
    assert (policy.issued_h, policy.valid_until_h) == (1.0, 1.5)
    np.testing.assert_array_equal(policy.power_budget_kw, [17.0] * 6 + [1e3])
    np.testing.assert_array_equal(policy.reserve_soc_frac, np.full(7, 0.2))
    np.testing.assert_array_equal(policy.class_weight, [1000.0, 100.0, 10.0, 1.0])


def test_an_unchanged_plan_is_renewed_under_a_new_id(
    state: core.State, planner: Scripted, good: Plan, telemetry_of: Reports, scenario: Scenario
) -> None:
    """A policy expires even if nothing changes, so each report gives a new one; its id depends on strategy and
    period alone."""
    planner.answers = [Optimal(good, 0.0), Optimal(good, 0.0)]
    state, first, _ = told(state, telemetry_of(scenario.network, 0))
    _, second, notes = told(state, telemetry_of(scenario.network, 1))
    assert (first.policy_id, second.policy_id) == ("test-0000000", "test-0000030")
    assert second.valid_until_h == first.valid_until_h + 0.25
    assert "mode-change" not in kinds(notes)


@pytest.mark.parametrize(
    "failure",
    [Infeasible("site-3 cannot carry its load"), TimedOut("no incumbent"), RuntimeError("solver crashed")],
    ids=["infeasible", "timed-out", "raised"],
)
def test_a_failed_solve_publishes_the_last_good_plan(
    state: core.State, planner: Scripted, good: Plan, telemetry_of: Reports, scenario: Scenario, failure: Answer
) -> None:
    """Whatever way a solve fails, the plan in force goes on, with its age and no gap, and a note says why."""
    planner.answers = [Optimal(good, 0.0), failure, failure]
    state, _, _ = told(state, telemetry_of(scenario.network, 0))
    state, _, _ = told(state, telemetry_of(scenario.network, 1))
    _, policy, notes = told(state, telemetry_of(scenario.network, 2))
    assert (policy.tier, policy.plan_age_h, policy.issued_h) == (PlanTier.LAST_GOOD, 0.5, 0.5)
    assert math.isnan(policy.gap_frac)
    np.testing.assert_array_equal(policy.mode, good.mode)
    reason = next(n for n in notes if n.kind == "plan-failed").fields["why"]
    assert (failure.why if isinstance(failure, Infeasible | TimedOut) else "RuntimeError: solver crashed") in str(
        reason
    )


def test_without_a_good_plan_the_safe_plan_is_published(
    state: core.State, planner: Scripted, telemetry_of: Reports, scenario: Scenario
) -> None:
    """A first solve that fails leaves every site normal with every carrier on."""
    planner.answers = [ValueError("no")]
    _, policy, _ = told(state, telemetry_of(scenario.network))
    assert policy.tier is PlanTier.SAFE
    assert (policy.mode == SiteMode.NORMAL).all()
    assert policy.band_planned.all()
    assert policy.links == ()


def test_a_plan_older_than_its_horizon_is_not_good_any_more(
    state: core.State, planner: Scripted, good: Plan, telemetry_of: Reports, scenario: Scenario
) -> None:
    """The last good plan looked 6 h ahead; after that the safe plan takes its place."""
    planner.answers = [Optimal(good, 0.0), TimedOut("slow"), TimedOut("slow")]
    state, _, _ = told(state, telemetry_of(scenario.network, 0))
    state, at_horizon, _ = told(state, telemetry_of(scenario.network, 24))
    _, beyond, _ = told(state, telemetry_of(scenario.network, 25))
    assert (at_horizon.tier, beyond.tier) == (PlanTier.LAST_GOOD, PlanTier.SAFE)


def test_the_last_good_plan_does_not_rely_on_a_dead_helper(
    state: core.State, planner: Scripted, good: Plan, telemetry_of: Reports, scenario: Scenario
) -> None:
    """Where a helper has died since, the sites it helped wake with every carrier, and its links are gone."""
    planner.answers = [Optimal(good, 0.0), TimedOut("slow")]
    state, _, _ = told(state, telemetry_of(scenario.network, 0))
    _, policy, notes = told(state, telemetry_of(scenario.network, 1, site_up=np.arange(7) != 0))
    assert (policy.mode == SiteMode.NORMAL).all()
    assert policy.links == ()
    assert policy.band_planned.all()
    assert {n.fields["site"] for n in notes if n.kind == "mode-change"} == {"site-0", "site-1", "site-2"}


def test_the_solve_after_a_failure_starts_fresh(
    state: core.State, planner: Scripted, good: Plan, telemetry_of: Reports, scenario: Scenario
) -> None:
    """A plan starts from the one before it, but never from anything that a failed solve left."""
    planner.answers = [Optimal(good, 0.0), Optimal(good, 0.0), RuntimeError("boom"), Optimal(good, 0.0)]
    for step in range(4):
        state, policy, _ = told(state, telemetry_of(scenario.network, step))
    assert [p.previous is None for p in planner.asked] == [True, False, False, True]
    assert policy.tier is PlanTier.OPTIMAL


@pytest.mark.parametrize(
    "broken",
    [
        {"mode": np.zeros(6, dtype=np.int64)},
        {"mode": np.full(7, 4)},
        {"links": ((0, 7),)},
        {"band_on": np.ones((7, 3), dtype=bool)},
    ],
    ids=["too few sites", "no such mode", "no such site", "too few bands"],
)
def test_an_unusable_answer_is_a_failed_solve(
    state: core.State,
    planner: Scripted,
    good: Plan,
    telemetry_of: Reports,
    scenario: Scenario,
    broken: dict[str, object],
) -> None:
    """A plan of wrong shape never reaches the network; the safe plan does, and the note says what was wrong."""
    planner.answers = [Optimal(replace(good, **broken), 0.0)]  # type: ignore[arg-type]
    _, policy, notes = told(state, telemetry_of(scenario.network))
    assert policy.tier is PlanTier.SAFE
    assert kinds(notes)[0] == "plan-failed"


def test_a_plan_that_breaks_a_rule_is_told_apart(
    state: core.State, planner: Scripted, good: Plan, telemetry_of: Reports, scenario: Scenario
) -> None:
    """A usable plan that breaks (19)-(25) is published and named: nobody has to find out from the radio."""
    planner.answers = [Optimal(replace(good, links=((0, 1),)), 0.0)]
    _, _, notes = told(state, telemetry_of(scenario.network))
    (note,) = [n for n in notes if n.kind == "plan-rule-broken"]
    assert note.fields["rules"] == ["(21): has no helper at sites [2]"]


def test_notes_explain_who_binds_and_who_changes(
    state: core.State, planner: Scripted, good: Plan, telemetry_of: Reports, scenario: Scenario
) -> None:
    """The plan note names the sites that live shortest; each mode change names helpers, energy and life; all of it
    is JSON without NaN."""
    planner.answers = [Optimal(good, 0.0)]
    soc_frac = np.where(np.arange(7) == 5, 0.4, 0.8)
    _, policy, notes = told(state, telemetry_of(scenario.network, soc_frac=soc_frac))
    plan = next(n for n in notes if n.kind == "plan")
    assert plan.fields["binding_sites"] == ["site-5"]
    assert plan.fields["policy_id"] == policy.policy_id
    asleep = next(n for n in notes if n.kind == "mode-change" and n.fields["site"] == "site-2")
    assert (asleep.fields["from"], asleep.fields["to"]) == ("normal", "deep_sleep")
    assert asleep.fields["helpers"] == ["site-0"]
    assert json.loads(json.dumps([n.fields for n in notes], allow_nan=False))


def test_notes_of_a_rule_are_json_too(scenario: Scenario, telemetry_of: Reports) -> None:
    """Figures that a rule does not know are null, never NaN, also on the grid and without any load."""
    report = telemetry_of(scenario.network, grid_up=np.ones(7, dtype=bool), load_kw=np.zeros(7))
    _, _, notes = told(core.initial(scenario, strategy_named("static-lb")), report)
    assert json.dumps([n.fields for n in notes], allow_nan=False)
    assert next(n for n in notes if n.kind == "plan").fields["binding_sites"] == []


def test_a_duplicate_report_gets_the_same_policy_without_a_solve(
    state: core.State, planner: Scripted, good: Plan, telemetry_of: Reports, scenario: Scenario
) -> None:
    """A repeated report is harmless: same policy again, nothing solved, nothing learnt twice."""
    planner.answers = [Optimal(good, 0.0)]
    state, first, _ = told(state, telemetry_of(scenario.network, 1))
    again, second, _ = told(state, telemetry_of(scenario.network, 1))
    assert first is second
    assert again is state
    assert len(planner.asked) == 1


def test_an_old_report_changes_nothing(
    state: core.State, planner: Scripted, good: Plan, telemetry_of: Reports, scenario: Scenario
) -> None:
    """A report from before the last one is noted and dropped."""
    planner.answers = [Optimal(good, 0.0)]
    state, _, _ = told(state, telemetry_of(scenario.network, 2))
    after, effects = core.step(state, core.TelemetryArrived(telemetry_of(scenario.network, 1)))
    assert after is state
    assert effects == (Note("stale-telemetry", {"period": 30, "last_period": 60}),)


def test_policy_status_is_remembered_for_the_policy_in_force(
    state: core.State, planner: Scripted, good: Plan, telemetry_of: Reports, scenario: Scenario
) -> None:
    """The xApp's word counts for the last policy only, and a new policy has no word yet."""
    planner.answers = [Optimal(good, 0.0), Optimal(good, 0.0)]
    state, policy, _ = told(state, telemetry_of(scenario.network, 0))
    assert state.enforced is None
    state, effects = core.step(state, core.PolicyStatusArrived("another", True, ""))
    assert state.enforced is None
    state, effects = core.step(state, core.PolicyStatusArrived(policy.policy_id, False, "expired"))
    assert state.enforced is False
    assert effects == (Note("policy-status", {"policy_id": policy.policy_id, "enforced": False, "reason": "expired"}),)
    state, _, _ = told(state, telemetry_of(scenario.network, 1))
    assert state.enforced is None


def test_after_a_restart_the_journalled_policy_is_the_last_good_plan(
    state: core.State, planner: Scripted, good: Plan, telemetry_of: Reports, scenario: Scenario
) -> None:
    """A rApp that was killed resumes from its last policy: a failed solve then repeats it, with its true age."""
    planner.answers = [Optimal(good, 0.0), TimedOut("slow")]
    _, policy, _ = told(state, telemetry_of(scenario.network, 0))
    _, after, _ = told(core.resumed(state, policy), telemetry_of(scenario.network, 3))
    assert (after.tier, after.plan_age_h) == (PlanTier.LAST_GOOD, 0.75)
    np.testing.assert_array_equal(after.mode, good.mode)
    assert after.links == good.links


def test_after_a_restart_a_safe_policy_is_no_good_plan(
    state: core.State, planner: Scripted, telemetry_of: Reports, scenario: Scenario
) -> None:
    """The safe plan is nobody's answer, so it does not become a last good plan by way of the journal."""
    planner.answers = [TimedOut("slow"), TimedOut("slow")]
    _, policy, _ = told(state, telemetry_of(scenario.network, 0))
    _, after, _ = told(core.resumed(state, policy), telemetry_of(scenario.network, 1))
    assert after.tier is PlanTier.SAFE


def test_price_and_forecast_reach_the_planner_and_the_policy(
    state: core.State, planner: Scripted, good: Plan, telemetry_of: Reports, scenario: Scenario
) -> None:
    """The planner sees the offers that will stand, and a forecast of the whole horizon in plan periods."""
    planner.answers = [Optimal(good, 0.0)]
    _, policy, _ = told(state, telemetry_of(scenario.network, 1))
    (problem,) = planner.asked
    np.testing.assert_array_equal(policy.price_usd_per_kwh, problem.price_usd_per_kwh)
    assert (problem.price_usd_per_kwh > 0.5).all()
    assert problem.forecast.demand_frac.shape == (24, 7)
    assert (problem.forecast.ev_energy_kwh > 0.0).all()


def test_a_site_that_sleeps_now_offers_what_its_mean_power_says(
    state: core.State, planner: Scripted, good: Plan, telemetry_of: Reports, scenario: Scenario
) -> None:
    """(16) takes the mean over the horizon: after an hour of work a short sleep changes the offer little."""
    planner.answers = [Optimal(good, 0.0)] * 5
    working, asleep = np.full(7, 4.0), np.full(7, 4.0)
    asleep[2] = 0.1
    for step, load_kw in ((0, working), (1, working), (2, working), (3, working), (4, asleep)):
        state, policy, _ = told(state, telemetry_of(scenario.network, step, mean_load_kw=load_kw))
    price = policy.price_usd_per_kwh
    assert price[2] < price[1]
    assert price[2] - 0.5 > 0.3 * (price[1] - 0.5)


def test_a_demand_that_is_not_a_number_is_nobody_elses(
    state: core.State, planner: Scripted, good: Plan, telemetry_of: Reports, scenario: Scenario
) -> None:
    """The planner sees a user that asks for nothing, and finite demands of all others."""
    planner.answers = [Optimal(good, 0.0)]
    demand = np.ones(7)
    demand[3] = np.nan
    told(state, telemetry_of(scenario.network, 1, demand_mbps=demand))
    (problem,) = planner.asked
    np.testing.assert_array_equal(problem.snapshot.demand_mbps, [1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0])


def test_a_forecast_can_be_wrong_on_purpose(
    scenario: Scenario, planner: Scripted, good: Plan, telemetry_of: Reports
) -> None:
    """With a forecast error of −25 %, the planner expects three quarters of the traffic."""
    wrong = replace(scenario, planning=replace(scenario.planning, forecast_error_frac=-0.25))
    state = core.initial(wrong, Strategy("test", "scripted", "any", "cooperative", "all-on", "urgency"))
    planner.answers = [Optimal(good, 0.02)]
    told(state, telemetry_of(scenario.network))
    np.testing.assert_array_equal(planner.asked[0].forecast.demand_frac, 0.75)


def test_same_reports_give_the_same_decisions(scenario: Scenario, telemetry_of: Reports) -> None:
    """The core keeps no hidden state: two runs over the same reports agree in every effect."""

    def run() -> list[str]:
        state, said = core.initial(scenario, strategy_named("static-lb")), []
        for step in range(3):
            state, effects = core.step(state, core.TelemetryArrived(telemetry_of(scenario.network, step)))
            said.append(repr(effects))
        return said

    assert run() == run()


@pytest.mark.parametrize(
    ("strategy", "planning", "named"),
    [
        (Strategy("x", "magic", "any", "own-cell", "all-on", "flat"), PlanningParams(), "planner 'magic'"),
        (Strategy("x", "none", "any", "own-cell", "all-on", "free"), PlanningParams(), "price rule 'free'"),
        (strategy_named("independent"), PlanningParams(forecast="oracle"), "forecast 'oracle'"),
    ],
    ids=["planner", "price rule", "forecast"],
)
def test_unknown_names_are_refused_at_the_start(
    scenario: Scenario, strategy: Strategy, planning: PlanningParams, named: str
) -> None:
    """A strategy or scenario that names something unknown fails before the run, with the choices."""
    with pytest.raises(ValueError, match=named):
        core.initial(replace(scenario, planning=planning), strategy)


def test_static_lb_wakes_the_sites_of_a_dead_helper(scenario: Scenario, telemetry_of: Reports) -> None:
    """When a helper dies its assisted sites are normal in the next policy; when it is back they are assisted again."""
    links = pattern(scenario.network)
    helper = links[0][0]
    helped = [a for h, a in links if h == helper]
    state = core.initial(scenario, strategy_named("static-lb"))
    state, before, _ = told(state, telemetry_of(scenario.network, 0))
    state, down, _ = told(state, telemetry_of(scenario.network, 1, site_up=np.arange(7) != helper))
    state, back, _ = told(state, telemetry_of(scenario.network, 2))
    assert (before.mode[helped] == SiteMode.ASSISTED).all()
    assert (down.mode[[helper, *helped]] == SiteMode.NORMAL).all()
    np.testing.assert_array_equal(back.mode, before.mode)
