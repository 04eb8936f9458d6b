"""What a dispatch does at sites that are short of blocks or power while their neighbours are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gridran.scenario.params import Scenario
from gridran.types import Dispatch, Network, Policy, ServiceClass, ShedReason, SiteMode, Snapshot
from xapp.control_check import control_problem
from xapp.dispatch import crowded, spread
from xapp.dispatch.association import around
from xapp.dispatch.efficiency import radio_of
from xapp.dispatch.placement import used_by
from xapp.dispatch.sharing import power_of
from xapp.dispatch.task import DispatchTask
from xapp.dispatchers import proportional_fair
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


@pytest.mark.parametrize(("seed", "answered"), [(2, 0), (3, 0), (3, 1)])
def test_without_an_answer_a_partial_site_keeps_its_fill(
    asked: Callable[..., DispatchTask], seed: int, answered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where best effort cannot be settled exactly no carrier is overbooked; sites with an answer keep it."""
    settle, kept = crowded.settled, []

    def some(*asked_of: object) -> list[crowded.Case]:
        cases = settle(*asked_of)  # type: ignore[arg-type]
        kept.append((len(cases), [case.site for case in cases[:answered]]))
        return cases[:answered]

    task = asked(seed, load=4.0)
    power = power_of(task.network)
    best = decide(task, power)
    monkeypatch.setattr(crowded, "settled", some)
    found = decide(task, power)
    assert kept[0][0] > answered, "no site was without an answer"
    taken = used_by(power, found.at)
    assert (taken.blocks <= 1.0 + 1e-9).all()
    assert (power.fixed_kw(found.at.band_on) + taken.load_kw <= task.policy.power_budget_kw + 1e-9).all()
    lost_mbps = best.at.rate_mbps.sum(axis=1) - found.at.rate_mbps.sum(axis=1)
    least = np.minimum(task.snapshot.min_rate_mbps, best.at.rate_mbps.sum(axis=1))
    assert (found.at.rate_mbps.sum(axis=1) >= least * (1.0 - 1e-6)).all()
    assert 0.0 < lost_mbps.sum() < 0.2 * best.at.rate_mbps.sum()


def test_only_sites_around_a_new_mode_spread_their_users(
    asked: Callable[..., DispatchTask], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the crowded sites only those around a new mode are opened to the program that spreads users."""
    task = asked(1, load=14.0)
    before = dispatch(task)
    task = replace(task, previous=replace(before, mode=np.roll(before.mode, 1) + (np.arange(7) == 2)))
    opened: list[list[int]] = []

    def opening(*given: object, **_: object) -> np.ndarray:
        opened.append(np.flatnonzero(~given[4].fits).tolist())  # type: ignore[attr-defined]
        return np.asarray(given[3])

    monkeypatch.setattr(proportional_fair, "associate", opening)
    monkeypatch.setattr(proportional_fair, "around", lambda *_: np.ones(7, dtype=np.bool_))
    decide(task, power_of(task.network))
    all_crowded = opened[0]
    assert len(all_crowded) > 1
    monkeypatch.setattr(proportional_fair, "around", lambda *_: np.arange(7) == all_crowded[0])
    opened.clear()
    decide(task, power_of(task.network))
    assert opened[0] == all_crowded[:1]


def test_around_a_site_are_those_that_share_its_users(asked: Callable[..., DispatchTask]) -> None:
    """A site is around itself, and around another one where some user could be served by both."""
    task = asked(1)
    radio, only = radio_of(task), np.arange(7) == 3
    shared = (radio.candidate == 3).any(axis=1)
    wanted = set(radio.candidate[shared].ravel().tolist()) - {-1} | {3}
    assert set(np.flatnonzero(around(task, radio, only)).tolist()) == wanted
    nobody = replace(radio, candidate=np.full_like(radio.candidate, -1))
    assert np.flatnonzero(around(task, nobody, only)).tolist() == [3]


def test_heirs_of_a_site_are_around_it(asked: Callable[..., DispatchTask]) -> None:
    """A site that falls asleep is nobody's option any more; who could take over those whom it served is around it."""
    task = asked(1)
    asleep = np.where(np.arange(7) == 3, SiteMode.DEEP_SLEEP, SiteMode.HELPING).astype(np.int64)
    links = tuple((helper, 3) for helper in range(7) if helper != 3)
    task = replace(
        task,
        policy=replace(task.policy, mode=asleep, links=links),
        snapshot=replace(task.snapshot, serving_site=np.where(np.arange(200) < 30, 3, 0)),
    )
    radio = radio_of(task)
    heirs = set(radio.candidate[:30].ravel().tolist()) - {-1}
    assert len(heirs) > 1
    assert set(np.flatnonzero(around(task, radio, np.arange(7) == 3)).tolist()) == heirs | {3}


@pytest.mark.parametrize("most_sites", [3, 5, 38])
def test_neighbourhoods_are_small_and_near(
    paper_scenario: Scenario, most_sites: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every open site is in one group, no group is larger than a program may be, and sites of a group are nearer to
    each other than sites at large."""
    monkeypatch.setattr(spread, "MOST_SITES", most_sites)
    network, sites = paper_scenario.network, np.arange(19) % 6 != 2
    groups = spread.neighbourhoods(network, sites)
    assert (sum(group.astype(int) for group in groups) == sites.astype(int)).all()
    assert max(group.sum() for group in groups) <= most_sites
    assert len(groups) <= 2 * np.ceil(sites.sum() / most_sites)

    def across_m(group: np.ndarray) -> float:
        xy_m = network.site_xy_m[group]
        return float(np.linalg.norm(xy_m[:, None] - xy_m, axis=2).mean())

    if len(groups) > 1:
        assert np.mean([across_m(group) for group in groups]) < 0.7 * across_m(sites)
    assert spread.neighbourhoods(network, np.zeros(19, dtype=np.bool_)) == []


@pytest.mark.parametrize("seed", range(4))
def test_one_group_after_another_overbooks_nothing(
    asked: Callable[..., DispatchTask], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sites that are spread and exchanged two at a time keep to carriers and budgets, and serve about as many as all
    sites together."""
    task = replace(asked(seed, load=8.0), previous=None)
    power = power_of(task.network)
    whole = decide(task, power)
    monkeypatch.setattr(spread, "MOST_SITES", 2)
    found = decide(task, power)
    taken, awake = used_by(power, found.at), found.at.band_on.any(axis=1)
    assert (taken.blocks <= 1.0 + 1e-9).all()
    assert (power.fixed_kw(found.at.band_on) + taken.load_kw <= task.policy.power_budget_kw + 1e-9)[awake].all()
    assert control_problem(task, clamp(task, dispatch(task))) == ""
    one, other = ((at.rate_mbps.sum(axis=1) > 0).sum() for at in (whole.at, found.at))
    assert other >= 0.97 * one
