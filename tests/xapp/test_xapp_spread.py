"""What a dispatch does at sites that are short of blocks or power while their neighbours are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gridran.types import Dispatch, Network, Policy, ServiceClass, ShedReason, Snapshot
from xapp.control_check import control_problem
from xapp.dispatch import crowded
from xapp.dispatch.association import around
from xapp.dispatch.efficiency import radio_of
from xapp.dispatch.leftover import used
from xapp.dispatch.sharing import power_of
from xapp.dispatch.task import DispatchTask
from xapp.dispatchers.proportional_fair import decide, dispatch
from xapp.safety import clamp


@pytest.fixture(name="asked")
def _asked(
    network_of: Callable[..., Network],
    report_of: Callable[..., Snapshot],
    policy_of: Callable[..., Policy],
    task_of: Callable[..., DispatchTask],
) -> Callable[..., DispatchTask]:
    def asked(seed: int, load: float = 2.0, **policy: object) -> DispatchTask:
        network = network_of(7)
        return task_of(network, report_of(network, seed, users=200, load=load), policy_of(network, **policy))

    return asked


def served(control: Dispatch) -> np.ndarray:
    return np.asarray(control.shed_reason == ShedReason.SERVED)


@pytest.mark.parametrize("seed", range(6))
def test_a_site_that_is_short_of_power_alone_hands_users_over(asked: Callable[..., DispatchTask], seed: int) -> None:
    """Its carriers have blocks left, its battery has not: neighbours with room take over whom they reach, and of calls
    and essential users nobody is lost."""
    plenty = asked(seed)
    before = dispatch(plenty)
    power = power_of(plenty.network)
    busy = int(np.bincount(before.ue_site[before.ue_site >= 0]).argmax())
    budget_kw = plenty.policy.power_budget_kw.copy()
    budget_kw[busy] = power.fixed_kw(before.band_on)[busy] * 0.6
    short = replace(plenty, policy=replace(plenty.policy, power_budget_kw=budget_kw))
    control = clamp(short, dispatch(short))
    assert control_problem(short, control) == ""
    important = plenty.snapshot.service_class <= ServiceClass.ESSENTIAL
    heard = decide(short, power).radio.best_mbps > 0
    elsewhere = (heard & (decide(short, power).radio.candidate != busy)).any(axis=1)
    lost = served(before) & ~served(control) & important & elsewhere
    assert lost.sum() <= 0.02 * important.sum()


@pytest.mark.parametrize("seed", range(4))
def test_a_network_that_stands_still_hands_nobody_over(asked: Callable[..., DispatchTask], seed: int) -> None:
    """The same users, demands and channels period after period, crowded as they are: after a few periods everybody
    stays where it is."""
    task = asked(seed, load=6.0)
    moves = []
    for _ in range(6):
        control = clamp(task, dispatch(task))
        got = control.rate_mbps.sum(axis=1)
        moves.append(int(((control.ue_site != task.snapshot.serving_site) & (control.ue_site >= 0)).sum()))
        seen = replace(
            task.snapshot, serving_site=control.ue_site, served_mbps=got, band_on=control.band_on, mode=control.mode
        )
        task = replace(task, snapshot=seen, previous=control)
    assert moves[-1] <= 1


@pytest.mark.parametrize("seed", range(4))
def test_without_a_solver_partial_sites_keep_their_fill(
    asked: Callable[..., DispatchTask], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where best effort cannot be settled exactly nobody is moved for it, and no carrier is overbooked."""
    monkeypatch.setattr(crowded, "settled", lambda *_: [])
    task = asked(seed, load=4.0)
    found, power = decide(task, power_of(task.network)), power_of(task.network)
    taken = used(power, found.ue_site, found.whole_mbps, found.rate_mbps)
    assert (taken.blocks <= 1.0 + 1e-9).all()
    assert (power.fixed_kw(found.band_on) + taken.load_kw <= task.policy.power_budget_kw + 1e-9).all()
    control = clamp(task, dispatch(task))
    assert control_problem(task, control) == ""


def test_around_a_site_are_those_that_share_its_users(asked: Callable[..., DispatchTask]) -> None:
    """A site is around itself, and around another one where some user could be served by both."""
    radio = radio_of(asked(1))
    only = np.arange(7) == 3
    shared = (radio.candidate == 3).any(axis=1)
    wanted = set(radio.candidate[shared].ravel().tolist()) - {-1} | {3}
    assert set(np.flatnonzero(around(radio, only)).tolist()) == wanted
    nobody = replace(radio, candidate=np.full_like(radio.candidate, -1))
    assert np.flatnonzero(around(nobody, only)).tolist() == [3]
