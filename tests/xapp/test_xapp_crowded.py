"""Carrier sets of a crowded site: what need not be settled, and what may be chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gridran.types import IntArray
from xapp.dispatch import crowded
from xapp.dispatch.association import preferred
from xapp.dispatch.bandwidth import SLA_REWARD, Shares
from xapp.dispatch.efficiency import Radio, radio_of
from xapp.dispatch.placement import Placement, serving
from xapp.dispatch.sharing import Power, fitting, power_of, shared
from xapp.dispatch.task import DispatchTask

Make = Callable[..., Any]


def essential(whole_mbps: list[list[float]], least_mbps: float) -> Shares:
    """Essential users of 2 Mbps at one site with two carriers that cost no power."""
    users = len(whole_mbps)
    return Shares(
        demand_mbps=np.full(users, 2.0),
        min_rate_mbps=np.full(users, least_mbps),
        weight=np.full(users, 10.0),
        service_class=np.full(users, 2, dtype=np.int64),
        reward=np.full(users, SLA_REWARD[2]),
        held=np.zeros(users, dtype=np.bool_),
        site=np.zeros((users, 1), dtype=np.int64),
        rate_mbps=np.array(whole_mbps)[:, None, :],
        power_limit_kw=np.array([100.0]),
        load_kw=np.zeros((1, 2)),
        mbps_kw=np.zeros(2),
        segments=4,
    )


def test_what_fits_needs_no_settling() -> None:
    """Where every minimum rate fits, the answer is that of the whole procedure."""
    problem = essential([[3.0, 0.0], [3.0, 2.0], [0.0, 2.0]], 0.5)
    found = fitting(problem)
    assert found is not None
    assert np.array_equal(found[0], shared(problem)[0])


@pytest.mark.parametrize("whole_mbps", [[[3.0, 0.0], [0.0, 0.0]], [[0.8, 0.0], [0.8, 0.0]]])
def test_what_does_not_fit_is_left_alone(whole_mbps: list[list[float]]) -> None:
    """A user that hears no carrier of the set, or carriers too small for the minimum rates: no answer."""
    assert fitting(essential(whole_mbps, 0.5)) is None


def crowd(task: DispatchTask) -> tuple[Radio, Power, IntArray, Placement]:
    """Everybody at its preferred site, with some rate on every carrier: radio picture, power, sites, placement."""
    radio, power = radio_of(task), power_of(task.network)
    option = preferred(task, radio)
    ue_site, whole_mbps = serving(task, radio, option)
    return (
        radio,
        power,
        np.arange(len(radio.mode)),
        Placement(option, ue_site, whole_mbps, radio.allowed, 0 * whole_mbps),
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("load", [6.0, 20.0])
def test_a_smaller_set_is_chosen_only_within_the_tolerance(
    seed: int, load: float, network_of: Make, report_of: Make, policy_of: Make, task_of: Make
) -> None:
    """Against all carriers, the set chosen misses no more minimum rates, loses at most the tolerance, draws no more
    than counts, and stays inside the budget."""
    network = network_of(3)
    task = task_of(network, report_of(network, seed=seed, load=load), policy_of(network, "independent-es"))
    radio, power, sites, at = crowd(task)
    best, _ = crowded.decide(task, power, radio.allowed, sites, at)
    for site, case in zip(sites.tolist(), best, strict=True):
        users = np.flatnonzero(at.ue_site == site)
        full = crowded._solved(task, power, site, radio.allowed[site], users, at.whole_mbps[users], at.rate_mbps[users])
        assert full is not None
        assert case.missed <= full.missed
        assert case.utility >= full.utility * (1.0 - task.control.least_power_tolerance_frac)
        assert case.draw_kw <= full.draw_kw + crowded.SAME_KW or case.missed < full.missed
        assert case.draw_kw <= task.policy.power_budget_kw[site] * (1 + 1e-6)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("load", "budget_kw"), [(3.0, 17.0), (6.0, 17.0), (20.0, 17.0), (6.0, 2.5), (6.0, 1.8), (20.0, 1.2)]
)
def test_what_is_ruled_out_was_not_the_best(
    seed: int,
    load: float,
    budget_kw: float,
    network_of: Make,
    report_of: Make,
    policy_of: Make,
    task_of: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With as many programs as are wanted the set chosen is the best of all fifteen by "least power": fewest missed
    minimum rates, then least draw within the tolerance. With two programs at most it is as good as all carriers, at
    least; with none it is all of them. Budgets that forbid some sets, and minimum rates that do not fit, included."""
    network = network_of(3)
    policy = policy_of(network, "independent-es", power_budget_kw=np.full(3, budget_kw))
    task = task_of(network, report_of(network, seed=seed, load=load), policy)
    radio, power, sites, at = crowd(task)

    def decided(most_sets: int) -> dict[int, crowded.Case]:
        monkeypatch.setattr(crowded, "MOST_SETS", most_sets)
        return {case.site: case for case in crowded.decide(task, power, radio.allowed, sites, at)[0]}

    free, few, none = decided(15), decided(crowded.MOST_SETS), decided(0)
    for site in sites.tolist():
        users = np.flatnonzero(at.ue_site == site)
        sets = [*crowded._smaller(radio.allowed[site]), radio.allowed[site]]
        sets = [one for one in sets if power.at(site).fixed_kw(one) <= budget_kw]
        cases = [
            crowded._solved(task, power, site, one, users, at.whole_mbps[users], at.rate_mbps[users]) for one in sets
        ]
        if not cases:
            assert site not in free
            continue
        best = crowded._best(task, [case for case in cases if case is not None])
        assert free[site].missed == best.missed
        assert free[site].draw_kw == pytest.approx(best.draw_kw, rel=1e-6)
        assert few[site].missed == best.missed
        if cases[-1] is not None and not any(cases[-1].missed) and sets[-1].all():
            assert few[site].draw_kw <= none[site].draw_kw + crowded.SAME_KW
            assert none[site].band_on.all()


def case(utility: float, draw_kw: float, missed: int = 0) -> crowded.Case:
    """A solved carrier set."""
    none = np.zeros(0)
    tally = (0, 0, missed, 0)
    return crowded.Case(0, none > 0, none.astype(np.int64), none, tally, utility, draw_kw, none, 0.0, exact=True)


@pytest.mark.parametrize(
    ("cases", "best"),
    [
        ([case(1000.0, 9.0), case(999.5, 8.0), case(998.0, 7.0)], 1),  # the third is beyond the tolerance
        ([case(1000.0, 9.0), case(1000.2, 9.009), case(1000.1, 9.005)], 1),  # all take the whole budget
        ([case(1000.0, 9.0), case(1000.2, 9.011), case(1000.1, 9.005)], 2),
        ([case(1000.0, 9.0, missed=1), case(990.0, 9.5)], 1),
    ],
)
def test_least_draw_within_the_tolerance_and_then_most_utility(
    cases: list[crowded.Case], best: int, network_of: Make, report_of: Make, policy_of: Make, task_of: Make
) -> None:
    """Minimum rates come first; draws that differ by nothing do not decide."""
    network = network_of(3)
    task = task_of(network, report_of(network), policy_of(network, "independent-es"))
    assert crowded._best(task, cases) is cases[best]
