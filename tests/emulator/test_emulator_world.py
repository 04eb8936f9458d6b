"""The world as a whole: invariants of a run, pairing of trials, watchdog, faults, telemetry."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from emulator.streams import Streams
from emulator.watchdog import SAFE_STATE
from emulator.world import advance, close_window, initial, observe, telemetry
from gridran.scenario.params import EvParams, EvSessions, Fault, GridParams, PvParams, PvProfile
from gridran.types import Battery, ShedReason, SiteMode

DT_H = 1.0 / 120.0
SMALL = Battery(capacity_kwh=1.0)


def _same(a, b):
    return all(np.array_equal(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))


def test_same_seed_same_run(scenario_of, run):
    """Two runs of one seed agree to the last bit; another seed gives another world."""
    first, second, other = (run(scenario_of(), 5, seed=s)[1] for s in (4, 4, 5))
    assert all(_same(a, b) for a, b in zip(first, second, strict=True))
    assert not np.array_equal(first[-1].demand_mbps, other[-1].demand_mbps)


def test_trials_are_paired_over_controls(scenario_of, own_cell):
    """Users, walks, demands, own cells, cars and sun are the same whatever the control does."""
    scenario = scenario_of(pv_kwp=2.0, ev=EvParams(arrivals_per_site_day=40.0))
    served = asleep = initial(scenario, 2)
    asleep_control = {
        "mode": np.full(7, SiteMode.DEEP_SLEEP),
        "band_on": np.zeros((7, 4), dtype=bool),
        "v2g_kw": np.full(7, 7.0),
        "price_usd_per_kwh": np.full(7, 2.0),
    }
    for _ in range(20):
        served, _ = advance(served, own_cell(served), DT_H, Streams(2))
        asleep, _ = advance(asleep, own_cell(asleep, **asleep_control), DT_H, Streams(2))
        a, b = observe(served), observe(asleep)
        for name in ("demand_mbps", "ue_xy_m", "neighbour_site", "gain_db", "ev_connected", "pv_kw", "grid_up"):
            assert np.array_equal(getattr(a, name), getattr(b, name)), name
    assert (asleep.soc_frac >= served.soc_frac).all()


def test_a_run_to_exhaustion_keeps_every_invariant(scenario_of, run):
    """From full service to a dead network: ledger, SoC band, grants, and dead sites that serve nobody."""
    _, outcomes = run(scenario_of(battery=SMALL, ev=EvParams(arrivals_per_site_day=24.0)), 60, v2g_kw=5.0, price=0.8)
    assert outcomes[0].site_up.all()
    assert not outcomes[-1].site_up.all()
    for o in outcomes:
        assert o.ledger_error_kwh < 1e-9
        assert (o.soc_frac >= 0.2 - 1e-12).all()
        assert (o.soc_frac <= 1.0).all()
        assert (o.served_mbps <= o.demand_mbps * (1.0 + 1e-9)).all()
        assert (o.load_kw[~o.site_up] == 0.0).all()
        assert (o.prb_used_frac[~o.site_up] == 0.0).all()
        dead = (o.ue_site < 0) & (o.served_mbps <= 0.0)
        assert (o.shed_reason[dead] == ShedReason.SITE_DOWN).all()
        assert (o.v2g_kw <= 7.0 + 1e-9).all()


def test_medium_load_draws_what_the_spec_says(scenario_of, run):
    """At m = 1 a site draws about 1.86 kW at medium load, everybody served (SPEC 3)."""
    _, outcomes = run(scenario_of(rings=2, ues=1000, site_scale=1.0), 4)
    assert np.mean([o.load_kw.mean() for o in outcomes]) == pytest.approx(1.86, rel=0.08)
    full = outcomes[-1].served_mbps >= outcomes[-1].demand_mbps * (1.0 - 1e-6)
    assert full.mean() >= 0.98


def test_a_power_limit_throttles_but_energy_decides_over_life(scenario_of, run):
    """A site with energy whose load is above its battery's power runs at that power, and sheds the least important."""
    limited = Battery(discharge_limit_kw=3.5)
    _, free = run(scenario_of(rings=1, ues=400), 1)
    _, held = run(scenario_of(rings=1, ues=400, battery=limited), 20)
    assert all(o.site_up.all() and (o.load_kw <= 3.5 + 1e-9).all() for o in held)
    hot = free[0].load_kw > 3.5
    assert hot.any()
    assert held[0].load_kw[hot] == pytest.approx(np.full(hot.sum(), 3.5), rel=0.08)
    voice = held[0].service_class <= 1
    assert (held[0].served_mbps[voice] >= held[0].demand_mbps[voice] * (1.0 - 1e-6)).all()
    shed = held[0].shed_reason != ShedReason.SERVED
    assert shed.any()
    assert (held[0].shed_reason[shed] == ShedReason.POWER_BUDGET).all()


