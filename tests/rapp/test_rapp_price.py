"""Offers to EV owners: which survival time they follow, and their limits."""

from collections.abc import Callable

import numpy as np
import pytest

from gridran.scenario.params import EvParams
from gridran.types import Network, Telemetry
from rapp import price

Networks = Callable[..., Network]
Reports = Callable[..., Telemetry]


def test_flat_ignores_the_battery() -> None:
    """Independent and static load balancing offer ρ_base, full or empty."""
    np.testing.assert_array_equal(price.flat(EvParams(), np.array([0.0, 3.0, np.inf])), np.full(3, 0.5))


def test_survival_counts_energy_above_the_floor(hexagon: Networks, telemetry_of: Reports) -> None:
    """0.6 × 20 kWh × 0.95 over 4 kW is 2.85 h; at SoC_min nothing is left, however little is drawn."""
    network = hexagon(1)
    soc_frac = np.array([0.8, 0.5, 0.2, 0.1, 0.8, 0.2, 0.8])
    power_kw = np.array([4.0, 4.0, 4.0, 4.0, 0.0, 0.0, 8.0])
    got = price.survival_h(network, telemetry_of(network, soc_frac=soc_frac).snapshot, power_kw)
    np.testing.assert_allclose(got, [2.85, 1.425, 0.0, 0.0, np.inf, 0.0, 1.425])


def test_with_the_grid_up_nothing_is_urgent(hexagon: Networks, telemetry_of: Reports) -> None:
    """Survival is infinite on the grid, so the offer is ρ_base."""
    network = hexagon(1)
    snapshot = telemetry_of(network, grid_up=np.ones(7, bool), soc_frac=np.full(7, 0.2)).snapshot
    left_h = price.survival_h(network, snapshot, np.full(7, 4.0))
    np.testing.assert_array_equal(price.urgency(EvParams(), left_h), np.full(7, 0.5))


@pytest.mark.parametrize("rule", price.PRICE_RULES.values(), ids=price.PRICE_RULES)
def test_every_rule_is_bounded_and_never_rises_with_survival(rule: price.PriceRule) -> None:
    """Offers lie in [ρ_base, ρ_base(1 + α)] and fall, if anything, with the time left."""
    offers = rule(EvParams(), np.append(np.linspace(0.0, 50.0, 200), np.inf))
    assert (offers >= 0.5).all()
    assert (offers <= 1.5).all()
    assert (np.diff(offers) <= 0.0).all()
