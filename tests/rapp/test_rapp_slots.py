"""Shares and time-slots of a plan: from the planner to the policy, through failures and restarts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import structlog
from prometheus_client import CollectorRegistry

from gridran.outcome import Optimal, Outcome, TimedOut
from gridran.scenario.params import Scenario
from gridran.strategies import Strategy
from gridran.types import PlanTier, Policy, PolicySlot, SiteMode, Telemetry
from rapp import core
from rapp.journal import RappJournal
from rapp.links import shape_faults, violations
from rapp.metrics import RappMetrics
from rapp.notes import Note
from rapp.plan import Plan
from rapp.planners import PLANNERS
from rapp.planning import Planning

Reports = Callable[..., Telemetry]
STRATEGY = Strategy("test", "scripted", "any", "cooperative", "all-on", "urgency")
SHARES = np.tile([1.0, 1.0, 0.8, 0.5], (7, 1))


def pattern(helper: int, asleep: int) -> dict[str, Any]:
    """``helper`` carries the users of the sleeping site."""
    mode, band_on = np.zeros(7, dtype=np.int64), np.ones((7, 4), dtype=bool)
    mode[[helper, asleep]] = SiteMode.HELPING, SiteMode.DEEP_SLEEP
    band_on[asleep] = False
    return {"mode": mode, "links": ((helper, asleep),), "band_on": band_on}


def slot(from_h: float, helper: int, asleep: int, service_frac: np.ndarray = SHARES) -> PolicySlot:
    now = pattern(helper, asleep)
    return PolicySlot(from_h, now["mode"], now["links"], now["band_on"], service_frac)


@pytest.fixture
def turning() -> Plan:
    """Site 0 helps 1, from 5 min on 1 helps 0, from 20 min on (beyond the plan period) 2 helps 1."""
    slots = (slot(1 / 12, 1, 0), slot(1 / 3, 2, 1, np.ones((7, 4))))
    return Plan(**pattern(0, 1), mean_power_kw=np.full(7, 3.0), survival_h=3.0, bound_survival_h=3.3, slots=slots)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Outcome[Plan]]:
    """What the planner ``scripted`` answers, in order."""
    given: list[Outcome[Plan]] = []
    monkeypatch.setitem(PLANNERS, "scripted", lambda _: given.pop(0))
    return given


@pytest.fixture
def state(scenario: Scenario, answers: list[Outcome[Plan]], turning: Plan) -> core.State:
    """Before the first report; the planner answers once with ``turning``, then is too slow."""
    answers += [Optimal(turning, 0.0), TimedOut("slow"), TimedOut("slow")]
    return core.initial(scenario, STRATEGY)


def told(state: core.State, telemetry: Telemetry) -> tuple[core.State, Policy, list[Note]]:
    """One report: the new state, its policy and the notes."""
    state, effects = core.step(state, core.TelemetryArrived(telemetry))
    (policy,) = [e.policy for e in effects if isinstance(e, core.PutPolicy)]
    return state, policy, [e for e in effects if isinstance(e, Note)]


def starts_h(policy: Policy) -> list[float]:
    return [slot.from_h for slot in policy.slots]


def test_a_plan_without_shares_permits_everything(
    state: core.State, answers: list[Outcome[Plan]], turning: Plan, telemetry_of: Reports, scenario: Scenario
) -> None:
    """Where the planner says nothing, every class at every site may have all of its demand, and no slot follows."""
    answers[0] = Optimal(replace(turning, slots=()), 0.0)
    _, policy, _ = told(state, telemetry_of(scenario.network))
    assert policy.service_frac.tolist() == [[1.0] * 4] * 7
    assert policy.slots == ()


def test_shares_and_slots_reach_the_policy_and_the_note(
    state: core.State, answers: list[Outcome[Plan]], turning: Plan, telemetry_of: Reports, scenario: Scenario
) -> None:
    """The policy carries both, slots only as far as it lives (30 min); the plan note tells of them, and the plan breaks
    no rule in any slot."""
    late = slot(0.5, 0, 1)
    answers[0] = Optimal(replace(turning, service_frac=SHARES, slots=(*turning.slots, late)), 0.0)
    _, policy, notes = told(state, telemetry_of(scenario.network))
    assert policy.service_frac is SHARES
    assert policy.slots == turning.slots
    plan = next(n for n in notes if n.kind == "plan")
    assert plan.fields["slots_from_h"] == starts_h(policy)
    assert plan.fields["least_service_frac"] == {"emergency": 1.0, "voice": 1.0, "essential": 0.8, "best_effort": 0.5}
    assert "plan-rule-broken" not in [n.kind for n in notes]


def test_the_last_good_plan_goes_on_where_it_is(state: core.State, telemetry_of: Reports, scenario: Scenario) -> None:
    """A failed solve does not turn the schedule back: 15 min later the second slot is in force, the third to come, and
    nothing is told to have changed but what did."""
    state, _, _ = told(state, telemetry_of(scenario.network, 0))
    state, policy, notes = told(state, telemetry_of(scenario.network, 1))
    assert policy.tier is PlanTier.LAST_GOOD
    assert policy.mode[:2].tolist() == [SiteMode.DEEP_SLEEP, SiteMode.HELPING]
    assert policy.service_frac is SHARES
    assert starts_h(policy) == [pytest.approx(1 / 3)]
    assert "mode-change" not in [n.kind for n in notes]
    _, policy, _ = told(state, telemetry_of(scenario.network, 2))
    assert policy.mode[:3].tolist() == [SiteMode.NORMAL, SiteMode.DEEP_SLEEP, SiteMode.HELPING]
    assert policy.slots == ()


def test_no_slot_of_an_old_plan_relies_on_a_dead_helper(
    state: core.State, telemetry_of: Reports, scenario: Scenario
) -> None:
    """Whom a dead helper was to help in a later slot is awake there with every carrier."""
    state, _, _ = told(state, telemetry_of(scenario.network, 0))
    _, policy, _ = told(state, telemetry_of(scenario.network, 1, site_up=np.arange(7) != 2))
    (later,) = policy.slots
    assert (later.mode == SiteMode.NORMAL).all()
    assert later.links == ()
    assert later.band_planned.all()
    assert policy.links == ((1, 0),)


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ({"service_frac": np.ones((7, 3))}, "service_frac"),
        ({"service_frac": np.full((7, 4), 1.1)}, "service_frac"),
        ({"service_frac": np.full((7, 4), np.nan)}, "service_frac"),
        ({"slots": (slot(0.2, 1, 0), slot(0.1, 0, 1))}, "slots do not begin one after the other"),
        ({"slots": (slot(float("nan"), 1, 0),)}, "slots do not begin one after the other"),
        ({"slots": (slot(0.1, 1, 0, np.ones((6, 4))),)}, "slot from 0.1 h: service_frac"),
        ({"slots": (replace(slot(0.1, 1, 0), links=((0, 9),)),)}, "slot from 0.1 h: (22)"),
    ],
)
def test_unusable_shares_and_slots_are_named(
    turning: Plan, scenario: Scenario, broken: dict[str, Any], fault: str
) -> None:
    """Wrong shapes, shares beyond 0 to 1 and slots out of order make a plan unusable."""
    (told_fault,) = shape_faults(scenario.network, replace(turning, **broken))
    assert told_fault.startswith(fault)


def test_a_rule_broken_in_a_slot_is_named_with_its_time(turning: Plan, scenario: Scenario) -> None:
    """(19)-(25) hold in every slot, not only in the first."""
    alone = replace(turning.slots[0], links=())
    assert violations(scenario.network, turning, np.ones(7, dtype=bool)) == ()
    assert violations(scenario.network, replace(turning, slots=(alone,)), np.ones(7, dtype=bool)) == (
        "slot from 0.0833333 h: (20): helps nobody at sites [1]",
        "slot from 0.0833333 h: (21): has no helper at sites [0]",
    )


@pytest.mark.usefixtures("state")
def test_a_restarted_rapp_goes_on_with_slots_and_shares(
    scenario: Scenario, telemetry_of: Reports, tmp_path: Path
) -> None:
    """The journal gives the whole plan back: a failed solve after the restart goes on where the schedule is."""

    def boot() -> Planning:
        journal, metrics = RappJournal(tmp_path / "rapp.db"), RappMetrics(CollectorRegistry(), "lifetime")
        planning = Planning(scenario, STRATEGY, journal, None, metrics, structlog.get_logger())
        planning.meet("node", scenario.network)
        return planning

    before = boot()
    before.plan(telemetry_of(scenario.network, 0))
    before.close()
    after = boot()
    policy = after.plan(telemetry_of(scenario.network, 1))
    after.close()
    assert policy is not None
    assert policy.tier is PlanTier.LAST_GOOD
    assert policy.mode[:2].tolist() == [SiteMode.DEEP_SLEEP, SiteMode.HELPING]
    np.testing.assert_array_equal(policy.service_frac, SHARES)
    np.testing.assert_array_equal(policy.slots[0].service_frac, np.ones((7, 4)))
    assert starts_h(policy) == [pytest.approx(1 / 3)]
