"""Carrier sets of a crowded site: what need not be settled, and what may be chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from xapp.dispatch import crowded
from xapp.dispatch.association import preferred
from xapp.dispatch.bandwidth import SLA_REWARD, Shares
from xapp.dispatch.efficiency import radio_of
from xapp.dispatch.sharing import fitting, power_of, shared

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


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("load", [6.0, 20.0])
def test_a_smaller_set_is_chosen_only_within_the_tolerance(
    seed: int, load: float, network_of: Make, report_of: Make, policy_of: Make, task_of: Make
) -> None:
    """Against all carriers, the set chosen misses no more minimum rates, loses at most the tolerance, draws no more,
    and stays inside the budget."""
    network = network_of(3)
    task = task_of(network, report_of(network, seed=seed, load=load), policy_of(network, "independent-es"))
    radio, power = radio_of(task), power_of(network)
    rows, option = np.arange(120), preferred(task, radio)
    whole = radio.rate_mbps[rows, option]
    ue_site = np.where(whole.max(axis=1) > 0, radio.candidate[rows, option], -1)
    sites = np.arange(3)
    best, _ = crowded.decide(task, power, radio.allowed, sites, ue_site, whole)
    for site, case in zip(sites.tolist(), best, strict=True):
        users = np.flatnonzero(ue_site == site)
        full = crowded._solved(task, power, site, radio.allowed[site], users, whole[users])
        assert full is not None
        assert case.missed <= full.missed
        assert case.utility >= full.utility * (1.0 - task.control.least_power_tolerance_frac)
        assert case.draw_kw <= full.draw_kw * (1 + 1e-9) or case.missed < full.missed
        assert case.draw_kw <= task.policy.power_budget_kw[site] * (1 + 1e-6)
