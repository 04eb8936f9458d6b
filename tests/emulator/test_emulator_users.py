"""Users, their homes, sessions and walks (SPEC 2)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emulator import mobility, traffic
from emulator.area import area_of, inside, uniform_points
from emulator.streams import Streams
from gridran.scenario.params import TrafficCounters, TrafficParams
from gridran.types import Network, ServiceClass, Site


def test_every_home_lies_inside_the_hexagons(scenario_of):
    """Hotspot tails that leave the service area are drawn again."""
    area = area_of(scenario_of(rings=2).network)
    home = traffic.hotspot_homes(TrafficParams(ue_count=3000), area, Streams(1).at("users"))
    assert home.shape == (3000, 2)
    assert inside(area, home).all()


def test_irregular_sites_use_discs_of_the_same_outer_radius(scenario_of):
    """Sites off the lattice serve ISD/√3 around them, ISD being the median nearest-neighbour distance."""
    sites = tuple(replace(s, x_m=s.x_m * (1.0 + 0.02 * i)) for i, s in enumerate(scenario_of().network.sites))
    area = area_of(Network(sites, scenario_of().network.bands))
    assert not area.hexagonal
    points = uniform_points(area, 500, Streams(1).at("points"))
    near = np.hypot(*(points[:, None] - area.site_xy_m[None]).transpose(2, 0, 1)).min(axis=1)
    assert near.max() <= area.isd_m / np.sqrt(3.0)


def test_a_lone_site_has_its_nominal_radius(scenario_of):
    """One site has no neighbour to measure an inter-site distance by."""
    network = scenario_of().network
    area = area_of(Network((Site("a", 0.0, 0.0),), network.bands))
    assert area.cell_radius_m == pytest.approx(network.cooperation.nominal_radius_m)


def test_hotspots_hold_their_share_of_users(scenario_of):
    """With σ = 20 m the 70 % of hotspot users stand apart from the 30 % spread over the whole area."""
    params = TrafficParams(ue_count=4000, hotspot_sigma_m=20.0)
    area = area_of(scenario_of(rings=2).network)
    home = traffic.hotspot_homes(params, area, Streams(3).at("users"))
    cell = np.round(home / 100.0).astype(int)
    _, count = np.unique(cell, axis=0, return_counts=True)
    crowded = count[count > 40].sum() / params.ue_count
    assert crowded == pytest.approx(0.7, abs=0.04)


def test_class_shares_are_exact():
    """1,000 users are 20 emergency, 150 voice, 500 essential and 330 best-effort, in an order that varies."""
    first, second = (traffic.class_of_users(TrafficParams(), Streams(s).at("users")) for s in (1, 2))
    assert np.bincount(first).tolist() == [20, 150, 500, 330]
    assert (first != second).any()


def test_session_means_are_those_of_the_distributions():
    """Log-normal means: 1.13 Mbps essential, 5.73 Mbps best-effort (the paper rounds); voice is constant."""
    service_class = np.repeat(np.arange(4), 60_000)
    mbps = traffic.drawn_sessions(TrafficParams(), service_class, Streams(1).at("users"))
    assert (mbps[service_class <= ServiceClass.VOICE] == 0.064).all()
    assert mbps[service_class == ServiceClass.ESSENTIAL].mean() == pytest.approx(1.133, rel=0.02)
    assert mbps[service_class == ServiceClass.BEST_EFFORT].mean() == pytest.approx(5.726, rel=0.02)


def test_sessions_last_five_minutes_on_average():
    """In 30 s a share 1 − e^(−0.1) of the sessions ends."""
    service_class = np.full(50_000, ServiceClass.ESSENTIAL)
    users = traffic.Users(service_class, np.zeros((50_000, 2)), np.ones(50_000))
    later = traffic.next_sessions(TrafficParams(), users, 1.0 / 120.0, Streams(1).at("sessions"))
    assert (later.session_mbps != 1.0).mean() == pytest.approx(1.0 - np.exp(-0.1), abs=0.005)


def test_day_profile_multiplies_demand_at_the_local_hour(scenario_of):
    """At 18:30 the factor lies half way between hours 18 and 19; midnight joins the ends."""
    profile = tuple(float(h) for h in range(24))
    scenario = scenario_of(traffic=TrafficParams(ue_count=10, day_profile=profile))
    assert traffic.day_factor(scenario, 0.5) == pytest.approx(18.5)
    assert traffic.day_factor(scenario, 5.5) == pytest.approx(11.5)


def test_counters_set_the_volume_of_each_site(scenario_of):
    """Demand of a site's own users adds up to its counter, row by row, repeated after the last row."""
    counters = TrafficCounters(15.0, np.array([[10.0] * 7, [20.0] * 7]))
    scenario = scenario_of(ues=700, traffic_counters=counters)
    area = area_of(scenario.network)
    users = traffic.initial_users(scenario, area, Streams(1).at("users"))
    own_site = np.arange(700) % 7
    for time_h, expected in ((0.0, 10.0), (0.25, 20.0), (0.5, 10.0)):
        demand = traffic.demand_mbps(scenario, users, own_site, time_h)
        assert np.bincount(own_site, demand) == pytest.approx(np.full(7, expected))


