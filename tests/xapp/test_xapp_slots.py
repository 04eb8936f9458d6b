"""Time-slots: each holds from its time to the next one's, and the fast loop changes with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import structlog
from prometheus_client import CollectorRegistry

from gridran.policy_slots import in_force
from gridran.scenario.params import Scenario
from gridran.strategies import strategy_named
from gridran.types import Dispatch, Network, Policy, PolicySlot, ServiceClass, ShedReason, SiteMode, Snapshot
from gridran.wire.convert import policy_to_proto
from xapp import core
from xapp.decider import Decider
from xapp.journal import XappJournal
from xapp.metrics import XappMetrics
from xapp.notes import Note

Make = Callable[..., Any]
NORMAL = np.zeros(7, dtype=np.int64)
FIRST = np.array([SiteMode.HELPING, SiteMode.DEEP_SLEEP, *[SiteMode.NORMAL] * 5], dtype=np.int64)
TURNED = np.array([SiteMode.DEEP_SLEEP, SiteMode.HELPING, *[SiteMode.NORMAL] * 5], dtype=np.int64)
EVERYTHING, CRITICAL_ONLY = np.ones((7, 4)), np.tile([1.0, 1.0, 0.0, 0.0], (7, 1))


def slot(
    from_h: float, mode: np.ndarray = NORMAL, links: Any = (), service_frac: np.ndarray = EVERYTHING
) -> PolicySlot:
    return PolicySlot(from_h, mode, links, np.ones((7, 4), dtype=np.bool_), service_frac)


@pytest.fixture
def network(network_of: Make) -> Network:
    made: Network = network_of(7)
    return made


@pytest.fixture
def turning(network: Network, policy_of: Make) -> Policy:
    """From 0.25 h site 0 helps site 1, from 0.35 h site 1 helps site 0, from 0.45 h all normal for critical users."""
    slots = (slot(0.35, TURNED, ((1, 0),)), slot(0.45, service_frac=CRITICAL_ONLY))
    promised = np.tile([1.0, 1.0, 0.0, 0.0], (7, 1))
    made: Policy = policy_of(network, mode=FIRST, links=((0, 1),), slots=slots, availability_frac=promised)
    return made


@pytest.mark.parametrize(
    ("time_h", "mode", "left"),
    [(0.25, FIRST, 2), (0.3499, FIRST, 2), (0.35, TURNED, 1), (0.4499, TURNED, 1), (0.45, NORMAL, 0), (9.0, NORMAL, 0)],
)
def test_the_slot_in_force(turning: Policy, time_h: float, mode: np.ndarray, left: int) -> None:
    """A slot holds from its start, itself included; what is still to come stays, what identifies the policy too."""
    now = in_force(turning, time_h)
    assert now.mode is mode
    assert len(now.slots) == left
    assert (now.policy_id, now.issued_h, now.valid_until_h) == ("p1", 0.25, 0.75)


def test_without_a_slot_begun_the_policy_is_itself(turning: Policy) -> None:
    """Before the first slot the policy is the same object, and a start that differs in the last bit has begun."""
    assert in_force(turning, 0.3) is turning
    assert in_force(turning, np.nextafter(0.35, 0.0)).mode is TURNED


def test_looking_twice_is_looking_once(turning: Policy) -> None:
    """The policy of a time, asked for a later one, is the policy of the later time."""
    assert in_force(in_force(turning, 0.36), 0.5).service_frac is CRITICAL_ONLY


def run(network: Network, policy: Policy, reports: list[Snapshot]) -> tuple[list[Dispatch], list[Note]]:
    """The controls and notes of ``reports`` under ``policy``."""
    state, _ = core.step(core.initial(Scenario("test", network), strategy_named("msrc")), core.PolicyPut(policy))
    controls, notes = [], []
    for report in reports:
        state, effects = core.step(state, core.Report(report))
        controls += [e.dispatch for e in effects if isinstance(e, core.SendControl)]
        notes += [e for e in effects if isinstance(e, Note)]
    return controls, notes


@pytest.fixture
def reports(network: Network, report_of: Make) -> list[Snapshot]:
    """Every 30 s from 0.25 h to 0.5 h."""
    first = report_of(network)
    first = replace(first, served_mbps=first.demand_mbps)
    return [replace(first, period=30 + k, time_h=0.25 + k / 120.0) for k in range(31)]


def test_the_fast_loop_turns_with_the_slots(network: Network, turning: Policy, reports: list[Snapshot]) -> None:
    """Modes and shares change in the first period of a slot, under the same policy."""
    controls, _ = run(network, turning, reports)
    assert [c.mode[:2].tolist() for c in controls] == 12 * [[1, 3]] + 12 * [[3, 1]] + 7 * [[0, 0]]
    assert {c.policy_id for c in controls} == {"p1"}
    shed = [(c.shed_reason == ShedReason.POLICY_LIMIT).sum() for c in controls]
    rest = (reports[0].service_class >= ServiceClass.ESSENTIAL).sum()
    assert shed == 24 * [0] + 7 * [rest]


def test_each_change_of_mode_is_told_once(network: Network, turning: Policy, reports: list[Snapshot]) -> None:
    """A note at the slot's time names site, modes and helpers; the policy's own first slot is the rApp's to tell."""
    _, notes = run(network, turning, reports)
    changes = [n.fields for n in notes if n.kind == "mode-change"]
    assert [(c["site"], c["from"], c["to"]) for c in changes] == [
        ("s00", "helping", "deep_sleep"),
        ("s01", "deep_sleep", "helping"),
        ("s00", "deep_sleep", "normal"),
        ("s01", "helping", "normal"),
    ]
    assert changes[0]["time_h"] == pytest.approx(0.35)
    assert (changes[0]["helpers"], changes[1]["helps"]) == (["s01"], ["s00"])


