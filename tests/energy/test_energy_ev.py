"""Electric cars: limits and limiting cases of Eqs. (14)-(16)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gridran.energy import ev

HALF_MINUTE_H = 30.0 / 3600.0
CARS = (3, 2)  # sites × chargers


def test_a_car_at_or_below_its_floor_has_nothing_to_sell() -> None:
    """The driver's minimum is never touched, also where a car arrives below it."""
    soc, capacity = np.array([[0.33, 0.20]]), np.full((1, 2), 60.0)
    assert ev.usable_kwh(soc, 0.33, capacity, np.ones((1, 2), bool))[0] == 0.0


def test_only_cars_that_sell_deliver() -> None:
    """A car that refused the offer adds no power; one that took it gives up to 7 kW."""
    above, selling = np.full((2, 2), 20.0), np.array([[True, False], [False, False]])
    got = ev.deliverable_kw(above, selling, 7.0, np.full(2, 14.0), HALF_MINUTE_H)
    np.testing.assert_allclose(got, [7.0, 0.0])


def test_a_nearly_spent_car_gives_what_is_left() -> None:
    """Over one step a car delivers no more than its energy above the floor."""
    got = ev.deliverable_kw(np.array([[0.01]]), np.array([[True]]), 7.0, np.array([7.0]), HALF_MINUTE_H)
    np.testing.assert_allclose(got, [0.01 / HALF_MINUTE_H])


def test_a_full_car_takes_nothing() -> None:
    """Charging stops at the car's capacity; an empty charger (capacity 0) takes nothing either."""
    got = ev.chargeable_kw(np.array([[60.0, 0.0], [30.0, 0.0]]), np.array([[60.0, 0.0], [60.0, 0.0]]), 7.0,
                           np.full(2, 7.0), HALF_MINUTE_H)  # fmt: skip
    np.testing.assert_allclose(got, [0.0, 7.0])


@settings(derandomize=True, max_examples=80, deadline=None)
@given(arrays(float, CARS, elements=st.floats(0.0, 60.0)), arrays(bool, CARS), st.floats(1e-3, 2.0))
def test_deliverable_power_keeps_every_limit(above: np.ndarray, selling: np.ndarray, dt_h: float) -> None:
    """No site draws more than its interface limit, the cars' 7 kW each, or their energy above the floor."""
    limit = np.array([7.0, 5.0, 100.0])
    got = ev.deliverable_kw(above, selling, 7.0, limit, dt_h)
    assert (got >= 0.0).all()
    assert (got <= limit).all()
    assert (got <= 7.0 * selling.sum(axis=1) + 1e-9).all()
    assert (got * dt_h <= (above * selling).sum(axis=1) + 1e-9).all()


def test_survival_without_a_draw_is_infinite() -> None:
    """A site that draws nothing survives for ever, and a site without energy not at all."""
    np.testing.assert_array_equal(
        ev.survival_h(np.array([10.0, 0.0, 10.0]), np.array([0.0, 2.0, 4.0])), [np.inf, 0.0, 2.5]
    )


@settings(derandomize=True, max_examples=80, deadline=None)
@given(st.floats(0.0, 100.0), st.floats(0.0, 100.0))
def test_price_is_bounded_and_falls_with_survival(first_h: float, second_h: float) -> None:
    """The offer lies between base and base·(1 + urgency) and never rises with more time left."""
    price = ev.urgency_price_usd_per_kwh(0.5, 2.0, 1.5, np.sort([first_h, second_h]))
    assert 0.5 <= price[1] <= price[0] <= 1.5


def test_price_at_infinite_survival_is_the_base() -> None:
    """No urgency, no surcharge."""
    assert ev.urgency_price_usd_per_kwh(0.5, 2.0, 1.5, np.array([np.inf]))[0] == 0.5


def test_share_of_acceptances_matches_the_probability() -> None:
    """Over evenly spread reservation prices the share that accepts is the acceptance probability."""
    reservation = np.linspace(0.19, 1.53, 100_001)
    for offer in (0.1, 0.5, 1.01, 1.5, 2.0):
        share = ev.accepts(np.array(offer), reservation).mean()
        assert share == pytest.approx(float(ev.acceptance_frac(np.array(offer), 0.19, 1.53)), abs=2e-5)


def test_a_single_known_price_is_a_step() -> None:
    """With equal bounds a car accepts exactly from that price on."""
    np.testing.assert_array_equal(ev.acceptance_frac(np.array([0.4, 0.5, 0.6]), 0.5, 0.5), [0.0, 1.0, 1.0])
