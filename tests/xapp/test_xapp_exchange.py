"""Users of crowded sites who change places once carriers are chosen."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gridran.types import BoolArray, FloatArray, IntArray, ServiceClass
from xapp.dispatch import crowded, exchange, spread
from xapp.dispatch.bandwidth import Shares, needs, segments, share
from xapp.dispatch.bound import most_gained
from xapp.dispatch.crowded import Case
from xapp.dispatch.efficiency import Radio
from xapp.dispatch.exchange import exchanged
from xapp.dispatch.placement import Placement, used_by
from xapp.dispatch.sharing import Power, power_of
from xapp.dispatch.spread import Joint, Spread, joint, move_cost
from xapp.dispatch.task import DispatchTask
from xapp.dispatchers import proportional_fair
from xapp.dispatchers.proportional_fair import decide

Make = Callable[..., Any]
SEED, LOAD = 1, 1.5  # somebody changes place
Offer = tuple[DispatchTask, Radio, Power, Placement, BoolArray, list[Case]]


@pytest.fixture(name="asked")
def _asked(network_of: Make, report_of: Make, policy_of: Make, task_of: Make) -> Callable[..., DispatchTask]:
    def asked(seed: int, load: float, budget_kw: float = 17.0) -> DispatchTask:
        network = network_of(7)
        policy = policy_of(network, power_budget_kw=np.full(7, budget_kw))
        return task_of(network, report_of(network, seed, users=400, load=load), policy)  # type: ignore[no-any-return]

    return asked


@pytest.fixture(name="offered")
def _offered(monkeypatch: pytest.MonkeyPatch) -> list[Offer]:
    """What decisions pass to the exchange, which then leaves everybody in place."""
    offered: list[Offer] = []

    def kept(*given: Any) -> Placement:
        offered.append(given)
        return given[3]  # type: ignore[no-any-return]

    monkeypatch.setattr(proportional_fair, "exchanged", kept)
    return offered


def joint_of(
    task: DispatchTask, radio: Radio, power: Power, at: Placement, full: BoolArray, cases: list[Case]
) -> tuple[Joint, FloatArray, FloatArray]:
    """The program over full sites and those of ``cases``, and the prices there."""
    sites, carrier, kw = full.copy(), np.zeros((7, 4)), np.zeros(7)
    for case in cases:
        sites[case.site], carrier[case.site], kw[case.site] = True, case.carrier_value, case.power_value
    over = joint(task, radio, power, at, sites)
    return over, carrier[over.site], kw[over.site]


def worth(problem: Shares, rate_mbps: FloatArray) -> float:
    """Piecewise-linear utility of rates [M, C, B], less what moves and power cost."""
    width, slope = segments(problem)
    left = rate_mbps.sum(axis=(1, 2)) / problem.demand_mbps
    value = 0.0
    for part, each in zip(width.T, slope.T, strict=True):
        value += float(np.minimum(left, part) @ each)
        left = left - np.minimum(left, part)
    assert problem.move_cost is not None
    _, kw = (each * rate_mbps / problem.demand_mbps[:, None, None] for each in needs(problem))
    value -= problem.power_cost_per_kw * float(kw.sum())
    return value - float((problem.move_cost * rate_mbps.sum(axis=2) / problem.demand_mbps[:, None]).sum())


def test_no_moves_bring_more_than_the_bound(asked: Callable[..., DispatchTask], offered: list[Any]) -> None:
    """What the program over all crowded sites gains over these sites on their own is within the bound at their
    prices, and not far below it."""
    gains, bounds, scarce_power = [], [], 0
    for seed, (load, budget_kw) in itertools.product(range(3), [(1.5, 17.0), (2.0, 17.0), (1.5, 5.0), (3.0, 5.0)]):
        task = asked(seed, load, budget_kw)
        offered.clear()
        found = decide(task, power_of(task.network))
        if not offered:
            continue
        over, carrier, kw = joint_of(*offered[0])
        answer = share(over.problem)
        assert answer is not None
        alone = np.where(over.here[..., None], found.at.rate_mbps[over.users][:, None], 0.0)
        gains.append(worth(over.problem, answer.rate_mbps) - worth(over.problem, alone))
        bounds.append(most_gained(over.problem, over.here, carrier, kw))
        scarce_power += int((kw > 1e-3).sum())
    assert (np.array(gains) <= np.array(bounds) + 1e-6).all()
    assert sum(bounds) <= 2.5 * sum(gains)
    assert sum(gains) > 0.5
    assert scarce_power > 0


def test_who_may_not_leave_gains_nothing(asked: Callable[..., DispatchTask], offered: list[Any]) -> None:
    """With no other option the bound is nothing at all."""
    task = asked(SEED, LOAD)
    decide(task, power_of(task.network))
    over, carrier, kw = joint_of(*offered[0])
    stuck = replace(over.problem, rate_mbps=np.where(over.here[..., None], over.problem.rate_mbps, 0.0))
    assert most_gained(stuck, over.here, carrier, kw) == 0.0


@pytest.mark.parametrize("budget_kw", [17.0, 5.0])
@pytest.mark.parametrize("load", [1.5, 3.0, 6.0])
def test_an_exchange_only_ever_helps(
    asked: Callable[..., DispatchTask], load: float, budget_kw: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the same carriers somebody changes place only for fewer missed minimum rates, or else for utility, as happens
    for some seed; carriers and budgets hold."""
    better = 0
    for seed in range(4):
        task = asked(seed, load, budget_kw)
        power = power_of(task.network)
        with monkeypatch.context() as without:
            without.setattr(exchange, "WORTH_FRAC", np.inf)
            before = decide(task, power)
        after = decide(task, power)
        np.testing.assert_array_equal(after.at.band_on, before.at.band_on)
        if after.at is not before.at and not np.array_equal(after.at.option, before.at.option):
            assert exchange._better(task, before.at, after.at, 0.0)
            better += 1
        taken, awake = used_by(power, after.at), after.at.band_on.any(axis=1)
        assert (taken.blocks <= 1.0 + 1e-9).all()
        draw_kw = power.fixed_kw(after.at.band_on) + taken.load_kw
        assert (draw_kw[awake] <= budget_kw * (1.0 + 1e-9)).all()
    assert better > 0


