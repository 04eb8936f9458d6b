"""Shares and promises by class: nobody is given more than the policy permits, and whoever it sheds is told so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gridran.types import Dispatch, ServiceClass, ShedReason
from xapp.dispatch.task import DispatchTask
from xapp.dispatch.throttle import permitted_mbps, throttled
from xapp.dispatchers import DISPATCHERS
from xapp.last_resort import strongest_fill
from xapp.safety import clamp

Make = Callable[..., Any]
CRITICAL_ONLY = np.array([1.0, 1.0, 0.0, 0.0])
RULES = (DISPATCHERS["proportional-fair"], strongest_fill)


def decide(task: DispatchTask) -> Dispatch:
    return clamp(task, DISPATCHERS["proportional-fair"](task))


@pytest.fixture
def under(network_of: Make, report_of: Make, policy_of: Make, task_of: Make) -> Make:
    """Factory of tasks whose sites all have the shares [4], and promise the minimum rate to ``promised`` [4]."""

    def build(
        shares: list[float] | np.ndarray,
        strategy: str = "msrc",
        load: float = 1.0,
        promised: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0),
    ) -> DispatchTask:
        network = network_of(7)
        policy = policy_of(
            network,
            strategy,
            service_frac=np.tile(np.asarray(shares), (7, 1)),
            availability_frac=np.tile(promised, (7, 1)),
        )
        task: DispatchTask = task_of(network, report_of(network, load=load), policy)
        return task

    return build


def of_class(task: DispatchTask, kind: ServiceClass) -> np.ndarray:
    return np.asarray(task.snapshot.service_class == kind)


def test_what_is_permitted_by_hand(under: Make) -> None:
    """max(p, f·D) with the promised p: all of it at 1; the minimum rate where f·D is less, to the least demanding."""
    task = under([1.0, 0.5, 0.1, 0.0], promised=(1.0, 1.0, 0.6, 1.0))
    demand = np.array([0.064, 0.064, 2.0, 4.0, 0.2, 8.0])
    snapshot = replace(
        task.snapshot,
        service_class=np.array([0, 1, 2, 2, 2, 3]),
        demand_mbps=demand,
        min_rate_mbps=np.array([0.064, 0.064, 0.5, 0.1, 0.2, 0.0]),
        served_mbps=np.zeros(6),
        serving_site=np.full(6, -1),
        neighbour_site=task.snapshot.neighbour_site[:6],
    )
    # essential: 0.1 and 0.2 Mbps are promised (2 of 3, the least first); the one of 0.5 has its tenth
    expected = [0.064, 0.064, 0.2, 0.4, 0.2, 0.51 * 8.0]
    assert permitted_mbps(replace(task, snapshot=snapshot)) == pytest.approx(expected)


def test_who_is_served_keeps_the_promise(under: Make) -> None:
    """A user in service gives way only to one that needs less than four fifths of what it does."""
    task = under(np.zeros(4), promised=(0.0, 0.0, 0.5, 0.0))
    two = np.arange(2)
    for other, kept in ((0.45, True), (0.35, False)):
        snapshot = replace(
            task.snapshot,
            service_class=np.array([2, 2]),
            demand_mbps=np.array([0.5, other]),
            min_rate_mbps=np.array([0.5, other]),
            served_mbps=np.array([0.5, 0.0]),
            serving_site=np.array([0, -1]),
            neighbour_site=task.snapshot.neighbour_site[two],
        )
        assert (permitted_mbps(replace(task, snapshot=snapshot))[0] > 0.0) == kept


def test_cells_that_promise_alike_are_ranked_together(under: Make) -> None:
    """Half of the essential users of cells 0 to 2 and none of the others: the half that needs least, wherever in those
    cells they are."""
    task = under(np.zeros(4))
    promised = np.zeros((7, 4))
    promised[:3, ServiceClass.ESSENTIAL] = 0.5
    task = replace(task, policy=replace(task.policy, availability_frac=promised))
    mine = np.flatnonzero((task.snapshot.neighbour_site[:, 0] < 3) & of_class(task, ServiceClass.ESSENTIAL))
    need = np.minimum(task.snapshot.min_rate_mbps, task.snapshot.demand_mbps)[mine]
    has = permitted_mbps(task) > 0.0
    assert has.sum() == np.ceil(len(mine) / 2)
    assert need[has[mine]].max() <= need[~has[mine]].min()


@pytest.mark.parametrize("share", [0.0, 0.5, 0.8, 1.0])
def test_the_promised_share_of_a_class_is_served(under: Make, share: float) -> None:
    """With room, just the promised share of essential and best effort counts as served, the others are policy's."""
    task = under([1.0, 1.0, 0.0, 0.0], promised=(1.0, 1.0, share, share))
    control = decide(task)
    for kind in (ServiceClass.ESSENTIAL, ServiceClass.BEST_EFFORT):
        mine = of_class(task, kind)
        served = control.shed_reason[mine] == ShedReason.SERVED
        assert served.sum() == int(np.ceil(share * mine.sum() - 1e-9))
        assert (control.shed_reason[mine][~served] == ShedReason.POLICY_LIMIT).all()


