"""The books of a site: they close for consistent flows and show every leak with its sign."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridran.energy import ledger

FLOW = st.floats(0.0, 20.0)
NAMES = ("battery_discharge_kw", "battery_charge_kw", "v2g_kw", "ev_charge_kw", "pv_kw", "grid_import_kw")


def books(load: float, **flows: float) -> float:
    named = {name: np.array([flows.get(name, 0.0)]) for name in NAMES}
    return float(ledger.imbalance_kwh(0.5, load_kw=np.array([load]), **named)[0])


@settings(derandomize=True, max_examples=60, deadline=None)
@given(FLOW, FLOW, FLOW, FLOW)
def test_a_covered_load_balances(battery: float, cars: float, sun: float, grid: float) -> None:
    """A load that equals the sum of its sources leaves nothing over."""
    load = battery + cars + sun + grid
    got = books(load, battery_discharge_kw=battery, v2g_kw=cars, pv_kw=sun, grid_import_kw=grid)
    assert got == pytest.approx(0.0, abs=1e-9)


def test_the_sign_tells_a_leak_from_a_miracle() -> None:
    """Positive where energy vanished, negative where it came from nowhere; half an hour of 2 kW is 1 kWh."""
    assert books(3.0, battery_discharge_kw=5.0) == pytest.approx(1.0)
    assert books(5.0, battery_discharge_kw=3.0) == pytest.approx(-1.0)


def test_cars_book_what_their_batteries_show() -> None:
    """Two cars that lose 1 kWh together over half an hour delivered 2 kW."""
    before, after = np.array([[30.0, 20.0]]), np.array([[29.5, 19.5]])
    error = ledger.ev_imbalance_kwh(before, after, np.array([2.0]), np.array([0.0]), 0.5)
    np.testing.assert_allclose(error, [0.0], atol=1e-12)


def test_cable_flows_enter_the_books() -> None:
    """Power received over a cable covers load; power sent over one is spent."""
    flows = {name: np.zeros(2) for name in NAMES} | {
        "load_kw": np.array([4.0, 0.0]),
        "pv_kw": np.array([0.0, 5.0]),
        "cable_received_kw": np.array([4.0, 0.0]),
        "cable_sent_kw": np.array([0.0, 5.0]),
    }
    error = ledger.imbalance_kwh(1.0, **flows)
    np.testing.assert_allclose(error, [0.0, 0.0], atol=1e-12)
