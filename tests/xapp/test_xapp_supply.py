"""What a site's own plant can give in the coming period, and budgets cut to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from xapp.supply import SURE_FRAC, supply_kw, within_supply

Make = Callable[..., Any]
PERIOD_H = 30.0 / 3600.0


def test_battery_sun_and_cars_that_sell(network_of: Make, report_of: Make) -> None:
    """10 kW of battery everywhere; PV on top; 7 kW where a car sells, less where little is left of it; no limit on the
    grid."""
    report = replace(
        report_of(network_of(7)),
        pv_kw=np.array([0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        ev_connected=np.array([0, 0, 1, 1, 1, 1, 0]),
        ev_accepting=np.array([False, False, True, True, False, True, False]),
        ev_usable_kwh=np.array([0.0, 0.0, 20.0, 1.0 * PERIOD_H, 20.0, 20.0, 0.0]),
        price_usd_per_kwh=np.full(7, 0.5),
        grid_up=np.array([False] * 6 + [True]),
    )
    offer = np.array([0.5, 0.5, 0.5, 0.5, 0.5, 0.4, 0.5])
    expected = [10.0, 12.0, 17.0, 11.0, 10.0, 10.0, np.inf]
    np.testing.assert_allclose(supply_kw(network_of(7), report, offer, PERIOD_H), expected)


def test_a_higher_offer_keeps_its_sellers(network_of: Make, report_of: Make) -> None:
    """Who took the standing offer takes a better one."""
    cars = {"ev_connected": np.ones(7, dtype=int), "ev_accepting": np.ones(7, dtype=bool)}
    report = replace(report_of(network_of(7)), **cars, ev_usable_kwh=np.full(7, 9.0), price_usd_per_kwh=np.full(7, 0.5))
    np.testing.assert_allclose(supply_kw(network_of(7), report, np.full(7, 0.9), PERIOD_H), 17.0)


def test_a_budget_is_cut_never_raised(network_of: Make, report_of: Make, policy_of: Make) -> None:
    """17 kW become what the battery gives; 4 kW stay."""
    network = network_of(7)
    policy = policy_of(network, "msrc", power_budget_kw=np.array([17.0] * 6 + [4.0]))
    quiet = replace(report_of(network), ev_connected=np.zeros(7, dtype=int), ev_accepting=np.zeros(7, dtype=bool))
    cut = within_supply(policy, network, quiet, PERIOD_H).power_budget_kw
    np.testing.assert_allclose(cut, [10.0 * SURE_FRAC] * 6 + [4.0])