def test_missed_reports_do_not_hide_a_slot(network: Network, turning: Policy, reports: list[Snapshot]) -> None:
    """After a gap the slot of the report's time acts, and the change is told against the last control."""
    controls, notes = run(network, turning, [reports[0], reports[30]])
    assert (controls[1].mode == SiteMode.NORMAL).all()
    assert [n.fields["from"] for n in notes if n.kind == "mode-change"] == ["helping", "deep_sleep"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"service_frac": np.full((7, 4), 1.5)}, "service_frac"),
        ({"service_frac": np.full((7, 4), np.nan)}, "service_frac"),
        ({"service_frac": np.ones((7, 3))}, "service_frac"),
        ({"slots": (slot(0.25),)}, "slots[0].from_h"),
        ({"slots": (slot(0.75),)}, "slots[0].from_h"),
        ({"slots": (slot(float("nan")),)}, "slots[0].from_h"),
        ({"slots": (slot(0.5), slot(0.5))}, "slots[1].from_h"),
        ({"slots": (slot(0.5, NORMAL[:3]),)}, "slots[0].mode"),
        ({"slots": (slot(0.5, links=((0, 9),)),)}, "slots[0].links"),
        ({"slots": (slot(0.4), slot(0.5, service_frac=-EVERYTHING))}, "slots[1].service_frac"),
    ],
)
def test_bad_slots_and_shares_are_refused(
    network: Network, policy_of: Make, change: dict[str, Any], field: str
) -> None:
    """A policy with a slot out of order, or shares that are none, is answered NOT_ENFORCED by field."""
    state = core.initial(Scenario("test", network), strategy_named("msrc"))
    after, effects = core.step(state, core.PolicyPut(policy_of(network, **change)))
    assert after == state
    (status,) = (e for e in effects if isinstance(e, core.PolicyStatus))
    assert status.reason.startswith(f"{field}: ")


def test_a_restarted_xapp_knows_slots_and_shares(
    network: Network, turning: Policy, reports: list[Snapshot], tmp_path: Path
) -> None:
    """The journal gives the whole policy back: the restarted xApp acts on the slot of the time."""

    def boot() -> Decider:
        journal, metrics = XappJournal(tmp_path / "xapp.db"), XappMetrics(CollectorRegistry(), "lifetime")
        scenario, log = Scenario("test", network), structlog.get_logger()
        return Decider(scenario, strategy_named("msrc"), journal, None, metrics, log)

    before = boot()
    before.put(policy_to_proto(turning, network), turning)
    before.close()
    after = boot()
    turned, last = after.report(reports[15]), after.report(reports[30])
    after.close()
    assert turned is not None
    assert last is not None
    assert turned.mode[:2].tolist() == [SiteMode.DEEP_SLEEP, SiteMode.HELPING]
    assert (last.shed_reason == ShedReason.POLICY_LIMIT).any()
