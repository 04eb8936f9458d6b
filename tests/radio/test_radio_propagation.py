"""TR 38.901 urban macro and plane geometry: textbook values, limits, vector = scalar."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridran.radio.geometry import disk_overlap_frac, hex_sites_xy_m, inside_hexagons
from gridran.radio.pathloss import SHADOW_LOS_DB, SHADOW_NLOS_DB, uma_los_db, uma_los_probability, uma_nlos_db


def test_line_of_sight_probability_values() -> None:
    """Certain up to 18 m; 18/d + e^(-d/63)(1 - 18/d) beyond: 0.350 at 100 m... falling towards 18/d."""
    assert uma_los_probability(10.0) == pytest.approx(1.0)
    assert uma_los_probability(18.0) == pytest.approx(1.0)
    assert uma_los_probability(100.0) == pytest.approx(0.18 + np.exp(-100 / 63) * 0.82)
    assert uma_los_probability(5000.0) == pytest.approx(18 / 5000, rel=1e-6)


def test_a_user_above_13_m_is_refused() -> None:
    """The table needs more than a distance there."""
    with pytest.raises(ValueError, match="13 m"):
        uma_los_probability(100.0, 20.0)


def test_free_space_like_slope_before_the_breakpoint() -> None:
    """At 200 m and 2 GHz: 28 + 22·log10(d_3D) + 20·log10(2); ten times the frequency costs 20 dB."""
    expected = 28 + 22 * np.log10(np.hypot(200.0, 23.5)) + 20 * np.log10(2.0)
    assert uma_los_db(200.0, 2000.0, 25.0, 1.5) == pytest.approx(expected)
    assert uma_los_db(100.0, 8000.0, 25.0, 1.5) - uma_los_db(100.0, 800.0, 25.0, 1.5) == pytest.approx(20.0)


def test_the_two_slopes_meet_at_the_breakpoint() -> None:
    """d'_BP = 4·24·0.5·f/c is 128 m at 800 MHz; the loss is continuous there."""
    breakpoint_m = 4 * 24 * 0.5 * 800e6 / 3e8
    below, above = (float(uma_los_db(breakpoint_m + step, 800.0, 25.0, 1.5)) for step in (-1e-6, 1e-6))
    assert below == pytest.approx(above, abs=1e-4)


@given(st.floats(10.0, 5000.0), st.sampled_from([800.0, 1800.0, 2600.0, 3700.0]))
def test_no_line_of_sight_never_loses_less(distance_m: float, carrier_mhz: float) -> None:
    """The blocked loss is at least the line-of-sight loss at every distance and carrier."""
    assert uma_nlos_db(distance_m, carrier_mhz, 25.0, 1.5) >= uma_los_db(distance_m, carrier_mhz, 25.0, 1.5)


def test_shadowing_deviations() -> None:
    """4 dB with line of sight, 6 dB without (Table 7.4.1-1)."""
    assert (SHADOW_LOS_DB, SHADOW_NLOS_DB) == (4.0, 6.0)


def test_vector_equals_scalar() -> None:
    """A vector of distances gives what each gives alone."""
    distances = np.array([20.0, 150.0, 900.0])
    for model in (uma_los_db, uma_nlos_db):
        alone = [float(model(d, 1800.0, 25.0, 1.5)) for d in distances]
        assert model(distances, 1800.0, 25.0, 1.5) == pytest.approx(alone)


@given(st.floats(0.0, 3000.0), st.floats(10.0, 900.0), st.floats(10.0, 900.0))
def test_disk_overlap_is_symmetric_in_area(distance_m: float, a_m: float, b_m: float) -> None:
    """|A ∩ B| is the same from both sides, between 0 and the smaller disk."""
    forth = float(disk_overlap_frac(distance_m, a_m, b_m)) * b_m**2
    back = float(disk_overlap_frac(distance_m, b_m, a_m)) * a_m**2
    assert forth == pytest.approx(back, rel=1e-6, abs=1e-3)
    assert -1e-6 <= forth <= min(a_m, b_m) ** 2 * (1 + 1e-9)


def test_points_inside_the_union_of_hexagons() -> None:
    """Site centres and the corner between three cells are inside, a point far out is not."""
    sites = hex_sites_xy_m(1, 500.0)
    assert inside_hexagons(sites, sites, 500.0).all()
    corner = np.array([[0.0, 500.0 / 3.0**0.5 - 1.0]])
    assert inside_hexagons(corner, sites, 500.0).all()
    assert not inside_hexagons(np.array([[2000.0, 0.0]]), sites, 500.0).any()


def test_bad_layouts_are_refused() -> None:
    """Negative rings and a distance of zero are errors."""
    with pytest.raises(ValueError, match="rings"):
        hex_sites_xy_m(-1, 500.0)
    with pytest.raises(ValueError, match="positive"):
        disk_overlap_frac(1.0, 1.0, 0.0)