def test_the_share_is_that_of_the_own_cell(under: Make) -> None:
    """Only users whose strongest site is throttled are, whoever serves them."""
    task = under(np.ones(4))
    service_frac = np.ones((7, 4))
    service_frac[2, ServiceClass.BEST_EFFORT] = 0.25
    task = replace(task, policy=replace(task.policy, service_frac=service_frac))
    mine = (task.snapshot.neighbour_site[:, 0] == 2) & of_class(task, ServiceClass.BEST_EFFORT)
    share = permitted_mbps(task) / task.snapshot.demand_mbps
    assert share == pytest.approx(np.where(mine, 0.25, 1.0))


def test_ones_change_nothing(under: Make) -> None:
    """A policy that permits everything is no throttle: the very same task."""
    task = under(np.ones(4))
    assert throttled(task) is task


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("load", [1.0, 8.0])
@pytest.mark.parametrize("strategy", ["independent-es", "static-lb", "msrc"])
def test_nobody_gets_more_than_permitted(under: Make, rule: Make, strategy: str, load: float) -> None:
    """Rates stay under the cap on every rung of the dispatcher, before and after the clamp."""
    task = under([1.0, 1.0, 0.6, 0.3], strategy, load)
    control = rule(task)
    for rate_mbps in (control.rate_mbps, clamp(task, control).rate_mbps):
        assert (rate_mbps.sum(axis=1) <= permitted_mbps(task) * (1.0 + 1e-6)).all()


def test_with_room_everybody_has_the_cap(under: Make) -> None:
    """In a network with room the cap is what users get, and it saves power: no more carriers than without."""
    task = under([1.0, 1.0, 0.7, 0.6], promised=(1.0, 1.0, 1.0, 0.0))
    control, free = decide(task), decide(under(np.ones(4)))
    important = task.snapshot.service_class <= ServiceClass.ESSENTIAL
    got = control.rate_mbps.sum(axis=1)[important]
    assert got == pytest.approx(permitted_mbps(task)[important])
    assert (control.shed_reason[important] == ShedReason.SERVED).all()
    assert control.band_on.sum() <= free.band_on.sum()


@pytest.mark.parametrize("rule", RULES)
def test_a_share_of_zero_serves_nobody_of_the_class(under: Make, rule: Make) -> None:
    """Critical only: essential and best effort get nothing where nothing is promised, and the reason is the policy."""
    task = under(CRITICAL_ONLY)
    control = clamp(task, rule(task))
    rest = task.snapshot.service_class >= ServiceClass.ESSENTIAL
    assert not control.rate_mbps[rest].any()
    assert (control.ue_site[rest] == -1).all()
    assert (control.shed_reason[rest] == ShedReason.POLICY_LIMIT).all()
    assert (control.shed_reason[~rest] == ShedReason.SERVED).all()


def test_best_effort_throttled_above_half_is_not_shed(under: Make) -> None:
    """Best effort counts as served from half of its true demand: a cap above that sheds nobody, also where least power
    saves at best effort's expense; one below it sheds all."""
    for share, reason in ((0.9, 0), (0.6, 0), (0.52, 0), (0.4, ShedReason.POLICY_LIMIT)):
        task = under([1.0, 1.0, 1.0, share], load=6.0, promised=(1.0, 1.0, 1.0, float(share > 0.5)))
        control = decide(task)
        assert (control.shed_reason[of_class(task, ServiceClass.BEST_EFFORT)] == reason).all()