def test_a_site_returns_at_the_restart_margin(scenario_of, own_cell):
    """A dead site charged by a car stays off until SOC_min + 0.02, then serves again."""
    sessions = EvSessions(np.array([0]), np.array([0.0]), np.array([99.0]), np.array([60.0]), np.array([0.8]))
    battery = Battery(capacity_kwh=20.0, initial_soc_frac=0.2)
    scenario = scenario_of(battery=battery, ev_sessions=sessions, ev=EvParams(reservation_usd_per_kwh=(0.1, 0.2)))
    world = initial(scenario, 1)
    world, first = advance(world, own_cell(world), DT_H, Streams(1))
    assert not first.site_up.any()
    history = []
    for _ in range(12):
        world, outcome = advance(world, own_cell(world, v2g_kw=np.full(7, 7.0)), DT_H, Streams(1))
        history.append((bool(outcome.site_up[0]), world.soc_frac[0]))
    came_up = [up for up, _ in history].index(True)
    assert came_up > 0
    assert history[came_up - 1][1] >= 0.22
    assert all(soc < 0.22 for _, soc in history[: came_up - 1])


def test_acceptance_in_the_report_is_that_of_the_standing_offer(scenario_of, own_cell):
    """A raised price shows in ev_accepting one period later, and sells at once."""
    sessions = EvSessions(np.array([3]), np.array([0.0]), np.array([9.0]), np.array([60.0]), np.array([0.8]))
    scenario = scenario_of(ev_sessions=sessions, ev=EvParams(reservation_usd_per_kwh=(0.7, 0.7 + 1e-9)))
    world = initial(scenario, 1)
    assert not observe(world).ev_accepting.any()
    control = own_cell(world, price_usd_per_kwh=np.full(7, 0.9), v2g_kw=np.full(7, 4.0))
    world, outcome = advance(world, control, DT_H, Streams(1))
    assert outcome.v2g_kw.tolist() == [0.0, 0.0, 0.0, pytest.approx(4.0), 0.0, 0.0, 0.0]
    assert observe(world).ev_accepting.tolist() == [False, False, False, True, False, False, False]
    assert telemetry(world).offers_made.tolist() == [0, 0, 0, 1, 0, 0, 0]
    assert telemetry(world).offers_accepted.tolist() == [0, 0, 0, 1, 0, 0, 0]


def test_watchdog_holds_once_then_goes_safe(scenario_of, own_cell):
    """One silent period repeats the last control; the second is the safe state; a new control ends it."""
    world = initial(scenario_of(), 1)
    bands = np.ones((7, 4), dtype=bool)
    bands[:, 3] = False
    world, _ = advance(world, own_cell(world, band_on=bands), DT_H, Streams(1))
    world, held = advance(world, None, DT_H, Streams(1))
    assert held.strategy == "hand-made"
    assert not held.band_on[:, 3].any()
    assert (held.served_mbps <= held.demand_mbps * (1.0 + 1e-9)).all()
    world, safe = advance(world, None, DT_H, Streams(1))
    assert safe.strategy == SAFE_STATE
    assert safe.band_on.all()
    assert (safe.ue_site == safe.own_site).all()
    world, _ = advance(world, own_cell(world, band_on=bands), DT_H, Streams(1))
    _, again = advance(world, None, DT_H, Streams(1))
    assert again.strategy == "hand-made"


def test_without_any_control_the_node_is_safe_from_the_start(scenario_of):
    """There is no last control to hold before the first."""
    _, outcome = advance(initial(scenario_of(), 1), None, DT_H, Streams(1))
    assert outcome.strategy == SAFE_STATE


def test_a_lost_control_is_no_control(scenario_of, own_cell):
    """While a "control-lost" fault lasts, the watchdog acts although a control was sent."""
    scenario = scenario_of(faults=(Fault("control-lost", 0.0, 0.02),))
    world = initial(scenario, 1)
    strategies = []
    for _ in range(4):
        world, outcome = advance(world, own_cell(world), DT_H, Streams(1))
        strategies.append(outcome.strategy)
    assert strategies == [SAFE_STATE] * 3 + ["hand-made"]