def test_counters_spread_users_over_sites_in_proportion(scenario_of):
    """A site with three quarters of the volume is home to three quarters of the users."""
    volume = np.array([[75.0] + [25.0 / 6.0] * 6])
    area = area_of(scenario_of().network)
    home = traffic.counter_homes(2000, area, TrafficCounters(15.0, volume), Streams(1).at("users"))
    near = np.hypot(*(home[:, None] - area.site_xy_m[None]).transpose(2, 0, 1)).argmin(axis=1)
    assert (near == 0).mean() == pytest.approx(0.75, abs=0.04)


def test_minimum_rates_follow_eq_10():
    """64 kbps for emergency and voice, at most 0.5 Mbps for essential, none for best-effort, never above demand."""
    rates = traffic.min_rate_mbps(TrafficParams(), np.array([0, 1, 2, 2, 3, 1]), np.array([1, 1, 0.3, 2, 5, 0.032]))
    assert rates.tolist() == [0.064, 0.064, 0.3, 0.5, 0.0, 0.032]


def test_walks_stay_near_home_and_inside(scenario_of):
    """Over two hours nobody leaves the service area or the roaming disc, and nobody outruns the walking speed."""
    params = TrafficParams(ue_count=300, pause_mean_s=30.0)
    area = area_of(scenario_of().network)
    home = uniform_points(area, 300, Streams(1).at("home"))
    walks = mobility.initial_walks(params, area, home, Streams(1).at("walks"))
    for k in range(240):
        later = mobility.next_walks(params, area, home, walks, 1.0 / 120.0, Streams(1).at("walks", k + 1))
        assert np.hypot(*(later.xy_m - walks.xy_m).T).max() <= params.speed_mps * 30.0 + 1e-9
        walks = later
        assert inside(area, walks.xy_m).all()
        assert np.hypot(*(walks.xy_m - home).T).max() <= params.roam_radius_m + 1e-9


def test_resting_share_is_in_the_steady_state_from_the_start(scenario_of):
    """The share of resting users at time 0 is the one an hour later."""
    params = TrafficParams(ue_count=4000, pause_mean_s=120.0)
    area = area_of(scenario_of().network)
    home = uniform_points(area, 4000, Streams(1).at("home"))
    walks = mobility.initial_walks(params, area, home, Streams(1).at("walks"))
    start = (walks.pause_s > 0.0).mean()
    for k in range(240):
        walks = mobility.next_walks(params, area, home, walks, 15.0 / 3600.0, Streams(1).at("walks", k + 1))
    # At the end of a step some of the resting arrived within it: the share may differ by a step's worth.
    assert (walks.pause_s > 0.0).mean() == pytest.approx(start, abs=0.06)