def test_want_of_room_is_not_blamed_on_the_policy(under: Make) -> None:
    """Where the cap would be enough and the site is full, the reason is the room, measured at the true demand."""
    task = under([1.0, 1.0, 1.0, 0.8], load=40.0)
    control = decide(task)
    best_effort = of_class(task, ServiceClass.BEST_EFFORT)
    short = best_effort & (control.rate_mbps.sum(axis=1) < 0.5 * task.snapshot.demand_mbps * (1.0 - 1e-5))
    assert short.any()
    assert not (control.shed_reason == ShedReason.POLICY_LIMIT).any()
    assert (control.shed_reason[short] != ShedReason.SERVED).all()


def test_who_cannot_be_reached_is_out_of_coverage(under: Make) -> None:
    """Coverage and dead sites come before the policy: throttling is not why nobody hears them."""
    task = under(CRITICAL_ONLY)
    deaf = replace(task, snapshot=replace(task.snapshot, gain_db=np.full_like(task.snapshot.gain_db, -300.0)))
    assert (decide(deaf).shed_reason == ShedReason.OUT_OF_COVERAGE).all()


def test_the_clamp_holds_the_cap_against_any_dispatcher(under: Make) -> None:
    """Rates from a dispatcher that knows no shares are cut to the cap, and users said to be served get the reason."""
    task = under([1.0, 1.0, 0.5, 0.0], promised=(1.0, 1.0, 1.0, 0.0))
    careless = DISPATCHERS["proportional-fair"](under(np.ones(4)))
    control = clamp(task, careless)
    assert (control.rate_mbps.sum(axis=1) <= permitted_mbps(task) * (1.0 + 1e-9)).all()
    assert (control.shed_reason[of_class(task, ServiceClass.BEST_EFFORT)] == ShedReason.POLICY_LIMIT).all()
    assert (control.shed_reason[of_class(task, ServiceClass.ESSENTIAL)] == ShedReason.SERVED).all()


def test_half_of_what_best_effort_asks_for_is_not_service(under: Make) -> None:
    """Where the policy permits just half to best effort nobody of it counts as served, and the policy is the reason."""
    task = under([1.0, 1.0, 1.0, 0.5], promised=(1.0, 1.0, 1.0, 0.0))
    control = decide(task)
    best_effort = of_class(task, ServiceClass.BEST_EFFORT)
    heard = control.shed_reason != ShedReason.OUT_OF_COVERAGE
    assert (best_effort & heard).any()
    assert (control.shed_reason[best_effort & heard] == ShedReason.POLICY_LIMIT).all()
    assert (control.rate_mbps.sum(axis=1)[best_effort & heard] > 0.0).any()


def test_a_site_whose_budget_pays_for_no_carrier_sheds_for_want_of_power(
    network_of: Make, report_of: Make, policy_of: Make, task_of: Make
) -> None:
    """Its users are told that power is missing, not blocks."""
    network = network_of(7)
    budget_kw = np.where(np.arange(7) == 3, 0.1, 17.0)
    task = task_of(
        network, report_of(network, 3, load=40.0), policy_of(network, "independent-es", power_budget_kw=budget_kw)
    )
    control = decide(task)
    assert not control.band_on[3].any()
    own = task.snapshot.neighbour_site[:, 0] == 3
    shed = own & (control.shed_reason != ShedReason.OUT_OF_COVERAGE)
    assert shed.any()
    assert (control.shed_reason[shed] == ShedReason.POWER_BUDGET).all()


def test_who_asks_for_nothing_is_served(network_of: Make, report_of: Make, policy_of: Make, task_of: Make) -> None:
    """A user without demand is never shed, whatever minimum rate it has, and gets nothing."""
    network = network_of(7)
    report = report_of(network, 3)
    idle = np.arange(len(report.demand_mbps)) % 5 == 0
    task = task_of(network, replace(report, demand_mbps=np.where(idle, 0.0, report.demand_mbps)), policy_of(network))
    control = decide(task)
    assert (control.shed_reason[idle] == ShedReason.SERVED).all()
    assert (control.rate_mbps[idle] == 0.0).all()
