"""Conversions: textbook values and round trips."""

import numpy as np
import pytest

from gridran import units


def test_decibels_of_textbook_ratios() -> None:
    """3 dB is a factor of two within 0.3 %, 10 dB a factor of ten, 0 dB none; arrays and floats alike."""
    assert units.db_to_frac(10.0) == pytest.approx(10.0)
    np.testing.assert_allclose(units.db_to_frac(np.array([0.0, 3.0])), [1.0, 2.0], rtol=3e-3)
    assert units.frac_to_db(100.0) == pytest.approx(20.0)


def test_dbm_is_referred_to_one_milliwatt() -> None:
    """30 dBm is 1 W; converting back returns the level."""
    assert units.dbm_to_mw(30.0) == pytest.approx(1000.0)
    assert units.mw_to_dbm(units.dbm_to_mw(46.0)) == pytest.approx(46.0)


def test_scales_of_power_length_and_time() -> None:
    """kW and W, m and km, s, min and h differ by the usual factors."""
    assert units.kw_to_w(units.w_to_kw(250.0)) == pytest.approx(250.0)
    assert units.w_to_kw(100.0) == pytest.approx(0.1)
    assert units.m_to_km(500.0) == pytest.approx(0.5)
    assert units.h_to_s(units.s_to_h(30.0)) == pytest.approx(30.0)
    assert units.min_to_h(15.0) == pytest.approx(0.25)