def swapped(at: Placement, sites: int) -> Placement:
    """Everybody at another site, whatever there is for them."""
    return replace(at, ue_site=np.where(at.ue_site >= 0, (at.ue_site + 1) % sites, -1))


def test_minimum_rates_come_before_utility_and_utility_before_moves(asked: Callable[..., DispatchTask]) -> None:
    """A placement with fewer missed minimum rates is better however little utility it has, an essential one for a voice
    one is worse; with as many missed it is better by utility alone, by more than what the moves cost and by what is
    worth having."""
    task = asked(1, 2.0)
    at = decide(task, power_of(task.network)).at
    task = replace(task, snapshot=replace(task.snapshot, serving_site=at.ue_site))
    kinds = task.snapshot.service_class
    of = {kind: np.flatnonzero((kinds == kind) & (at.rate_mbps.sum(axis=1) > 0))[0] for kind in range(4)}

    def without(*users: int) -> Placement:
        rate_mbps = at.rate_mbps.copy()
        rate_mbps[list(users)] = 0.0
        return replace(at, rate_mbps=rate_mbps)

    best_effort = np.flatnonzero(kinds == ServiceClass.BEST_EFFORT).tolist()
    assert exchange._better(task, without(of[2]), without(*best_effort), 0.0)
    assert not exchange._better(task, without(*best_effort), without(of[2]), 0.0)
    assert exchange._better(task, without(of[1]), without(of[2]), 0.0)
    assert not exchange._better(task, without(of[2]), without(of[1]), 0.0)
    assert exchange._better(task, without(of[3]), at, 0.0)
    assert not exchange._better(task, without(of[3]), at, 1e3)
    assert not exchange._better(task, at, at, 0.0)
    assert not exchange._better(task, without(of[3]), swapped(at, 7), 0.0)
    moves = move_cost(task, np.arange(len(kinds)), swapped(at, 7).ue_site[:, None]).sum()
    assert moves > 0.0
    assert exchange._net_utility(task, at) - exchange._net_utility(task, swapped(at, 7)) == pytest.approx(moves)


