"""The fast loop's state machine: policies, fallback, duplicates, helpers that die."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gridran.scenario.params import Scenario
from gridran.strategies import strategy_named
from gridran.types import Dispatch, Network, Policy, SiteMode, Snapshot
from xapp import core
from xapp.notes import Note

Make = Callable[..., Any]


def state_of(network: Network) -> core.State:
    return core.initial(Scenario("test", network), strategy_named("msrc"))


def kinds(effects: tuple[core.Effect, ...]) -> list[str]:
    return [e.kind for e in effects if isinstance(e, Note)]


def control_of(effects: tuple[core.Effect, ...]) -> Dispatch:
    (control,) = (e.dispatch for e in effects if isinstance(e, core.SendControl))
    return control


@pytest.fixture
def network(network_of: Make) -> Network:
    made: Network = network_of(7)
    return made


@pytest.fixture
def report(network: Network, report_of: Make) -> Snapshot:
    made: Snapshot = report_of(network)
    return made


@pytest.fixture
def policy(network: Network, policy_of: Make) -> Policy:
    made: Policy = policy_of(network)
    return made


def test_without_a_policy_independent_acts_and_says_so_once(network: Network, report: Snapshot) -> None:
    """Before the first policy every control is independent's; the fallback is announced in the first period only."""
    state, first = core.step(state_of(network), core.Report(report))
    state, second = core.step(state, core.Report(replace(report, period=11)))
    assert control_of(first).strategy == control_of(second).strategy == "independent"
    assert kinds(first).count("fallback") == 1
    assert "fallback" not in kinds(second)


def test_a_good_policy_is_enforced(network: Network, report: Snapshot, policy: Policy) -> None:
    """An accepted policy is answered ENFORCED and its id stands in the next control."""
    state, effects = core.step(state_of(network), core.PolicyPut(policy))
    assert core.PolicyStatus("p1", True, "") in effects
    _, effects = core.step(state, core.Report(report))
    assert control_of(effects).policy_id == "p1"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"links": ((0, 99),)}, "links"),
        ({"strategy": "magic"}, "strategy"),
        ({"power_budget_kw": np.full(7, np.nan)}, "power_budget_kw"),
        ({"reserve_soc_frac": np.full(7, -0.1)}, "reserve_soc_frac"),
        ({"mode": np.zeros(3, dtype=np.int64)}, "mode"),
    ],
)
def test_a_bad_policy_changes_nothing(network: Network, policy: Policy, change: dict[str, Any], word: str) -> None:
    """A policy that names what does not exist, or is not finite, is refused by field; the state is as before."""
    before = state_of(network)
    after, effects = core.step(before, core.PolicyPut(replace(policy, **change)))
    assert after == before
    (status,) = (e for e in effects if isinstance(e, core.PolicyStatus))
    assert not status.enforced
    assert word in status.reason


def test_an_older_policy_is_refused(network: Network, policy: Policy) -> None:
    """A policy issued before the one in force cannot replace it."""
    state, _ = core.step(state_of(network), core.PolicyPut(policy))
    after, effects = core.step(state, core.PolicyPut(replace(policy, policy_id="old", issued_h=0.1)))
    assert after.policy is policy
    assert any(isinstance(e, core.PolicyStatus) and not e.enforced for e in effects)


def test_an_expired_policy_falls_back_and_a_new_one_ends_it(network: Network, report: Snapshot, policy: Policy) -> None:
    """At valid_until_h independent takes over and NOT_ENFORCED is told; a fresh policy brings its strategy back."""
    state, _ = core.step(state_of(network), core.PolicyPut(policy))
    state, effects = core.step(state, core.Report(replace(report, time_h=0.75)))
    assert control_of(effects).strategy == "independent"
    assert core.PolicyStatus("p1", False, "expired") in effects
    renewed = replace(policy, policy_id="p2", issued_h=0.75, valid_until_h=1.25)
    state, _ = core.step(state, core.PolicyPut(renewed))
    _, effects = core.step(state, core.Report(replace(report, period=11, time_h=0.76)))
    assert control_of(effects).strategy == "msrc"


def test_deleting_the_policy_in_force_falls_back(network: Network, report: Snapshot, policy: Policy) -> None:
    """After a delete the next control is independent's; deleting an unknown id changes nothing."""
    state, _ = core.step(state_of(network), core.PolicyPut(policy))
    same, _ = core.step(state, core.PolicyDeleted("other"))
    assert same == state
    state, _ = core.step(state, core.PolicyDeleted("p1"))
    _, effects = core.step(state, core.Report(report))
    assert control_of(effects).strategy == "independent"


def test_a_stale_report_is_not_answered_and_a_duplicate_is(network: Network, report: Snapshot, policy: Policy) -> None:
    """A report of an earlier period gives a note only; the same report again gives a control again."""
    state, _ = core.step(state_of(network), core.PolicyPut(policy))
    state, first = core.step(state, core.Report(report))
    again, second = core.step(state, core.Report(report))
    assert np.array_equal(control_of(first).band_on, control_of(second).band_on)
    _, stale = core.step(again, core.Report(replace(report, period=3)))
    assert kinds(stale) == ["stale-report"]


def test_sites_wake_in_the_period_in_which_their_helper_dies(
    network: Network, report: Snapshot, policy: Policy
) -> None:
    """A sleeping site sleeps while its helper has power and is normal again in the first report without it."""
    mode = np.array([SiteMode.HELPING, SiteMode.DEEP_SLEEP, *[SiteMode.NORMAL] * 5], dtype=np.int64)
    state, _ = core.step(state_of(network), core.PolicyPut(replace(policy, mode=mode, links=((0, 1),))))
    state, effects = core.step(state, core.Report(report))
    assert control_of(effects).mode[1] == SiteMode.DEEP_SLEEP
    down = np.arange(7) != 0
    _, effects = core.step(state, core.Report(replace(report, period=11, site_up=down)))
    woken = control_of(effects)
    assert woken.mode[1] == SiteMode.NORMAL
    assert woken.band_on[1].any()


def test_an_acknowledged_control_without_effect_is_noted(network: Network, report: Snapshot, policy: Policy) -> None:
    """When the next report does not show the carriers that were acknowledged, a note names the sites."""
    state, _ = core.step(state_of(network), core.PolicyPut(policy))
    state, effects = core.step(state, core.Report(report))
    sent = control_of(effects)
    state, _ = core.step(state, core.ControlOutcome(report.period, True, ""))
    follows = replace(report, period=11, mode=sent.mode, band_on=sent.band_on)
    _, quiet = core.step(state, core.Report(follows))
    assert "control-without-effect" not in kinds(quiet)
    differs = follows.band_on.copy()
    differs[2] = ~differs[2]
    _, loud = core.step(state, core.Report(replace(follows, band_on=differs)))
    (note,) = (e for e in loud if isinstance(e, Note) and e.kind == "control-without-effect")
    assert note.fields["sites"] == ["s02"]


def test_a_restart_goes_on_with_the_journalled_policy(network: Network, report: Snapshot, policy: Policy) -> None:
    """A fresh state resumed with the last policy decides as the old one did."""
    resumed = core.resumed(state_of(network), policy)
    _, effects = core.step(resumed, core.Report(report))
    assert control_of(effects).policy_id == "p1"
