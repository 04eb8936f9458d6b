"""The true channel: its stationary statistics and how it changes along a walk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emulator import channel as channels
from emulator.area import area_of, distance_m, uniform_points
from emulator.streams import Streams
from gridran.radio.pathloss import uma_los_db, uma_los_probability, uma_nlos_db
from gridran.types import RadioParams


@pytest.fixture
def network(scenario_of):
    return scenario_of(rings=1).network


@pytest.fixture
def xy_m(network):
    return uniform_points(area_of(network), 3000, Streams(5).at("points"))


def _site_order_gain_db(channel):
    gain = np.empty_like(channel.neighbour_gain_db)
    np.put_along_axis(gain, channel.neighbour_site[:, :, None], channel.neighbour_gain_db, axis=1)
    return gain


def _shadow_db(network, channel, xy_m):
    """Residual of the gain against path loss, in LOS and in NLOS; one of them is the true shadowing."""
    d = distance_m(xy_m, network.site_xy_m)
    gain = _site_order_gain_db(channel)
    los = np.stack([uma_los_db(d, b.carrier_mhz, 25.0, 1.5) for b in network.bands], axis=2) + gain
    nlos = np.stack([uma_nlos_db(d, b.carrier_mhz, 25.0, 1.5) for b in network.bands], axis=2) + gain
    return los, nlos


def test_line_of_sight_occurs_with_its_probability(network, xy_m):
    """Mean LOS share over all links equals the mean of P_LOS(d)."""
    channel = channels.initial_channel(network, xy_m, Streams(1).at("channel"))
    los_db, _ = _shadow_db(network, channel, xy_m)
    is_los = np.ptp(los_db, axis=2) < 1e-9  # only the true path loss leaves the same shadowing on every band
    d = distance_m(xy_m, network.site_xy_m)
    far = d > 50.0
    assert is_los[far].mean() == pytest.approx(uma_los_probability(d, 1.5)[far].mean(), abs=0.02)


def test_shadowing_is_standard_normal_times_sigma_and_common_to_all_bands(network, xy_m):
    """NLOS links scatter by 6 dB around the NLOS path loss, alike on every band."""
    channel = channels.initial_channel(network, xy_m, Streams(1).at("channel"))
    los_db, nlos_db = _shadow_db(network, channel, xy_m)
    nlos = np.ptp(los_db, axis=2) > 1e-9
    assert np.ptp(nlos_db[nlos], axis=1).max() < 1e-9
    assert nlos_db[nlos].std() == pytest.approx(6.0, rel=0.03)


def test_sites_share_half_of_the_shadowing(network, xy_m):
    """Correlation 0.5 between two sites at one user (TR 36.942)."""
    channel = channels.initial_channel(network, xy_m, Streams(1).at("channel"))
    correlation = np.corrcoef(channel.shadow_normal.T)
    assert correlation[np.triu_indices(7, 1)] == pytest.approx(np.full(21, 0.5), abs=0.05)


def test_shadowing_decorrelates_with_distance_walked(network, xy_m):
    """After 40 m the correlation lies between e^(−40/37) (LOS) and e^(−40/50) (NLOS); site correlation stays."""
    before = channels.initial_channel(network, xy_m, Streams(1).at("channel"))
    channel, place = before, xy_m
    for k in range(4):
        place_next = place + np.array([10.0, 0.0])
        channel = channels.next_channel(network, channel, place, place_next, Streams(1).at("channel", k + 1))
        place = place_next
    kept = np.corrcoef(before.shadow_normal.ravel(), channel.shadow_normal.ravel())[0, 1]
    assert np.exp(-40.0 / 37.0) - 0.02 < kept < np.exp(-40.0 / 50.0) + 0.02
    state_kept = np.corrcoef(before.los_normal.ravel(), channel.los_normal.ravel())[0, 1]
    assert state_kept == pytest.approx(np.exp(-40.0 / 50.0), abs=0.03)
    assert np.corrcoef(channel.shadow_normal.T)[np.triu_indices(7, 1)].mean() == pytest.approx(0.5, abs=0.04)
    assert channel.shadow_normal.std() == pytest.approx(1.0, abs=0.03)


def test_who_stands_still_keeps_the_channel(network, xy_m):
    """Only users that moved get a new channel."""
    before = channels.initial_channel(network, xy_m, Streams(1).at("channel"))
    moved = xy_m.copy()
    moved[7] += 3.0
    after = channels.next_channel(network, before, xy_m, moved, Streams(1).at("channel", 1))
    same = (after.received_mw == before.received_mw).all(axis=(1, 2))
    assert np.flatnonzero(~same).tolist() == [7]
    assert channels.next_channel(network, before, xy_m, xy_m, Streams(1).at("channel", 1)) is before


def test_neighbours_are_sorted_at_the_lowest_band_and_cut_to_k(network, xy_m):
    """The first report lists the K strongest at 800 MHz, strongest first."""
    four = replace(network, radio=RadioParams(measured_sites=4))
    channel = channels.initial_channel(four, xy_m, Streams(1).at("channel"))
    assert channel.neighbour_site.shape == (3000, 4)
    assert (np.diff(channel.neighbour_gain_db[:, :, 0], axis=1) <= 0.0).all()
    loudest = channels.initial_channel(network, xy_m, Streams(1).at("channel")).received_mw[:, :, 0].argmax(axis=1)
    assert (channel.own_site == loudest).all()


def test_own_cell_changes_only_beyond_the_handover_margin(network, xy_m):
    """A walk moves a user to another cell only where that is 3 dB stronger; then it is the strongest."""
    before = channels.initial_channel(network, xy_m, Streams(1).at("channel"))
    after = channels.next_channel(network, before, xy_m, xy_m + 8.0, Streams(1).at("channel", 1))
    gain = _site_order_gain_db(after)[:, :, 0]
    users = np.arange(len(xy_m))
    lead_db = gain.max(axis=1) - gain[users, before.own_site]
    changed = after.own_site != before.own_site
    assert changed.any()
    assert (changed == (lead_db > channels.HANDOVER_MARGIN_DB)).all()
    assert (after.own_site[changed] == gain[changed].argmax(axis=1)).all()
