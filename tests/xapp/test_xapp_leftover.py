"""Who is short moves into what is left elsewhere, and who is served well enough is not drawn to a full site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gridran.types import Network, Policy, Snapshot
from xapp.dispatch.association import preferred, stayed
from xapp.dispatch.bands import FILLED_FRAC, Bands, cells_of, choose
from xapp.dispatch.efficiency import Radio, radio_of
from xapp.dispatch.leftover import Placed, placed
from xapp.dispatch.placement import used
from xapp.dispatch.sharing import power_of
from xapp.dispatch.task import DispatchTask

Tasks = Callable[..., DispatchTask]


@pytest.fixture(name="asked")
def _asked(
    network_of: Callable[..., Network],
    report_of: Callable[..., Snapshot],
    policy_of: Callable[..., Policy],
    task_of: Tasks,
) -> Callable[[int, float], DispatchTask]:
    def asked(seed: int, budget_kw: float = 17.0) -> DispatchTask:
        network = network_of(7)
        report = report_of(network, seed, users=200, load=3.0)
        return task_of(network, report, policy_of(network, power_budget_kw=np.full(7, budget_kw)))

    return asked


def moved(task: DispatchTask, stay: bool) -> tuple[Radio, Bands, np.ndarray, Placed]:
    """Every fifth user short on the carriers that the rule picks: radio picture, that choice, short users, answer."""
    radio, power = radio_of(task), power_of(task.network)
    option = preferred(task, radio)
    rows = np.arange(len(option))
    served = radio.best_mbps[rows, option] > 0
    whole = radio.rate_mbps[rows, option]
    ue_site = np.where(served, radio.candidate[rows, option], -1)
    chosen = choose(task, power, cells_of(task, radio.allowed, ue_site), whole)
    short = np.flatnonzero(served)[::5]
    found = placed(task, power, radio, chosen.placement(option), short, stay=stay)
    return radio, chosen, short, found


@pytest.mark.parametrize("stay", [True, False])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("budget_kw", [17.0, 4.0])
def test_nothing_is_overbooked(asked: Callable[..., DispatchTask], seed: int, stay: bool, budget_kw: float) -> None:
    """A user who is placed has all that it asks for, on a carrier that is on and has room within the power budget;
    everybody else keeps what it had."""
    task = asked(seed, budget_kw)
    power = power_of(task.network)
    radio, chosen, short, found = moved(task, stay)
    band_on, before_mbps = chosen.band_on, chosen.rate_mbps
    rows = np.arange(len(found.at.option))
    done = np.flatnonzero(found.done)
    assert set(done) <= set(short)
    assert found.at.rate_mbps[done].sum(axis=1) == pytest.approx(task.snapshot.demand_mbps[done])
    others = np.setdiff1d(rows, done)
    np.testing.assert_array_equal(found.at.option[others], preferred(task, radio)[others])
    np.testing.assert_array_equal(found.at.rate_mbps[others], before_mbps[others])
    site, whole = radio.candidate[rows, found.at.option], radio.rate_mbps[rows, found.at.option]
    assert not (found.at.rate_mbps[done] > 0)[~(band_on[site[done]] & (whole[done] > 0))].any()
    lost = np.setdiff1d(short, done)
    kept_mbps = found.at.rate_mbps.copy()
    kept_mbps[lost] = 0.0
    taken = used(power, site, whole, kept_mbps)
    assert (taken.blocks <= 1.0 + 1e-9).all()
    hosts = np.unique(site[done])
    limit_kw = task.policy.power_budget_kw - power.fixed_kw(band_on)
    assert (taken.load_kw[hosts] <= limit_kw[hosts] + 1e-9).all()


@pytest.mark.parametrize("seed", range(4))
def test_who_must_leave_takes_no_reserve(asked: Callable[..., DispatchTask], seed: int) -> None:
    """Without ``stay`` a user that is placed is elsewhere, and a carrier that took one keeps the usual reserve."""
    task = asked(seed)
    before = preferred(task, radio_of(task))
    radio, _, short, found = moved(task, stay=False)
    done = np.flatnonzero(found.done)
    assert done.size > 0
    assert (found.at.option[done] != before[done]).all()
    rows = np.arange(len(found.at.option))
    site, whole = radio.candidate[rows, found.at.option], radio.rate_mbps[rows, found.at.option]
    kept_mbps = found.at.rate_mbps.copy()
    kept_mbps[np.setdiff1d(short, done)] = 0.0
    blocks = used(power_of(task.network), site, whole, kept_mbps).blocks
    took = found.at.rate_mbps[done] > 0
    assert (blocks[site[done]][took] <= FILLED_FRAC + 1e-9).all()


def test_nobody_is_drawn_to_a_full_site(asked: Callable[..., DispatchTask]) -> None:
    """A user of the second strongest site stays there when the strongest is crowded, and goes there when it is not; one
    whose link gave nothing goes in either case."""
    task = asked(1)
    radio = radio_of(task)
    best = preferred(task, radio)
    second = np.flatnonzero(
        (radio.best_mbps[:, 1] > 0) & (best == 0) & (radio.best_mbps[:, 1] < 0.4 * radio.best_mbps[:, 0])
    )
    assert second.size > 2
    serving, served_mbps = radio.candidate[:, 0].copy(), np.ones(len(best))
    serving[second], served_mbps[second[0]] = radio.candidate[second, 1], 0.0
    task = replace(task, snapshot=replace(task.snapshot, serving_site=serving, served_mbps=served_mbps))
    option = preferred(task, radio)
    assert (option[second] == 0).all()
    full = np.zeros(7, dtype=np.bool_)
    assert (stayed(task, radio, option, full)[second[1:]] == 1).all()
    assert stayed(task, radio, option, full)[second[0]] == 0
    np.testing.assert_array_equal(stayed(task, radio, option, ~full), option)