def test_a_broken_site_is_down_and_comes_back(scenario_of, own_cell):
    """A "site-down" fault takes one site off for its time; its battery is not used meanwhile."""
    scenario = scenario_of(faults=(Fault("site-down", 0.0, 0.01, "site-2"),))
    world = initial(scenario, 1)
    assert observe(world).site_up.tolist() == [True, True, False, True, True, True, True]
    up = []
    for _ in range(3):
        world, outcome = advance(world, own_cell(world), DT_H, Streams(1))
        up.append(bool(outcome.site_up[2]))
    assert up == [False, False, True]
    assert outcome.ledger_error_kwh < 1e-9


def test_window_means_are_those_of_its_periods(scenario_of, run):
    """Mean load over the window is the mean over outcomes; a closed window starts again."""
    world, outcomes = run(scenario_of(), 6)
    report = telemetry(world)
    assert report.window_h == pytest.approx(6 * DT_H)
    assert report.mean_load_kw == pytest.approx(np.mean([o.load_kw for o in outcomes], axis=0))
    offered = np.mean([np.bincount(o.own_site, o.demand_mbps, minlength=7) for o in outcomes], axis=0)
    assert report.mean_offered_mbps == pytest.approx(offered)
    assert telemetry(close_window(world)).window_h == 0.0


def test_first_telemetry_reports_the_offered_traffic_of_now(scenario_of):
    """Before the first period there is no mean; what users ask for at time 0 stands in."""
    world = initial(scenario_of(), 1)
    assert telemetry(world).mean_offered_mbps.sum() == pytest.approx(world.demand_mbps.sum())
    assert telemetry(world).mean_load_kw.sum() == 0.0


def test_handovers_count_changes_of_the_serving_site(scenario_of, own_cell):
    """The first attach is none; sending every user of one site elsewhere counts each of them."""
    world = initial(scenario_of(), 1)
    world, first = advance(world, own_cell(world), DT_H, Streams(1))
    assert first.handovers == 0
    second = np.where(world.attached_site == 0, 1, world.attached_site)
    moved = int((world.attached_site == 0).sum())
    _, outcome = advance(world, own_cell(world, ue_site=second), DT_H, Streams(1))
    assert outcome.handovers == moved > 0


def test_grid_power_ends_the_outage(scenario_of, run):
    """When the outage is over, sites import their load and charge; dead ones return."""
    scenario = scenario_of(battery=Battery(initial_soc_frac=0.2), grid=GridParams(outages_h=((0.0, 0.02),)))
    world, outcomes = run(scenario, 6)
    assert [bool(o.site_up.all()) for o in outcomes] == [False, False, False, True, True, True]
    assert (outcomes[-1].grid_import_kw > outcomes[-1].load_kw).all()
    assert (world.soc_frac > 0.2).all()


def test_outages_can_be_drawn(scenario_of):
    """With a mean up time, outages alternate exponentially and start with the grid up."""
    outages = initial(scenario_of(grid=GridParams(mean_up_h=20.0, mean_down_h=4.0)), 1).outages_h
    assert (outages[:, 0] < outages[:, 1]).all()
    assert (outages[1:, 0] > outages[:-1, 1]).all()
    assert (outages[:, 1] - outages[:, 0]).mean() == pytest.approx(4.0, rel=0.2)
    assert outages[0, 0] > 0.0


def test_sun_follows_the_clock_and_the_hourly_clouds(scenario_of):
    """At midday between 40 % and 100 % of a clear sky, the same cloud all hour, nothing at midnight."""
    noon = scenario_of(pv_kwp=3.0)
    noon = replace(noon, time=replace(noon.time, start_hour=12.0))
    clear = replace(noon, pv=PvParams(cloud_factor=(1.0, 1.0)))
    share = initial(noon, 1).pv_kw / initial(clear, 1).pv_kw
    assert 0.4 <= share[0] <= 1.0
    assert np.ptp(share) < 1e-12
    night = replace(noon, time=replace(noon.time, start_hour=0.0))
    assert initial(night, 1).pv_kw.sum() == 0.0


def test_a_measured_pv_profile_is_used_and_repeats(scenario_of, run):
    """Output follows the profile's rows and starts over after the last."""
    profile = PvProfile(0.5, np.array([0.0, 0.5, 1.0]))
    world = initial(scenario_of(pv_kwp=2.0, pv_profile=profile), 1)
    seen = [observe(world).pv_kw[0]]
    for _ in range(3):
        world, _ = advance(world, None, DT_H, Streams(1))
        seen.append(observe(world).pv_kw[0])
    assert seen == pytest.approx([0.0, 1.0, 2.0, 0.0])
