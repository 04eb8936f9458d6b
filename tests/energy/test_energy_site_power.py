"""Site power: limiting cases and invariants of Eqs. (2)-(4) and (11)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridran.energy import site_power
from gridran.types import Band, Network, PowerParams, Site, SiteMode

LOW = Band("low", 800.0, 10.0, 50.0, 46.0, 15.0, 80.0, 60.0, 140.0, 4.0, True)
HIGH = Band("high", 3700.0, 100.0, 500.0, 53.0, 24.0, 120.0, 400.0, 600.0, 0.0, False)
FRACTION = st.floats(0.0, 1.0)


def network(scale: float = 1.0) -> Network:
    sites = (Site("omni", 0.0, 0.0, sectors=1), Site("tri", 500.0, 0.0, sectors=3))
    return Network(sites, (LOW, HIGH), power=PowerParams(site_scale=scale))


def power_kw(net: Network, mode: int, on: bool, prb: float, volume_mbps: float) -> np.ndarray:
    full = np.ones((2, 2))
    return site_power.site_power_kw(net, np.full(2, mode), full * on > 0, full * prb, full * volume_mbps)


def test_idle_draw_counts_sectors() -> None:
    """A three-sector site at zero load draws three times what an omnidirectional one does."""
    np.testing.assert_allclose(power_kw(network(), SiteMode.NORMAL, True, 0.0, 0.0), [0.2, 0.6])


def test_volume_draw_does_not_count_sectors() -> None:
    """The site's volume is spread over its sectors, so one Mbps costs the same at every site."""
    extra = power_kw(network(), SiteMode.NORMAL, True, 0.0, 10.0) - power_kw(network(), SiteMode.NORMAL, True, 0.0, 0.0)
    np.testing.assert_allclose(extra, [0.04, 0.04])


def test_site_power_agrees_with_the_sum_over_sectors() -> None:
    """The site's draw is the sum of Eq. (2) over its sectors, each with an equal part of the volume."""
    by_sector_w = sum(site_power.sector_power_w(b, np.array(0.3), np.array(12.0 / 3)) for b in (LOW, HIGH))
    assert power_kw(network(), SiteMode.NORMAL, True, 0.3, 12.0)[1] == pytest.approx(3 * by_sector_w / 1000)


def test_all_bands_off_leaves_standby() -> None:
    """An awake site with every band off draws 0.45 of its zero-load power, whatever load is claimed."""
    off = power_kw(network(), SiteMode.ASSISTED, False, 0.7, 9.0)
    np.testing.assert_allclose(off, 0.45 * np.array([0.2, 0.6]))


def test_deep_sleep_is_not_scaled() -> None:
    """Deep sleep draws exactly 0.1 kW at m = 1 and at m = 2.5, even where bands are wrongly asked on."""
    for scale in (1.0, 2.5):
        assert (power_kw(network(scale), SiteMode.DEEP_SLEEP, True, 1.0, 50.0) == 0.1).all()


@settings(derandomize=True, max_examples=50, deadline=None)
@given(prb=FRACTION, volume_mbps=st.floats(0.0, 500.0), scale=st.floats(0.1, 5.0))
def test_awake_power_is_proportional_to_the_scale(prb: float, volume_mbps: float, scale: float) -> None:
    """m multiplies every watt of an awake site."""
    base = power_kw(network(), SiteMode.HELPING, True, prb, volume_mbps)
    np.testing.assert_allclose(power_kw(network(scale), SiteMode.HELPING, True, prb, volume_mbps), scale * base)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(low=FRACTION, high=FRACTION)
def test_power_grows_with_load_and_falls_by_switching_off(low: float, high: float) -> None:
    """More utilisation never draws less, and switching all bands off always draws less than leaving them on."""
    low, high = min(low, high), max(low, high)
    on_low = power_kw(network(), SiteMode.NORMAL, True, low, 0.0)
    assert (on_low <= power_kw(network(), SiteMode.NORMAL, True, high, 0.0) + 1e-12).all()
    assert (power_kw(network(), SiteMode.NORMAL, False, low, 0.0) < on_low).all()


def test_carrier_totals_ignore_users_without_a_site() -> None:
    """A user with site -1 adds nothing, and two users of one site add up."""
    ue_site = np.array([0, 1, 0, -1])
    rate = np.array([[1.0, 0.0], [2.0, 3.0], [4.0, 5.0], [9.0, 9.0]])
    volume, prb = site_power.carrier_totals(ue_site, rate, rate / 10, 2)
    np.testing.assert_allclose(volume, [[5.0, 5.0], [2.0, 3.0]])
    np.testing.assert_allclose(prb, volume / 10)


def test_utilisation_cannot_be_scaled_from_no_volume() -> None:
    """Taking over traffic on a carrier that had none is refused, not answered with a NaN."""
    with pytest.raises(ValueError, match="own_mbps"):
        site_power.effective_prb_frac(np.array([0.0]), np.array([0.0]), np.array([3.0]))
    idle = site_power.effective_prb_frac(np.array([0.0]), np.array([0.0]), np.array([0.0]))
    np.testing.assert_array_equal(idle, [0.0])
