"""Stationary storage: bounds, books and refusals of Eqs. (12)-(13)."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridran.energy import battery
from gridran.energy.battery import BatteryArrays
from gridran.energy.ledger import battery_imbalance_kwh
from gridran.types import Battery, Network, Site

HALF_MINUTE_H = 30.0 / 3600.0


def arrays(*batteries: Battery) -> BatteryArrays:
    return battery.battery_arrays(
        Network(tuple(Site(str(k), 0.0, 0.0, battery=b) for k, b in enumerate(batteries)), ())
    )


def one(value: float) -> np.ndarray:
    return np.array([value])


@st.composite
def batteries(draw: st.DrawFn) -> Battery:
    low, high = draw(st.floats(0.0, 0.45)), draw(st.floats(0.55, 1.0))
    efficiency = st.floats(0.5, 1.0)
    return Battery(draw(st.floats(1.0, 100.0)), 0.5, low, high, draw(efficiency), draw(efficiency),
                   draw(st.floats(0.5, 50.0)), draw(st.floats(0.5, 50.0)))  # fmt: skip


def test_arrays_follow_the_order_of_sites() -> None:
    """Every parameter stands at its site's index, and a site restarts a margin above its minimum."""
    got = arrays(Battery(), Battery(capacity_kwh=5.0, soc_min_frac=0.3))
    np.testing.assert_allclose(got.capacity_kwh, [20.0, 5.0])
    np.testing.assert_allclose(got.restart_soc_frac, [0.22, 0.32])


def test_usable_energy_is_at_the_terminals() -> None:
    """From 80 % to 20 % of 20 kWh at 95 % discharge efficiency a site can draw 11.4 kWh."""
    np.testing.assert_allclose(battery.usable_kwh(arrays(Battery()), one(0.8)), [11.4])


def test_a_reserve_lowers_what_is_usable_only_where_it_binds() -> None:
    """A reserve above SOC_min counts, one below it does not, and nothing is usable below the reserve."""
    two = arrays(Battery(), Battery(), Battery())
    got = battery.usable_kwh(two, np.array([0.8, 0.8, 0.4]), np.array([0.5, 0.1, 0.5]))
    np.testing.assert_allclose(got, [5.7, 11.4, 0.0])


def test_headroom_is_what_must_be_fed_in() -> None:
    """Filling 20 kWh from 80 % takes 4 kWh in the cells, hence 4/0.95 kWh at the terminals."""
    np.testing.assert_allclose(battery.headroom_kwh(arrays(Battery()), one(0.8)), [4.0 / 0.95])


def test_deliverable_power_is_bound_by_limit_then_by_energy() -> None:
    """Over 30 s a charged battery gives its 10 kW; just above its floor it gives what is left."""
    got = battery.deliverable_kw(arrays(Battery(), Battery()), np.array([0.8, 0.201]), HALF_MINUTE_H)
    np.testing.assert_allclose(got, [10.0, 0.001 * 20.0 * 0.95 / HALF_MINUTE_H])


@settings(derandomize=True, max_examples=150, deadline=None)
@given(batteries(), st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=30), st.floats(1e-3, 2.0))
def test_state_of_charge_stays_in_bounds_and_books_close(b: Battery, asks: list[float], dt_h: float) -> None:
    """Under any sequence of the powers that fit, SoC keeps (13) and no energy appears or vanishes."""
    cells, soc = arrays(b), one(0.5)
    for ask in asks:
        charge = max(ask, 0.0) * battery.chargeable_kw(cells, soc, dt_h)
        discharge = max(-ask, 0.0) * battery.deliverable_kw(cells, soc, dt_h)
        after = battery.step(cells, soc, charge, discharge, dt_h)
        assert b.soc_min_frac <= after[0] <= b.soc_max_frac
        assert abs(battery_imbalance_kwh(cells, soc, after, charge, discharge, dt_h)[0]) < 1e-9
        soc = after


@settings(derandomize=True, max_examples=100, deadline=None)
@given(batteries(), st.floats(0.01, 2.0))
def test_what_is_called_deliverable_can_be_delivered(b: Battery, dt_h: float) -> None:
    """Discharging at the deliverable power is accepted and ends at or above the reserve."""
    cells, soc, reserve = arrays(b), one(0.54), one(0.48)
    after = battery.step(cells, soc, one(0.0), battery.deliverable_kw(cells, soc, dt_h, reserve), dt_h)
    assert after[0] >= 0.48 - 1e-12


@settings(derandomize=True, max_examples=50, deadline=None)
@given(batteries(), st.floats(0.001, 0.01))
def test_a_round_trip_loses_energy(b: Battery, dt_h: float) -> None:
    """What comes back from a charge is the charge times both efficiencies, never more."""
    cells = arrays(b)
    charge = battery.chargeable_kw(cells, one(0.5), dt_h)
    full = battery.step(cells, one(0.5), charge, one(0.0), dt_h)
    back_kwh = battery.usable_kwh(cells, full, one(0.5))
    np.testing.assert_allclose(
        back_kwh, charge * dt_h * b.charge_efficiency_frac * b.discharge_efficiency_frac, atol=1e-9
    )


@pytest.mark.parametrize(
    ("charge_kw", "discharge_kw", "reason"),
    [
        (1.0, 1.0, "at once"),
        (-1.0, 0.0, "negative"),
        (float("nan"), 0.0, "not a number"),
        (10.1, 0.0, "charge beyond"),
        (0.0, 10.1, "discharge beyond"),
    ],
)
def test_impossible_powers_are_refused_by_site(charge_kw: float, discharge_kw: float, reason: str) -> None:
    """A power that breaks (13) raises ValueError that names the site, and nothing is clamped silently."""
    two = arrays(Battery(), Battery())
    with pytest.raises(ValueError, match=rf"site \[1\].*{reason}"):
        battery.step(two, np.full(2, 0.5), np.array([0.0, charge_kw]), np.array([0.0, discharge_kw]), HALF_MINUTE_H)


def test_draining_below_the_minimum_is_refused() -> None:
    """A battery at SOC_min gives nothing, though its power limit would allow it."""
    with pytest.raises(ValueError, match="discharge beyond"):
        battery.step(arrays(Battery()), one(0.2), one(0.0), one(1.0), HALF_MINUTE_H)


def test_a_battery_below_its_minimum_can_be_charged() -> None:
    """A battery found below SOC_min gives nothing but charges from where it is, without a jump."""
    cells = replace(arrays(Battery()), charge_efficiency_frac=one(1.0))
    assert battery.deliverable_kw(cells, one(0.1), 1.0)[0] == 0.0
    np.testing.assert_allclose(battery.step(cells, one(0.1), one(1.0), one(0.0), 1.0), [0.15])


def test_vectors_agree_with_single_sites() -> None:
    """Stepping many sites at once gives what stepping each alone gives."""
    kinds = (Battery(), Battery(capacity_kwh=7.0, discharge_efficiency_frac=0.8))
    charge, discharge, soc = np.array([2.0, 0.0]), np.array([0.0, 3.0]), np.array([0.4, 0.6])
    together = battery.step(arrays(*kinds), soc, charge, discharge, 0.25)
    alone = [battery.step(arrays(k), soc[i : i + 1], charge[i : i + 1], discharge[i : i + 1], 0.25)[0]
             for i, k in enumerate(kinds)]  # fmt: skip
    np.testing.assert_array_equal(together, alone)
