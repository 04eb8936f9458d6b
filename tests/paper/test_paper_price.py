"""MSRC Eq. (16): the dynamic EV price, at values worked out by hand from the printed equation and Table I."""

import math

import numpy as np
import pytest

from gridran.scenario.params import EvParams
from rapp import price

TABLE_I = EvParams()


def test_table_1_pricing_constants() -> None:
    """Table I: ρ_base = 0.5 $/kWh, α_urg = 2.0, τ = 1.5 h."""
    assert (TABLE_I.base_price_usd_per_kwh, TABLE_I.urgency, TABLE_I.urgency_tau_h) == (0.5, 2.0, 1.5)


@pytest.mark.parametrize(
    ("survival_h", "expected"),
    [(0.0, 1.5), (1.5, 0.5 * (1 + 2 / math.e)), (2.5, 0.688876), (6.0, 0.518316), (math.inf, 0.5)],
)
def test_eq_16_values(survival_h: float, expected: float) -> None:
    """Eq. (16): ρ = 0.5·[1 + 2·exp(−T̂/1.5)]: threefold with no time left, ρ_base with all the time in the world."""
    assert price.urgency(TABLE_I, np.array([survival_h]))[0] == pytest.approx(expected, abs=1e-6)


def test_eq_16_is_continuous_and_bounded() -> None:
    """After (16): the price evolution is bounded and continuous: no step above α·ρ_base/τ per hour."""
    hours = np.linspace(0.0, 12.0, 12_001)
    offers = price.urgency(TABLE_I, hours)
    assert np.abs(np.diff(offers)).max() <= 2.0 * 0.5 / 1.5 * 0.001 + 1e-12
    assert offers.max() == 1.5
    assert offers.min() > 0.5
