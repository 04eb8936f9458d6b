"""In a large network users hear the sites around them; what they hear behaves as in a small one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emulator import channel as channels
from emulator import hearing
from emulator.area import area_of, uniform_points
from emulator.hearing import hearing_of, places
from emulator.radio_delivery import Radio, deliver
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
    assert found.sites(network.site_xy_m[[centre]] + 20.0).tolist() == [ring.tolist()]


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
    every = np.tile(np.arange(7), (150, 1))
    one, other = deliver(plain, full * 0.3), deliver(replace(plain, heard=every), full * 0.3)
    assert other.rate_mbps == pytest.approx(one.rate_mbps)
    assert other.prb_used_frac == pytest.approx(one.prb_used_frac)


def test_a_user_served_by_a_site_that_it_does_not_hear_gets_nothing(scenario_of, few_heard):
    """A control may name any site."""
    world = initial(scenario_of(rings=2, ues=60), 1)
    network, heard = world.scenario.network, world.channel.heard
    far = np.array([np.setdiff1d(np.arange(19), row)[0] for row in heard])
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
    stationary distribution."""
    network = scenario_of(rings=2).network
    before_m = uniform_points(area_of(network), 4000, Streams(3).at("points"))
    before = channels.initial_channel(network, before_m, Streams(3).at("channel"))
    after_m = before_m + np.array([1e-3, 0.0])
    jumped = before.hearing.sites(after_m)
    moved = (jumped != before.heard).any(axis=1)
    assert not moved.all()
    far_m = before_m + np.array([400.0, 0.0])
    after = channels.next_channel(network, before, before_m, after_m, Streams(3).at("channel", 1))
    place = places(before.heard, after.heard)
    kept = place >= 0
    old = np.take_along_axis(before.shadow_normal, np.maximum(place, 0), axis=1)
    assert np.abs(after.shadow_normal - old)[kept].max() < 0.05
    later = channels.next_channel(network, after, after_m, far_m, Streams(3).at("channel", 2))
    new = places(after.heard, later.heard) < 0
    assert new.mean() > 0.2
    assert later.shadow_normal[new].std() == pytest.approx(1.0, abs=0.05)
    assert later.los_normal[new].mean() == pytest.approx(0.0, abs=0.05)


def test_a_run_with_lists_goes_on(scenario_of, few_heard):
    """Own cells are among the sites heard, whatever way users went."""
    world = initial(scenario_of(rings=2, ues=80), 2)
    network, xy_m, channel = world.scenario.network, world.walks.xy_m, world.channel
    for step in range(20):
        ahead_m = xy_m + Streams(4).at("walk", step).normal(0.0, 60.0, xy_m.shape)
        channel = channels.next_channel(network, channel, xy_m, ahead_m, Streams(4).at("channel", step))
        xy_m = ahead_m
        assert (places(channel.heard, channel.neighbour_site) >= 0).all()
        assert (np.diff(channel.heard, axis=1) > 0).all()
