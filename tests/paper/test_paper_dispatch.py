"""The paper's dispatch: association (6), carriers (8)-(10), modes (24)-(25), the utility (27) and its class weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridran.scenario.params import ControlParams, Scenario
from gridran.types import BoolArray, CooperationParams, Network, PlanTier, Policy, SiteMode, Snapshot
from xapp.dispatch.bandwidth import SLA_REWARD, Shares, share, utility
from xapp.dispatch.efficiency import allowed_bands, modes_in_force, radio_of
from xapp.dispatch.sharing import shared
from xapp.dispatch.task import DispatchTask
from xapp.dispatchers.proportional_fair import dispatch

MODE = np.array([SiteMode.HELPING, SiteMode.ASSISTED, SiteMode.DEEP_SLEEP, *[SiteMode.NORMAL] * 4], dtype=np.int64)


def make_task(network: Network, users_m: list[tuple[float, float]], mode: np.ndarray = MODE) -> DispatchTask:
    """Essential users of 2 Mbps at ``users_m``, gain falling with distance, sites 1 and 2 covered by site 0."""
    sites, bands, users = network.site_count, network.band_count, len(users_m)
    xy_m = np.array(users_m).reshape(-1, 2)
    distance_m = np.hypot(*(network.site_xy_m[None] - xy_m[:, None]).transpose(2, 0, 1))
    order = np.argsort(distance_m, axis=1)
    gain_db = -35.0 * np.log10(np.maximum(np.take_along_axis(distance_m, order, axis=1), 10.0))
    ones, on = np.ones(sites), np.ones((sites, bands), dtype=np.bool_)
    snapshot = Snapshot(
        period=0,
        time_h=0.0,
        ue_id=np.arange(users),
        service_class=np.full(users, 2, dtype=np.int64),
        demand_mbps=np.full(users, 2.0),
        min_rate_mbps=np.full(users, 0.5),
        ue_xy_m=xy_m,
        serving_site=np.full(users, -1, dtype=np.int64),
        served_mbps=np.zeros(users),
        neighbour_site=order,
        gain_db=np.repeat(gain_db[..., None], bands, axis=2),
        mode=mode,
        soc_frac=0.8 * ones,
        site_up=on[:, 0],
        grid_up=~on[:, 0],
        load_kw=ones,
        pv_kw=0.0 * ones,
        ev_connected=np.zeros(sites, dtype=np.int64),
        ev_usable_kwh=0.0 * ones,
        ev_accepting=~on[:, 0],
        price_usd_per_kwh=0.5 * ones,
        v2g_kw=0.0 * ones,
        band_on=on,
        prb_used_frac=0.1 * on,
    )
    policy = Policy(
        policy_id="p",
        strategy="msrc",
        issued_h=0.0,
        valid_until_h=1.0,
        tier=PlanTier.OPTIMAL,
        gap_frac=0.0,
        plan_age_h=0.0,
        mode=mode,
        links=((0, 1), (0, 2)),
        band_planned=on,
        power_budget_kw=17.0 * ones,
        reserve_soc_frac=0.2 * ones,
        price_usd_per_kwh=0.5 * ones,
        class_weight=np.array([1000.0, 100.0, 10.0, 1.0]),
        service_frac=np.ones((sites, 4)),
        availability_frac=np.ones((sites, 4)),
    )
    return DispatchTask(network, snapshot, policy, "cooperative", "all-on", ControlParams(), 1.0 / 120.0, None)


def one_carrier(
    weight: list[float], demand_mbps: list[float], whole_mbps: list[float], least_mbps: list[float]
) -> Shares:
    """Users of one site with one carrier that costs no power."""
    users = len(weight)
    return Shares(
        demand_mbps=np.array(demand_mbps),
        min_rate_mbps=np.array(least_mbps),
        weight=np.array(weight),
        service_class=np.full(users, 2, dtype=np.int64),
        reward=np.full(users, SLA_REWARD[2]),
        held=np.zeros(users, dtype=np.bool_),
        site=np.zeros((users, 1), dtype=np.int64),
        rate_mbps=np.array(whole_mbps).reshape(-1, 1, 1),
        power_limit_kw=np.array([100.0]),
        load_kw=np.zeros((1, 1)),
        mbps_kw=np.zeros(1),
        segments=64,
    )


def test_eq_6_one_site_per_user_inside_its_radius(small_network: Network) -> None:
    """A user is served by one site inside that site's radius: a helper reaches into the sleeping cell beside it; a user
    whose own cell sleeps and whom no other site reaches is served by nobody."""
    at = small_network.site_xy_m
    near_sleeper = at[2] + 0.2 * (at[0] - at[2])
    task = make_task(small_network, [tuple(at[0] + 20.0), tuple(near_sleeper), tuple(3.0 * at[2])])
    control = dispatch(task)
    assert control.ue_site[:2].tolist() == [0, 0]
    assert control.ue_site[2] == -1
    assert not control.rate_mbps[2].any()


def test_eq_8_rates_come_from_shares_of_blocks_on_active_carriers(small_network: Network) -> None:
    """r = Σ_b z·χ·(rate of the whole carrier); a carrier that is off carries nothing."""
    task = make_task(small_network, [tuple(small_network.site_xy_m[0] + 20.0 * k) for k in range(6)])
    control = dispatch(task)
    assert not control.rate_mbps[:, ~control.band_on[0]].any()
    whole = radio_of(task).rate_mbps[:, 0]
    assert ((control.rate_mbps > 0) <= (whole > 0)).all()
    assert control.rate_mbps.sum(axis=1) == pytest.approx(2.0)


def test_eq_9_the_shares_of_a_carrier_add_up_to_one_at_most() -> None:
    """Σ_u r_u/e_u ≤ 1, and an overloaded carrier is used to the last block."""
    problem = one_carrier([1.0, 1.0, 1.0], [10.0, 10.0, 10.0], [20.0, 10.0, 5.0], [0.0, 0.0, 0.0])
    answer = share(problem)
    assert answer is not None
    assert (answer.rate_mbps / problem.rate_mbps).sum() == pytest.approx(1.0)


def test_eq_10_minimum_rates_come_before_utility() -> None:
    """A user with a hundredth of the weight still has its minimum; one whose minimum cannot fit gets nothing."""
    rates, _ = shared(one_carrier([100.0, 1.0], [10.0, 10.0], [10.0, 10.0], [0.0, 2.0]))
    assert rates[1].sum() == pytest.approx(2.0)
    rates, _ = shared(one_carrier([1.0, 1.0], [10.0, 10.0], [10.0, 1.0], [2.0, 2.0]))
    assert rates.sum(axis=(1, 2)) == pytest.approx([10.0, 0.0])


def test_eq_24_sleeping_sites_have_no_carrier(small_network: Network) -> None:
    """z_i^b = 0 on every carrier of a site in deep sleep, and at least one carrier is on at every site awake."""
    control = dispatch(make_task(small_network, [tuple(small_network.site_xy_m[0] + 20.0)]))
    assert not control.band_on[2].any()
    assert control.band_on[np.arange(7) != 2].any(axis=1).all()


@pytest.mark.parametrize(
    ("reading", "kept"), [("low", [True, False, False, False]), ("high", [False, True, True, True])]
)
def test_eq_25_carriers_of_an_assisted_site_in_both_readings(
    small_network: Network, reading: str, kept: list[bool]
) -> None:
    """(25) leaves an assisted site its low band; the text of II-C leaves it the others. All other sites keep all."""
    network = replace(small_network, cooperation=CooperationParams(assisted_bands=reading))
    task = make_task(network, [tuple(network.site_xy_m[0] + 20.0)])
    allowed: BoolArray = allowed_bands(task, modes_in_force(task))
    assert allowed[1].tolist() == kept
    assert not allowed[2].any()
    assert allowed[[0, 3, 4, 5, 6]].all()


def test_eq_27_is_weighted_log_of_one_plus_the_served_share() -> None:
    """w·log(1 + r/D): log 2 at full demand, nothing without a rate."""
    problem = one_carrier([10.0, 1.0], [4.0, 4.0], [10.0, 10.0], [0.0, 0.0])
    assert utility(problem, np.array([4.0, 0.0])) == pytest.approx([10.0 * np.log(2.0), 0.0])
    assert utility(problem, np.array([2.0, 2.0])) == pytest.approx(np.log(1.5) * np.array([10.0, 1.0]))


def test_eq_27_equal_users_share_equally_and_a_weight_of_two_gets_more() -> None:
    """The optimum by hand: D = e makes w/(1 + t) equal; weights 1:1 give 1/2 each, 2:1 all to the first (slope 2/(1+1)
    equals 1/(1+0))."""
    equal, _ = shared(one_carrier([1.0, 1.0], [10.0, 10.0], [10.0, 10.0], [0.0, 0.0]))
    assert equal.sum(axis=(1, 2)) == pytest.approx([5.0, 5.0], rel=0.02)
    double, _ = shared(one_carrier([2.0, 1.0], [10.0, 10.0], [10.0, 10.0], [0.0, 0.0]))
    assert double.sum(axis=(1, 2)) == pytest.approx([10.0, 0.0], abs=0.2)


def test_class_weights_of_1000_100_10_1(paper_scenario: Scenario) -> None:
    """Emergency : voice : essential : best effort as 1000:100:10:1."""
    assert paper_scenario.traffic.class_weight == (1000.0, 100.0, 10.0, 1.0)
