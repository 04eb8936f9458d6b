"""What users truly get under a control: blocks, class order, interference as a fixed point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emulator.radio_delivery import Radio, deliver, full_rate_mbps, scheduled
from emulator.record import shed_reasons
from emulator.world import initial
from gridran.radio.rate import full_band_rate_mbps
from gridran.radio.sinr import sinr_frac
from gridran.service import served
from gridran.types import ShedReason


def _radio(world, granted_mbps, ue_site=None, live=None):
    network = world.scenario.network
    return Radio(
        network=network,
        received_mw=world.channel.received_mw,
        heard=world.channel.heard,
        ue_site=world.channel.own_site if ue_site is None else ue_site,
        granted_mbps=granted_mbps,
        service_class=world.users.service_class,
        live=np.ones((network.site_count, network.band_count), dtype=bool) if live is None else live,
        helping=np.zeros(network.site_count, dtype=bool),
        prb_limit_frac=np.ones((network.site_count, network.band_count)),
    )


@pytest.fixture
def world(scenario_of):
    return initial(scenario_of(ues=200), 3)


def _even(world, factor=1.0):
    return np.repeat(world.demand_mbps[:, None] / 4.0 * factor, 4, axis=1)


def test_rates_agree_with_the_shared_radio_model(world):
    """e equals the planners' own formula when both know the true loads."""
    network = world.scenario.network
    rho = np.random.default_rng(1).uniform(0.0, 1.0, (7, 4))
    mine = full_rate_mbps(_radio(world, _even(world)), rho)
    sinr = sinr_frac(network, world.channel.neighbour_gain_db, world.channel.neighbour_site, rho)
    rates = full_band_rate_mbps(network, sinr, np.zeros(7, dtype=bool), world.channel.neighbour_site)
    assert mine == pytest.approx(rates[:, 0, :], rel=1e-9)


@pytest.mark.parametrize("factor", [0.3, 1.0, 4.0, 20.0])
def test_served_never_exceeds_the_grant_nor_the_blocks(world, factor):
    """At any load: served <= granted per user, ρ <= 1 per carrier."""
    granted = _even(world, factor)
    delivery = deliver(_radio(world, granted), np.zeros((7, 4)))
    assert (delivery.rate_mbps >= 0.0).all()
    assert (delivery.rate_mbps.sum(axis=1) <= granted.sum(axis=1) * (1.0 + 1e-12)).all()
    assert delivery.prb_used_frac.max() <= 1.0


def test_medium_load_is_served_in_full(world):
    """With every band on, the own cell serves at least 98 % of users at full demand."""
    delivery = deliver(_radio(world, _even(world)), np.zeros((7, 4)))
    full = delivery.rate_mbps.sum(axis=1) >= world.demand_mbps * (1.0 - 1e-6)
    assert full.mean() >= 0.98


def test_the_fixed_point_does_not_depend_on_the_first_guess(world):
    """From an idle and from a fully loaded network the same loads follow."""
    radio = _radio(world, _even(world))
    idle, full = (deliver(radio, np.full((7, 4), guess)).prb_used_frac for guess in (0.0, 1.0))
    assert idle == pytest.approx(full, abs=2e-3)


def test_a_full_carrier_serves_in_class_order(world):
    """Where blocks run out, a class gets something only after the more important ones got all they can use."""
    radio = _radio(world, _even(world, 20.0))
    rate = np.full((200, 4), 50.0)
    served, used = scheduled(radio, rate)
    assert used.max() == pytest.approx(1.0)
    got_frac = served.sum(axis=1) / radio.granted_mbps.sum(axis=1)
    for site in range(7):
        here = radio.ue_site == site
        worst_before = 1.0
        for service_class in range(4):
            mine = got_frac[here & (radio.service_class == service_class)]
            if mine.size:
                assert worst_before >= 1.0 - 1e-9 or mine.max() <= 1e-9
                worst_before = min(worst_before, mine.min())


def test_idle_blocks_top_up_what_a_weak_carrier_leaves(world):
    """A grant on a carrier that the user cannot hear is served on the site's other carriers."""
    granted = np.zeros((200, 4))
    granted[:, 3] = world.demand_mbps
    rate = np.full((200, 4), 200.0)
    rate[:, 3] = 0.0
    served, _ = scheduled(_radio(world, granted), rate)
    assert served[:, 3].sum() == 0.0
    assert served.sum(axis=1) == pytest.approx(world.demand_mbps)


def test_dead_carriers_and_unattached_users_carry_nothing(world):
    """A site without live carriers serves nobody, causes no interference and shows ρ = 0."""
    live = np.ones((7, 4), dtype=bool)
    live[0] = False
    ue_site = world.channel.own_site.copy()
    ue_site[ue_site == 1] = -1
    delivery = deliver(_radio(world, _even(world), ue_site, live), np.ones((7, 4)))
    assert delivery.rate_mbps[np.isin(world.channel.own_site, (0, 1))].sum() == 0.0
    assert delivery.prb_used_frac[:2].sum() == 0.0


def test_helpers_lose_five_percent(world):
    """λ_loss of Eq. (9) lowers every rate of a helping site."""
    radio = _radio(world, _even(world))
    helping = np.ones(7, dtype=bool)
    rho = np.full((7, 4), 0.5)
    ratio = full_rate_mbps(replace(radio, helping=helping), rho).sum() / full_rate_mbps(radio, rho).sum()
    assert ratio == pytest.approx(0.95)


def test_a_reason_is_given_to_whoever_does_not_count_as_served() -> None:
    """Best effort at exactly half its demand does not count, and has a reason; above it, and others at their minimum
    rate, have none."""
    service_class = np.array([3, 3, 2, 2])
    demand_mbps, least_mbps = np.full(4, 2.0), np.array([0.0, 0.0, 0.5, 0.5])
    served_mbps = np.array([1.0, 1.1, 0.5, 0.4])
    decided, surprise = np.full(4, ShedReason.SERVED), np.full(4, ShedReason.NO_CAPACITY)
    nowhere = np.zeros(4, dtype=np.bool_)
    reason = shed_reasons(service_class, demand_mbps, least_mbps, served_mbps, decided, nowhere, surprise)
    assert (reason == ShedReason.SERVED).tolist() == served(
        service_class, demand_mbps, least_mbps, served_mbps
    ).tolist()
    assert (reason == ShedReason.SERVED).tolist() == [False, True, True, False]
