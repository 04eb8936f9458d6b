"""In a large network users hear the sites around them; what they hear behaves as in a small one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from emulator import channel as channels
from emulator import hearing
from emulator.area import area_of, uniform_points
from emulator.hearing import Heard, Hearing, hearing_of, places
from emulator.radio_delivery import Radio, deliver, full_rate_mbps
from emulator.streams import Streams
from emulator.world import initial


@pytest.fixture
def few_heard(monkeypatch):
    """Every cell hears seven sites."""
    monkeypatch.setattr(hearing, "MOST_SITES", 7)


def test_places_by_hand():
    """Where each wanted site stands in its own row; -1 for one that is not there, and for nobody."""
    rows = np.array([[1, 4, 9], [0, 2, 3]])
    wanted = np.array([[9, 2, 1, -1], [9, 2, 0, -1]])
    assert places(rows, wanted).tolist() == [[2, -1, 0, -1], [-1, 1, 0, -1]]


def test_a_small_network_is_heard_as_a_whole(scenario_of):
    """19 sites need no lists."""
    assert hearing_of(scenario_of(rings=2).network) is None


def test_users_hear_the_sites_nearest_to_their_cell(scenario_of, few_heard):
    """The centre's users hear it and its ring, sites in ascending order."""
    network = scenario_of(rings=2).network
    found = hearing_of(network)
    centre = int(np.argmin(np.hypot(*network.site_xy_m.T)))
    ring = np.flatnonzero(network.site_distance_m[centre] < 600.0)
    assert found.at(network.site_xy_m[[centre]] + 20.0).site.tolist() == [ring.tolist()]


@pytest.mark.parametrize("seed", range(3))
def test_lists_of_everybody_change_nothing(scenario_of, seed):
    """Delivery over explicit lists of all sites is that without lists."""
    world = initial(scenario_of(ues=150), seed)
    network = world.scenario.network
    granted = np.repeat(world.demand_mbps[:, None] / 2.0, network.band_count, axis=1)
    live = np.random.default_rng(seed).random((7, network.band_count)) < 0.8
    helping, full = np.zeros(7, dtype=bool), np.ones(live.shape)
    own, classes = world.channel.own_site, world.users.service_class
    plain = Radio(network, world.channel.received_mw, None, own, granted, classes, live, helping, full)
    nothing = np.zeros((7, 7, network.band_count))
    every = Heard(Hearing(np.tile(np.arange(7), (7, 1)), nothing, cKDTree(network.site_xy_m)), own)
    one, other = deliver(plain, full * 0.3), deliver(replace(plain, heard=every), full * 0.3)
    assert other.rate_mbps == pytest.approx(one.rate_mbps)
    assert other.prb_used_frac == pytest.approx(one.prb_used_frac)


def test_a_user_served_by_a_site_that_it_does_not_hear_gets_nothing(scenario_of, few_heard):
    """A control may name any site."""
    world = initial(scenario_of(rings=2, ues=60), 1)
    network, heard = world.scenario.network, world.channel.heard
    far = np.array([np.setdiff1d(np.arange(19), row)[0] for row in heard.site])
    on, granted = np.ones((19, network.band_count), dtype=bool), np.full((60, network.band_count), 0.1)
    radio = Radio(
        network,
        world.channel.received_mw,
        heard,
        far,
        granted,
        world.users.service_class,
        on,
        np.zeros(19, dtype=bool),
        np.ones(on.shape),
    )
    assert not deliver(radio, np.zeros(on.shape)).rate_mbps.any()


def test_links_outlive_a_change_of_cell(scenario_of, few_heard):
    """Users who step over to another cell keep the processes of the sites that they hear in both; new links have the
    stationary distribution, and share their user's common shadowing."""
    network = scenario_of(rings=2).network
    border_m = np.array([250.0, 0.0]) + np.linspace(-100.0, 100.0, 2000)[:, None] * np.array([0.0, 1.0])
    step_m = np.array([5e-4, 0.0])
    before = channels.initial_channel(network, border_m - step_m, Streams(3).at("channel"))
    after = channels.next_channel(network, before, border_m - step_m, border_m + step_m, Streams(3).at("channel", 1))
    assert (before.heard.cell != after.heard.cell).all()
    place = places(before.heard.site, after.heard.site)
    kept = place >= 0
    assert 0 < kept.mean() < 1
    for name in ("shadow_normal", "los_normal"):
        old = np.take_along_axis(getattr(before, name), np.maximum(place, 0), axis=1)
        assert np.abs(getattr(after, name) - old)[kept].max() < 0.05
        assert getattr(after, name)[~kept].std() == pytest.approx(1.0, abs=0.05)
        assert getattr(after, name)[~kept].mean() == pytest.approx(0.0, abs=0.08)
    shadow, new = after.shadow_normal, np.argmin(kept, axis=1)
    rows, old = np.arange(len(new)), np.argmax(kept, axis=1)
    both = np.corrcoef(shadow[rows, old], shadow[rows, new])[0, 1]
    assert both == pytest.approx(channels.SITE_CORRELATION, abs=0.06)


def test_a_run_with_lists_goes_on(scenario_of, few_heard):
    """Own cells are among the sites heard, whatever way users went."""
    world = initial(scenario_of(rings=2, ues=80), 2)
    network, xy_m, channel = world.scenario.network, world.walks.xy_m, world.channel
    for step in range(20):
        ahead_m = xy_m + Streams(4).at("walk", step).normal(0.0, 60.0, xy_m.shape)
        channel = channels.next_channel(network, channel, xy_m, ahead_m, Streams(4).at("channel", step))
        xy_m = ahead_m
        assert (places(channel.heard.site, channel.neighbour_site) >= 0).all()
        assert (np.diff(channel.heard.site, axis=1) > 0).all()


def test_far_sites_count_on_average(scenario_of, monkeypatch):
    """What users of 91 sites get on a whole carrier, every site busy, is on average what they get when each site fades
    on its own; without the far sum it would be more."""
    network = scenario_of(rings=5).network
    xy_m = uniform_points(area_of(network), 4000, Streams(6).at("points"))
    busy, bands = np.full((91, network.band_count), 0.5), network.band_count

    def mean_mbps(most, far=1.0):
        monkeypatch.setattr(hearing, "MOST_SITES", most)
        channel = channels.initial_channel(network, xy_m, Streams(6).at("channel"))
        heard = channel.heard
        if heard is not None:
            heard = Heard(replace(heard.hearing, far_mw=heard.hearing.far_mw * far), heard.cell)
        radio = Radio(
            network,
            channel.received_mw,
            heard,
            channel.own_site,
            np.zeros((len(xy_m), bands)),
            np.zeros(len(xy_m), dtype=np.int64),
            np.ones((91, bands), dtype=bool),
            np.zeros(91, dtype=bool),
            np.ones((91, bands)),
        )
        return full_rate_mbps(radio, busy).sum(axis=1).mean()

    whole = mean_mbps(91)
    assert mean_mbps(19) == pytest.approx(whole, rel=0.02)
    assert mean_mbps(19, far=0.0) > 1.02 * mean_mbps(19)