def test_a_proposal_that_turns_out_worse_is_dropped(
    asked: Callable[..., DispatchTask], offered: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the program names: users who would all crowd one site stay where they are."""
    task = asked(SEED, LOAD)
    decide(task, power_of(task.network))
    before = offered[0][3]

    def crammed(over: Joint, option: IntArray, _: float) -> Spread:
        worse = option.copy()
        worse[over.users] = np.argmax(over.problem.rate_mbps.max(axis=2) > 0, axis=1)
        worse[over.users[over.problem.rate_mbps[:, 1].max(axis=1) > 0]] = 1
        return Spread(worse, over.users, np.zeros((len(over.users), 4)))

    monkeypatch.setattr(exchange, "spread", crammed)
    assert exchanged(*offered[0]) is before
    monkeypatch.setattr(exchange, "_better", lambda *_: True)
    assert exchanged(*offered[0]) is not before


@pytest.mark.parametrize("over_frac", [0.99, 1.01])
def test_the_program_is_asked_from_the_threshold_on(
    asked: Callable[..., DispatchTask], offered: list[Any], over_frac: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bound just below what is worth it asks for no program, one just above it does, and missed minimum rates do
    whatever the bound."""
    task = asked(SEED, LOAD)
    decide(task, power_of(task.network))
    *given, sites, cases = offered[0]
    assert not any(any(case.missed) for case in cases)
    over, *_ = joint_of(*given, sites, cases)
    users = len(over.users)
    worth_having = exchange.WORTH_FRAC * np.log(2.0) * task.policy.class_weight.min() * users
    calls: list[int] = []
    cases = [replace(case, power_value=7.0 + case.site) for case in cases]

    def bound(problem: Shares, here: BoolArray, carrier_price: FloatArray, power_price: FloatArray) -> float:
        for case in cases:
            number = over.site.tolist().index(case.site)
            assert power_price[number] == case.power_value
            np.testing.assert_array_equal(carrier_price[number], case.carrier_value)
        return over_frac * worth_having

    monkeypatch.setattr(exchange, "most_gained", bound)
    monkeypatch.setattr(exchange, "spread", lambda over, option, _: calls.append(1) or Spread(option, over.users, None))
    exchanged(*given, sites, cases)
    assert len(calls) == (over_frac > 1.0)
    exchanged(*given, sites, [replace(cases[0], missed=(0, 0, 1)), *cases[1:]])
    assert len(calls) == (over_frac > 1.0) + 1


def test_a_site_that_cannot_hold_who_came_shares_out_anew(
    asked: Callable[..., DispatchTask], offered: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user who gets part of its demand at a site that is not crowded gets all that fits there."""
    task = asked(SEED, LOAD)
    decide(task, power_of(task.network))
    radio, before, sites = offered[0][1], offered[0][3], offered[0][4].copy()
    sites[[case.site for case in offered[0][5]]] = True
    quiet = np.flatnonzero(~sites)
    movers = [
        (user, option)
        for user in np.flatnonzero(np.append(sites, False)[before.ue_site]).tolist()
        for option in np.flatnonzero(radio.best_mbps[user] > 0).tolist()
        if radio.candidate[user, option] in quiet and before.band_on[radio.candidate[user, option]].any()
    ]
    user, option = movers[0]

    def partly(over: Joint, options: IntArray, _: float) -> Spread:
        moved = options.copy()
        moved[user] = option
        rate_mbps = before.rate_mbps[over.users].copy()
        rate_mbps[over.users == user] = 1e-3
        return Spread(moved, over.users, rate_mbps)

    monkeypatch.setattr(exchange, "spread", partly)
    monkeypatch.setattr(exchange, "_better", lambda *_: True)
    after = exchanged(*offered[0])
    assert after.rate_mbps[user].sum() > 4e-3


def test_little_to_gain_asks_for_no_program(
    asked: Callable[..., DispatchTask], offered: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below the threshold everybody stays, and the program over several sites is not asked."""
    task = asked(SEED, LOAD)
    decide(task, power_of(task.network))
    monkeypatch.setattr(spread, "share", pytest.fail)
    monkeypatch.setattr(exchange, "WORTH_FRAC", np.inf)
    assert exchanged(*offered[0]) is offered[0][3]


@pytest.mark.parametrize("lost", ["spread", "settled"])
def test_without_an_answer_everybody_stays(
    asked: Callable[..., DispatchTask], offered: list[Any], lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the program over the sites fails, or one of the sites has only the greedy answer afterwards, the placement
    stays as it was."""
    task = asked(SEED, LOAD)
    decide(task, power_of(task.network))
    assert exchanged(*offered[0]) is not offered[0][3]
    if lost == "spread":
        monkeypatch.setattr(spread, "share", lambda _: None)
    else:
        settle = crowded.settled
        monkeypatch.setattr(crowded, "settled", lambda *g: [replace(case, exact=False) for case in settle(*g)])
    assert exchanged(*offered[0]) is offered[0][3]


@pytest.mark.parametrize("seed", [0, 4, 6])
def test_users_of_a_site_that_must_rest_go_elsewhere(
    asked: Callable[..., DispatchTask], offered: list[Any], seed: int
) -> None:
    """A site whose budget pays for no carrier, in a network with no room for all that one of its users asks for: the
    exchange gives that user something elsewhere."""
    task = asked(seed, 3.0)
    budget_kw = np.where(np.arange(7) == 3, 0.1, 17.0)
    task = replace(task, policy=replace(task.policy, power_budget_kw=budget_kw))
    decide(task, power_of(task.network))
    before, sites = offered[0][3], offered[0][4]
    assert sites[3]
    assert not before.band_on[3].any()
    after = exchanged(*offered[0])
    lost = before.ue_site == 3
    assert (before.rate_mbps[lost] == 0.0).all()
    assert (after.rate_mbps[lost].sum(axis=1) > 0.0).any()
