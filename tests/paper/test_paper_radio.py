"""The paper's radio equations (1), (5)-(9) and the quoted constants, one test each."""

from __future__ import annotations

import numpy as np
import pytest

from gridran.radio.coverage import effective_radius_m, in_reach, kappa_frac
from gridran.radio.geometry import disk_overlap_frac, hex_sites_xy_m
from gridran.radio.rate import full_band_rate_mbps
from gridran.radio.sinr import noise_mw, received_mw, sinr_frac
from gridran.scenario.params import Scenario
from gridran.types import Network, SiteMode


@pytest.mark.parametrize(("distance_m", "kappa"), [(500.0, 1.0), (866.0, 0.32), (1000.0, 0.09)])
def test_eq_1_assistance_potential_of_the_three_neighbour_distances(distance_m: float, kappa: float) -> None:
    """κ is 1.0, 0.32 and 0.09 at 500, 866 and 1000 m with radii of 800 and 289 m (SPEC 2)."""
    assert float(disk_overlap_frac(distance_m, 800.0, 500.0 / 3.0**0.5)) == pytest.approx(kappa, abs=0.006)


def test_eq_1_is_directional_and_ends_at_the_cooperation_radius(paper_scenario: Scenario) -> None:
    """κ_ij is zero on the diagonal and beyond R_coop = 1 km, positive for every nearer pair."""
    network = paper_scenario.network
    kappa = kappa_frac(network)
    near = (network.site_distance_m <= 1000.0 + 1e-6) & ~np.eye(19, dtype=bool)
    assert (kappa[near] > 0).all()
    assert not kappa[~near].any()


def test_eq_5_radius_by_mode(paper_scenario: Scenario) -> None:
    """289 m normal, 800 m helping, 144 m assisted, 0 asleep."""
    network = paper_scenario.network
    mode = np.array([*SiteMode, *[SiteMode.NORMAL] * 15], dtype=np.int64)
    assert effective_radius_m(network, mode)[:4] == pytest.approx([288.7, 800.0, 144.3, 0.0], abs=0.1)


def test_eq_6_reach_by_distance_and_own_cell(small_network: Network) -> None:
    """A user 400 m away is beyond a normal site and inside a helper, and always in its own cell unless that rests."""
    user = small_network.site_xy_m[:1] + np.array([[400.0, 0.0]])
    neighbours = np.array([[1, 0]])
    normal = np.zeros(7, dtype=np.int64)
    assert not in_reach(small_network, normal, user, neighbours)[0, 1]
    helping = np.where(np.arange(7) == 0, int(SiteMode.HELPING), 0)
    assert in_reach(small_network, helping, user, neighbours)[0, 1]
    own = np.array([[0, 1]])
    assert in_reach(small_network, normal, user, own)[0, 0]
    for mode in (SiteMode.ASSISTED, SiteMode.DEEP_SLEEP):
        resting = np.where(np.arange(7) == 0, int(mode), 0)
        assert not in_reach(small_network, resting, user, own)[0, 0]


def test_eq_7_sinr_of_two_sites_by_hand(small_network: Network) -> None:
    """P·G over noise plus the neighbour's P·G times its activity; a silent neighbour leaves the noise alone."""
    gain_db = np.full((1, 2, small_network.band_count), -110.0)
    gain_db[0, 1] -= 3.0
    neighbours = np.array([[0, 1]])
    power, noise = received_mw(small_network, gain_db), noise_mw(small_network)
    for activity in (0.0, 0.4, 1.0):
        busy = np.full((7, small_network.band_count), activity)
        sinr = sinr_frac(small_network, gain_db, neighbours, busy)
        assert sinr[0, 0] == pytest.approx(power[0, 0] / (noise + activity * power[0, 1]), rel=1e-9)


def test_eq_7_noise_is_thermal_with_a_figure_of_7_db(paper_scenario: Scenario) -> None:
    """Over 10 MHz: -174 + 70 + 7 = -97 dBm."""
    assert 10 * np.log10(noise_mw(paper_scenario.network)[0]) == pytest.approx(-97.0, abs=1e-9)


def test_eq_8_shannon_over_three_pooled_sectors(small_network: Network) -> None:
    """At SINR 1 a carrier of B MHz gives 3·B Mbps while that is below the nominal capacity."""
    sinr = np.ones((1, 1, small_network.band_count))
    rate = full_band_rate_mbps(small_network, sinr, np.zeros(7, dtype=np.bool_), np.array([[0]]))
    assert rate[0, 0] == pytest.approx([30.0, 60.0, 60.0, 300.0])


def test_eq_9_nominal_capacity_and_the_helpers_loss(small_network: Network) -> None:
    """At high SINR the nominal 50/100/120/500 Mbps bind, 5 % less at a helper."""
    sinr = np.full((1, 1, small_network.band_count), 1e4)
    helping = np.zeros(7, dtype=np.bool_)
    site = np.array([[0]])
    assert full_band_rate_mbps(small_network, sinr, helping, site)[0, 0] == pytest.approx([50, 100, 120, 500])
    helping[0] = True
    lossy = full_band_rate_mbps(small_network, sinr, helping, site)[0, 0]
    assert lossy == pytest.approx([47.5, 95.0, 114.0, 475.0])


def test_gamma_min_of_minus_6_db(small_network: Network) -> None:
    """A carrier below -6 dB carries nothing, one just above it does."""
    sinr = 10 ** (np.array([-6.01, -5.99, -6.01, -5.99]) / 10).reshape(1, 1, 4)
    rate = full_band_rate_mbps(small_network, sinr, np.zeros(7, dtype=np.bool_), np.array([[0]]))[0, 0]
    assert (rate > 0).tolist() == [False, True, False, True]


@pytest.mark.parametrize(("rings", "sites"), [(0, 1), (1, 7), (2, 19), (3, 37)])
def test_sites_of_a_hexagonal_layout(rings: int, sites: int) -> None:
    """Two rings make the paper's 19 sites, each 500 m from its nearest neighbour."""
    xy_m = hex_sites_xy_m(rings, 500.0)
    assert len(xy_m) == sites
    if rings:
        distance = np.hypot(*(xy_m[:, None] - xy_m[None]).transpose(2, 0, 1)) + 1e9 * np.eye(sites)
        assert distance.min(axis=1) == pytest.approx(500.0)
