"""What every dispatch holds, whatever the report looks like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gridran.types import Dispatch, ServiceClass, ShedReason, SiteMode
from xapp.dispatch.efficiency import modes_in_force
from xapp.dispatch.task import DispatchTask
from xapp.dispatchers import DISPATCHERS
from xapp.safety import clamp

Make = Callable[..., Any]
STRATEGY_NAMES = ("independent", "independent-es", "static-lb", "msrc")
MODE = np.array([1, 3, 2, 0, 1, 3, 0], dtype=np.int64)
LINKS = ((0, 1), (0, 2), (4, 5))


def decide(task: DispatchTask) -> Dispatch:
    return clamp(task, DISPATCHERS["proportional-fair"](task))


@pytest.fixture
def task(
    request: pytest.FixtureRequest, network_of: Make, report_of: Make, policy_of: Make, task_of: Make
) -> DispatchTask:
    strategy, seed, load = request.param
    network = network_of(7)
    cooperative = strategy in ("static-lb", "msrc")
    policy = policy_of(network, strategy, **({"mode": MODE, "links": LINKS} if cooperative else {}))
    made: DispatchTask = task_of(network, report_of(network, seed=seed, load=load), policy)
    return made


ALL = [(s, seed, load) for s in STRATEGY_NAMES for seed in (0, 1) for load in (1.0, 8.0, 40.0)]


@pytest.mark.parametrize("task", ALL, indirect=True)
def test_every_dispatch_is_inside_its_bounds(task: DispatchTask) -> None:
    """Rates are finite, non-negative and at most the demand; carriers are on only where the mode allows them."""
    control = decide(task)
    rate = control.rate_mbps
    assert np.isfinite(rate).all()
    assert (rate >= 0).all()
    assert (rate.sum(axis=1) <= task.snapshot.demand_mbps * (1 + 1e-9)).all()
    assert not control.band_on[control.mode == SiteMode.DEEP_SLEEP].any()
    assert not control.band_on[control.mode == SiteMode.ASSISTED][:, ~task.network.low_bands].any()
    served = control.ue_site >= 0
    assert (rate[served] <= np.where(control.band_on[control.ue_site[served]], np.inf, 0.0)).all()
    assert not ((control.v2g_kw > 0) & (control.ev_charge_kw > 0)).any()


@pytest.mark.parametrize("task", ALL, indirect=True)
def test_no_critical_user_is_shed_beside_a_served_best_effort_user(task: DispatchTask) -> None:
    """Where an emergency or voice user lacks room or power at its site, best effort of that site gets nothing."""
    control = decide(task)
    service_class = task.snapshot.service_class
    short = np.isin(control.shed_reason, (ShedReason.NO_CAPACITY, ShedReason.POWER_BUDGET))
    own = task.snapshot.neighbour_site[:, 0]
    at = np.where(control.ue_site >= 0, control.ue_site, own)
    starved = np.unique(at[short & (service_class <= ServiceClass.VOICE)])
    lucky = (service_class == ServiceClass.BEST_EFFORT) & (control.rate_mbps.sum(axis=1) > 0)
    assert not np.isin(control.ue_site[lucky], starved).any()


@pytest.mark.parametrize("task", ALL, indirect=True)
def test_every_unserved_user_has_a_reason(task: DispatchTask) -> None:
    """A user below its minimum rate is never SERVED, and one at or above it always is."""
    control = decide(task)
    snapshot = task.snapshot
    least = np.where(
        snapshot.service_class == ServiceClass.BEST_EFFORT, 0.5 * snapshot.demand_mbps, snapshot.min_rate_mbps
    )
    short = control.rate_mbps.sum(axis=1) < least * (1 - 1e-5)
    assert (control.shed_reason[short] != ShedReason.SERVED).all()


@pytest.mark.parametrize("task", ALL[:12], indirect=True)
def test_own_cell_strategies_stay_at_home(task: DispatchTask) -> None:
    """Independent strategies serve a user at its own cell or not at all."""
    control = decide(task)
    own = task.snapshot.neighbour_site[:, 0]
    assert ((control.ue_site == own) | (control.ue_site < 0)).all()


@pytest.mark.parametrize("task", ALL, indirect=True)
def test_clamping_twice_changes_nothing(task: DispatchTask) -> None:
    """The last word is idempotent, rates up to rounding."""
    once = decide(task)
    twice = clamp(task, once)
    assert np.allclose(once.rate_mbps, twice.rate_mbps, rtol=1e-12, atol=0.0)
    assert np.array_equal(once.band_on, twice.band_on)
    assert np.array_equal(once.ue_site, twice.ue_site)


@pytest.mark.parametrize("task", [("msrc", 0, 1.0)], indirect=True)
def test_values_that_are_not_numbers_become_zero(task: DispatchTask) -> None:
    """NaN and infinity never leave the xApp."""
    good = DISPATCHERS["proportional-fair"](task)
    bad = replace(good, rate_mbps=np.full_like(good.rate_mbps, np.nan), v2g_kw=np.full_like(good.v2g_kw, np.inf))
    safe = clamp(task, bad)
    assert not safe.rate_mbps.any()
    assert np.isfinite(safe.v2g_kw).all()


@pytest.mark.parametrize("strategy", STRATEGY_NAMES)
@pytest.mark.parametrize("case", ["no users", "all down", "deaf", "one site"])
def test_degenerate_reports_still_get_a_control(
    strategy: str, case: str, network_of: Make, report_of: Make, policy_of: Make, task_of: Make
) -> None:
    """No users, no power anywhere, no signal, a single site: a control comes out, and serves nobody that cannot be."""
    network = network_of(1 if case == "one site" else 7)
    report = report_of(network, users=0 if case == "no users" else 30)
    if case == "all down":
        report = replace(report, site_up=np.zeros(7, dtype=np.bool_))
    if case == "deaf":
        report = replace(report, gain_db=np.full_like(report.gain_db, -300.0))
    control = decide(task_of(network, report, policy_of(network, strategy)))
    if case in ("all down", "deaf"):
        assert (control.ue_site == -1).all()
        assert (control.shed_reason != ShedReason.SERVED).all()


@pytest.mark.parametrize("task", [("msrc", s, 1.0) for s in range(3)], indirect=True)
def test_least_power_draws_no_more_than_all_on(task: DispatchTask) -> None:
    """Carrier shutdown never turns on more carriers than everything, and here it saves some."""
    lean = decide(task)
    full = decide(replace(task, band_rule="all-on"))
    assert (lean.band_on <= full.band_on).all()
    assert lean.band_on.sum() < full.band_on.sum()
    assert np.array_equal(lean.mode, modes_in_force(task))
