"""Every strategy against every invariant, on the small network through a whole decline of its batteries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emulator.streams import Streams
from emulator.world import advance, initial, observe
from gridran.scenario.params import Scenario
from gridran.strategies import STRATEGIES
from gridran.types import ServiceClass, ShedReason, SiteMode
from studies.trial import Period, trial

HOURS_H = 1.0


@pytest.fixture(scope="module", params=list(STRATEGIES))
def periods(request: pytest.FixtureRequest, small_scenario: Scenario) -> list[Period]:
    """An hour from a charge of 23 %, so that batteries run empty; cars at every second site's charger."""
    sites = tuple(replace(s, battery=replace(s.battery, initial_soc_frac=0.23)) for s in small_scenario.network.sites)
    ev = replace(small_scenario.ev, arrivals_per_site_day=12.0)
    low = replace(small_scenario, network=replace(small_scenario.network, sites=sites), ev=ev)
    return list(trial(low, request.param, 3, HOURS_H))


def test_the_ledger_closes(periods: list[Period]) -> None:
    """No site's energy is out of balance by more than 1e-9 kWh in any period."""
    assert max(p.outcome.ledger_error_kwh for p in periods) <= 1e-9


def test_batteries_stay_inside_their_bounds(periods: list[Period]) -> None:
    """Charge is never below SoC_min nor above SoC_max; some battery comes near its floor."""
    charge = np.array([p.outcome.soc_frac for p in periods])
    assert charge.min() >= 0.2 - 1e-9
    assert charge.max() <= 1.0 + 1e-9
    assert charge.min() <= 0.225


def test_nobody_gets_more_than_it_asks_for(periods: list[Period]) -> None:
    """Served is at most granted, granted at most demanded."""
    for p in periods:
        assert p.control is not None
        granted = p.control.rate_mbps.sum(axis=1)
        assert (p.outcome.served_mbps <= granted + 1e-9).all()
        assert (granted <= p.outcome.demand_mbps * (1 + 1e-9)).all()


def test_no_critical_user_is_shed_beside_a_served_best_effort_user(periods: list[Period]) -> None:
    """Where a site lacks room or power for an emergency or voice user, it serves no best effort."""
    for p in periods:
        o = p.outcome
        short = np.isin(o.shed_reason, (ShedReason.NO_CAPACITY, ShedReason.POWER_BUDGET))
        starved = np.unique(o.ue_site[short & (o.service_class <= ServiceClass.VOICE) & (o.ue_site >= 0)])
        lucky = (o.service_class == ServiceClass.BEST_EFFORT) & (o.served_mbps > 0)
        assert not np.isin(o.ue_site[lucky], starved).any()


def test_carriers_follow_the_mode(periods: list[Period]) -> None:
    """A sleeping or dead site has no carrier on, an assisted one its low band only."""
    for p in periods:
        o = p.outcome
        assert not o.band_on[(o.mode == SiteMode.DEEP_SLEEP) | ~o.site_up].any()
        assert not o.band_on[o.mode == SiteMode.ASSISTED][:, 1:].any()


def test_a_dead_site_draws_and_serves_nothing(periods: list[Period]) -> None:
    """Down means no load and no user."""
    for p in periods:
        o = p.outcome
        assert not o.load_kw[~o.site_up].any()
        at_dead = (o.ue_site >= 0) & ~o.site_up[o.ue_site]
        assert not at_dead.any()


def test_a_policy_is_published_at_every_boundary(periods: list[Period]) -> None:
    """One policy every 15 minutes, never without one, and no note of a broken rule."""
    assert [p.outcome.period for p in periods if p.policy is not None] == [0, 30, 60, 90]
    assert not [n for p in periods for _, n in p.notes if n.kind in ("plan-rule-broken", "plan-failed")]


def test_trials_are_paired_over_strategies(small_scenario: Scenario) -> None:
    """The same seed gives the same users, walks and demands whatever the strategy decides."""
    first, second = (list(trial(small_scenario, name, 7, 0.1)) for name in ("independent", "msrc"))
    for a, b in zip(first, second, strict=True):
        assert np.array_equal(a.outcome.demand_mbps, b.outcome.demand_mbps)
        assert np.array_equal(a.outcome.ue_xy_m, b.outcome.ue_xy_m)


def test_no_car_is_drawn_below_its_floor(small_scenario: Scenario) -> None:
    """However much is asked at whatever price, a car keeps 33 % of its pack."""
    scenario = replace(small_scenario, ev=replace(small_scenario.ev, arrivals_per_site_day=48.0))
    world, streams = initial(scenario, 2), Streams(2)
    (control,) = (p.control for p in trial(scenario, "independent", 2, 1.0 / 120.0))
    assert control is not None
    for period in range(240):
        snapshot = observe(world)
        greedy = replace(
            control,
            period=period,
            v2g_kw=np.full(7, 7.0),
            price_usd_per_kwh=np.full(7, 5.0),
            ue_site=np.full(len(snapshot.ue_id), -1, dtype=np.int64),
            rate_mbps=np.zeros_like(control.rate_mbps),
        )
        world, _ = advance(world, greedy, 1.0 / 120.0, streams)
        fleet, packs = world.fleet, world.timeline
        present = fleet.energy_kwh > 0
        floor_kwh = scenario.ev.soc_floor_frac * np.min(packs.capacity_kwh)
        assert (fleet.energy_kwh[present] >= floor_kwh - 1e-9).all()
