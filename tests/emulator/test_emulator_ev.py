"""Cars: arrivals, chargers, prices (SPEC 3)."""

from __future__ import annotations

import numpy as np
import pytest

from emulator import ev_arrivals
from emulator.streams import Streams
from gridran.scenario.params import EvParams, EvSessions


def _timeline(scenario, seed=1):
    return ev_arrivals.drawn_timeline(scenario, Streams(seed).at("ev"))


def test_chargers_are_a_loss_system(scenario_of):
    """3 arrivals a day staying 3 h at one charger: the Erlang formula admits 1/(1 + 0.375) of them."""
    timeline = _timeline(scenario_of(rings=2))
    span_days = (ev_arrivals.WARM_UP_H + ev_arrivals.TIMELINE_H) / 24.0
    assert len(timeline.site) / (19 * span_days) == pytest.approx(3.0 / 1.375, rel=0.03)
    stay_h = timeline.departure_h - timeline.arrival_h
    assert stay_h.mean() == pytest.approx(3.0, rel=0.03)


def test_no_charger_is_taken_twice(scenario_of):
    """On each charger a session starts only after the one before has left."""
    timeline = _timeline(scenario_of(evse_count=2))
    for site in range(7):
        for evse in range(2):
            mine = (timeline.site == site) & (timeline.evse == evse)
            assert (timeline.arrival_h[mine][1:] >= timeline.departure_h[mine][:-1]).all()


def test_cars_have_the_drawn_properties(scenario_of):
    """Capacity N(60, 15) at least 15 kWh, SoC U(0.5, 0.8), reservation prices U(0.19, 1.53)."""
    timeline = _timeline(scenario_of(rings=2))
    assert timeline.capacity_kwh.min() >= 15.0
    assert timeline.capacity_kwh.mean() == pytest.approx(60.0, rel=0.02)
    assert timeline.capacity_kwh.std() == pytest.approx(15.0, rel=0.04)
    assert (timeline.soc_frac.min(), timeline.soc_frac.max()) == pytest.approx((0.5, 0.8), abs=0.01)
    assert (timeline.reservation_usd_per_kwh <= 0.5).mean() == pytest.approx(0.23, abs=0.02)
    assert (timeline.reservation_usd_per_kwh <= 1.01).mean() == pytest.approx(0.61, abs=0.02)


def test_time_zero_is_in_the_steady_state(scenario_of):
    """Occupancy at time 0 over many seeds is the loss system's 0.375/1.375."""
    scenario = scenario_of(rings=2, ues=1)
    occupied = []
    for seed in range(12):
        timeline = _timeline(scenario, seed)
        now = (timeline.arrival_h <= 0.0) & (timeline.departure_h > 0.0)
        occupied.append(now.sum() / 19.0)
    assert np.mean(occupied) == pytest.approx(0.375 / 1.375, abs=0.06)


def test_initial_count_reading_parks_cars_once(scenario_of):
    """With a mean initial count all cars stand there at time 0, at most one per charger, and nobody follows."""
    timeline = _timeline(scenario_of(evse_count=5, ev=EvParams(initial_count_mean=3.0)))
    assert (timeline.arrival_h == 0.0).all()
    assert 7 * 1.5 < len(timeline.site) <= 7 * 5
    assert np.bincount(timeline.site, minlength=7).max() <= 5


def test_sessions_from_a_file_are_taken_as_they_are(scenario_of):
    """The file's sessions come at their sites and times; the second finds the charger occupied and leaves."""
    sessions = EvSessions(
        np.array([2, 2, 2]), np.array([0.5, 0.6, 1.2]), np.array([1.0, 3.0, 2.0]), np.full(3, 50.0), np.full(3, 0.6)
    )
    timeline = _timeline(scenario_of(ev_sessions=sessions))
    assert timeline.arrival_h.tolist() == [0.5, 1.2]
    assert timeline.site.tolist() == [2, 2]


def test_fleet_follows_the_timeline(scenario_of):
    """A car is plugged in from its arrival to its departure, with the energy it brought."""
    sessions = EvSessions(np.array([1]), np.array([0.5]), np.array([1.0]), np.array([50.0]), np.array([0.6]))
    scenario = scenario_of(ev_sessions=sessions)
    timeline, fleet = _timeline(scenario), ev_arrivals.empty_fleet(scenario.network)
    fleet = ev_arrivals.at_time(timeline, fleet, 0.49)
    assert not ev_arrivals.connected(fleet).any()
    fleet = ev_arrivals.at_time(timeline, fleet, 0.5)
    assert ev_arrivals.connected(fleet).sum(axis=1).tolist() == [0, 1, 0, 0, 0, 0, 0]
    assert fleet.energy_kwh[1, 0] == pytest.approx(30.0)
    assert ev_arrivals.usable_kwh(scenario.ev, timeline, fleet)[1, 0] == pytest.approx(50.0 * (0.6 - 0.33))
    fleet = ev_arrivals.at_time(timeline, fleet, 1.0)
    assert not ev_arrivals.connected(fleet).any()
    assert fleet.energy_kwh.sum() == 0.0


def test_a_session_shorter_than_the_step_never_shows(scenario_of):
    """A car that came and went between two looks is not plugged in."""
    sessions = EvSessions(np.array([1]), np.array([0.1]), np.array([0.2]), np.array([50.0]), np.array([0.6]))
    scenario = scenario_of(ev_sessions=sessions)
    fleet = ev_arrivals.at_time(_timeline(scenario), ev_arrivals.empty_fleet(scenario.network), 0.3)
    assert not ev_arrivals.connected(fleet).any()
    assert fleet.admitted == 1


def test_each_car_counts_once_as_asked_and_once_as_accepting(scenario_of):
    """Repeated and rising offers to one car are one offer, and one acceptance when its price is reached."""
    sessions = EvSessions(np.array([0]), np.array([0.0]), np.array([9.0]), np.array([50.0]), np.array([0.6]))
    scenario = scenario_of(ev_sessions=sessions, ev=EvParams(reservation_usd_per_kwh=(0.7, 0.7 + 1e-12)))
    timeline = _timeline(scenario)
    fleet = ev_arrivals.at_time(timeline, ev_arrivals.empty_fleet(scenario.network), 0.0)
    for price, accepted in ((0.5, 0), (0.6, 0), (0.8, 1), (0.9, 1)):
        fleet = ev_arrivals.offered(timeline, fleet, np.full(7, price))
        assert fleet.offers_made.tolist() == [1, 0, 0, 0, 0, 0, 0]
        assert fleet.offers_accepted[0] == accepted
