"""PV: sun geometry at textbook values, clear sky at its limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridran.energy import pv

TURIN_DEG = 45.07


def test_declination_at_solstices_and_equinox() -> None:
    """±23.45° at the solstices, about 0° at the March equinox (Cooper 1969)."""
    assert np.rad2deg(pv.declination_rad(172)) == pytest.approx(23.45, abs=0.01)
    assert np.rad2deg(pv.declination_rad(355)) == pytest.approx(-23.45, abs=0.01)
    assert np.rad2deg(pv.declination_rad(81)) == pytest.approx(0.0, abs=0.01)


def test_equinox_at_the_equator() -> None:
    """The sun stands overhead at noon and on the horizon at 6 and 18 h."""
    cosine = pv.zenith_cosine_frac(0.0, 81, np.array([6.0, 12.0, 18.0]))
    np.testing.assert_allclose(cosine, [0.0, 1.0, 0.0], atol=1e-9)


def test_clear_sky_overhead_and_at_night() -> None:
    """Haurwitz gives 1098·exp(−0.057) = 1037 W/m² for an overhead sun, 0 at the horizon and below."""
    np.testing.assert_allclose(pv.clear_sky_w_per_m2(np.array([1.0, 0.0, -0.5])), [1037.17, 0.0, 0.0], atol=0.01)


def test_clear_sky_near_the_horizon_is_silent() -> None:
    """A sun that barely shows gives next to nothing and no overflow."""
    assert 0.0 <= pv.clear_sky_w_per_m2(np.array([1e-12]))[0] < 1e-9


def test_daily_clear_sky_irradiation_in_turin_is_plausible() -> None:
    """A clear day brings some 2 kWh/m² on flat ground at the winter solstice and between 8 and 9 at the summer one."""
    hours = np.arange(0.0, 24.0, 0.25)
    december, june = (pv.output_frac(TURIN_DEG, day, hours, 1.0).sum() * 0.25 for day in (355, 172))
    assert 1.5 < december < 2.5
    assert 8.0 < june < 9.0


@settings(derandomize=True, max_examples=80, deadline=None)
@given(st.floats(-90.0, 90.0), st.integers(1, 365), st.floats(0.0, 12.0), st.floats(0.0, 1.0))
def test_output_is_bounded_symmetric_and_periodic(latitude: float, day: int, offset_h: float, cloud: float) -> None:
    """Output lies in [0, 1.04·PR], mirrors around noon, repeats after 24 h and is proportional to the cloud factor."""
    hours = np.array([12.0 - offset_h, 12.0 + offset_h, 36.0 + offset_h])
    clear, cloudy = (pv.output_frac(latitude, day, hours, 0.8, c) for c in (1.0, cloud))
    assert ((clear >= 0.0) & (clear <= 1.04 * 0.8)).all()
    np.testing.assert_allclose(clear, clear[0], atol=1e-9)
    np.testing.assert_allclose(cloudy, cloud * clear)
