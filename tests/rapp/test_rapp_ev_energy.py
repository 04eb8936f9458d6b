"""Expected EV energy: bounds, acceptance learnt from offers, and a Monte-Carlo check of the closed form."""

from collections.abc import Callable

import numpy as np
import pytest

from gridran.scenario.params import EvParams
from gridran.types import Network, Telemetry
from rapp.forecast import ev_energy

Networks = Callable[..., Network]
Reports = Callable[..., Telemetry]
HORIZON_H, STEPS, N = 6.0, 24, 7
BASE = np.full(N, 0.5)
NO_ARRIVALS = EvParams(arrivals_per_site_day=0.0)


def parked(telemetry_of: Reports, network: Network, **changes: object) -> Telemetry:
    """A car with 20 usable kWh at every site, no offer made yet."""
    return telemetry_of(network, **{"ev_connected": np.ones(N, int), "ev_usable_kwh": np.full(N, 20.0)} | changes)


def test_nobody_parked_and_nobody_coming_is_nothing(hexagon: Networks, telemetry_of: Reports) -> None:
    """Without cars there is no EV energy."""
    network = hexagon(1)
    got = ev_energy.expected_kwh(network, NO_ARRIVALS, telemetry_of(network), BASE, HORIZON_H, STEPS)
    np.testing.assert_array_equal(got, np.zeros(N))


def test_a_seller_delivers_less_than_it_has(hexagon: Networks, telemetry_of: Reports) -> None:
    """A parked car that took the offer gives at most its energy above the floor (14), and at most 7 kW times its
    expected presence."""
    network = hexagon(1)
    report = parked(telemetry_of, network, ev_accepting=np.ones(N, bool), price_usd_per_kwh=BASE)
    got = ev_energy.parked_kwh(network, NO_ARRIVALS, report, BASE, HORIZON_H)
    presence_h = 3.0 * (1.0 - np.exp(-HORIZON_H / 3.0))
    assert (got <= min(20.0, 7.0 * presence_h)).all()
    np.testing.assert_allclose(got, 7.0 * 3.0 * (1.0 - np.exp(-20.0 / 7.0 / 3.0)))


def test_a_short_horizon_bounds_what_flows(hexagon: Networks, telemetry_of: Reports) -> None:
    """Over a tenth of an hour no more than 0.7 kWh can be had, whatever the car holds."""
    network = hexagon(1)
    report = parked(telemetry_of, network, ev_accepting=np.ones(N, bool), price_usd_per_kwh=BASE)
    got = ev_energy.expected_kwh(network, EvParams(), report, BASE, 0.1, 1)
    assert (got > 0.6).all()
    assert (got <= 0.7).all()


def test_who_refused_the_standing_offer_sells_only_at_a_higher_one(hexagon: Networks, telemetry_of: Reports) -> None:
    """The same offer again brings nothing; a better one brings some."""
    network = hexagon(1)
    report = parked(telemetry_of, network, price_usd_per_kwh=BASE)
    same = ev_energy.parked_kwh(network, NO_ARRIVALS, report, BASE, HORIZON_H)
    better = ev_energy.parked_kwh(network, NO_ARRIVALS, report, 2.0 * BASE, HORIZON_H)
    np.testing.assert_array_equal(same, np.zeros(N))
    assert (better > 0.0).all()


def test_a_lower_offer_loses_some_sellers(hexagon: Networks, telemetry_of: Reports) -> None:
    """Who took 1 $/kWh takes 0.5 only with the conditional probability, one half under the prior."""
    network = hexagon(1)
    report = parked(telemetry_of, network, ev_accepting=np.ones(N, bool), price_usd_per_kwh=2.0 * BASE)
    kept = ev_energy.parked_kwh(network, NO_ARRIVALS, report, 2.0 * BASE, HORIZON_H)
    lost = ev_energy.parked_kwh(network, NO_ARRIVALS, report, BASE, HORIZON_H)
    np.testing.assert_allclose(lost, kept / 2.0)


def test_with_several_cars_only_one_is_known_to_sell(hexagon: Networks, telemetry_of: Reports) -> None:
    """Two cars of 10 kWh of which at least one sells: between one car's energy and both."""
    network = hexagon(1, evse_count=2, v2x_limit_kw=14.0)
    both = {"ev_connected": np.full(N, 2), "ev_accepting": np.ones(N, bool), "price_usd_per_kwh": BASE}
    two = ev_energy.parked_kwh(network, NO_ARRIVALS, parked(telemetry_of, network, **both), BASE, HORIZON_H)
    ten = {"ev_usable_kwh": np.full(N, 10.0), "ev_accepting": np.ones(N, bool), "price_usd_per_kwh": BASE}
    one = ev_energy.parked_kwh(network, NO_ARRIVALS, parked(telemetry_of, network, **ten), BASE, HORIZON_H)
    np.testing.assert_allclose(two, one * 1.25)  # the other sells with the prior's 25 %


def test_prior_acceptance_is_a_quarter_at_the_base_price(hexagon: Networks, telemetry_of: Reports) -> None:
    """Before any offer: 0.5 $/kWh is taken by 25 %, 1.5 by 75 %, 2 and more by all."""
    report = telemetry_of(hexagon(1))
    prices = np.array([0.0, 0.5, 1.5, 2.0, 9.0])
    np.testing.assert_allclose(ev_energy.acceptance_frac(EvParams(), report, prices), [0.0, 0.25, 0.75, 1.0, 1.0])


def test_acceptance_follows_what_was_accepted(hexagon: Networks, telemetry_of: Reports) -> None:
    """700 offers at the base price of which 70 were taken: the estimate is near 10 %, and near 50 % for 350."""
    network = hexagon(1)
    for taken, share in ((10, 0.1), (50, 0.5)):
        report = telemetry_of(
            network, price_usd_per_kwh=BASE, offers_made=np.full(N, 100), offers_accepted=np.full(N, taken)
        )
        np.testing.assert_allclose(ev_energy.acceptance_frac(EvParams(), report, BASE), share, rtol=0.02)


def test_a_few_offers_hardly_move_the_prior(hexagon: Networks, telemetry_of: Reports) -> None:
    """Two refusals do not mean that nobody sells."""
    network = hexagon(1)
    made = np.array([2, 0, 0, 0, 0, 0, 0])
    report = telemetry_of(network, price_usd_per_kwh=BASE, offers_made=made)
    assert 0.15 < ev_energy.acceptance_frac(EvParams(), report, BASE)[0] < 0.25


def test_mean_energy_of_an_arrival() -> None:
    """SoC U(0.5, 0.8) above a floor of 33 % at 60 kWh: 0.32 × 60 = 19.2 kWh; a floor inside the range cuts it."""
    assert ev_energy.mean_arrival_kwh(EvParams()) == pytest.approx(19.2)
    assert ev_energy.mean_arrival_kwh(EvParams(soc_floor_frac=0.65)) == pytest.approx(60.0 * 0.15**2 / 0.6)
    assert ev_energy.mean_arrival_kwh(EvParams(initial_soc_frac=(0.5, 0.5))) == pytest.approx(60.0 * 0.17)
    assert ev_energy.mean_arrival_kwh(EvParams(soc_floor_frac=0.9)) == 0.0


def test_a_site_without_chargers_gets_no_arrivals(hexagon: Networks, telemetry_of: Reports) -> None:
    """No charger, no car."""
    network = hexagon(1, evse_count=0)
    got = ev_energy.expected_kwh(network, EvParams(), telemetry_of(network), BASE, HORIZON_H, STEPS)
    np.testing.assert_array_equal(got, np.zeros(N))


def test_a_busy_charger_takes_fewer_cars(hexagon: Networks, telemetry_of: Reports) -> None:
    """Where a car stands now, another can come only once it has left."""
    network = hexagon(1)
    free = ev_energy.coming_kwh(network, EvParams(), telemetry_of(network), BASE, HORIZON_H, STEPS)
    busy = ev_energy.coming_kwh(network, EvParams(), parked(telemetry_of, network), BASE, HORIZON_H, STEPS)
    assert (busy < free).all()
    assert (busy > 0.0).all()


def test_without_arrivals_of_the_scenario_nobody_comes(hexagon: Networks, telemetry_of: Reports) -> None:
    """In the initial-count reading all cars are there at time 0 and none arrives."""
    network = hexagon(1)
    params = EvParams(initial_count_mean=3.0)
    got = ev_energy.coming_kwh(network, params, telemetry_of(network), BASE, HORIZON_H, STEPS)
    np.testing.assert_array_equal(got, np.zeros(N))


def test_the_interface_limit_bounds_the_whole(hexagon: Networks, telemetry_of: Reports) -> None:
    """Many chargers and arrivals cannot push more than the V2X limit (15) times the horizon."""
    network = hexagon(1, evse_count=50, v2x_limit_kw=7.0)
    params = EvParams(arrivals_per_site_day=5000.0)
    got = ev_energy.expected_kwh(network, params, telemetry_of(network), np.full(N, 9.0), HORIZON_H, STEPS)
    np.testing.assert_allclose(got, 42.0)


def test_a_higher_price_never_brings_less(hexagon: Networks, telemetry_of: Reports) -> None:
    """Expected energy rises with the offer."""
    network = hexagon(1)
    report = parked(telemetry_of, network, price_usd_per_kwh=BASE, ev_accepting=np.arange(N) % 2 == 0)
    prices = np.linspace(0.0, 3.0, 13)
    got = np.array(
        [ev_energy.expected_kwh(network, EvParams(), report, np.full(N, p), HORIZON_H, STEPS) for p in prices]
    )
    assert (np.diff(got, axis=0) >= -1e-12).all()


def test_closed_form_agrees_with_simulated_chargers(hexagon: Networks, telemetry_of: Reports) -> None:
    """40,000 simulated chargers, free now, cars of 19.2 kWh that all sell: the mean energy sold agrees within 2 %."""
    network, rng = hexagon(1), np.random.default_rng(7)
    sold_kwh, trials = 0.0, 40_000
    for _ in range(trials):
        time_h = rng.exponential(8.0)
        while time_h < HORIZON_H:
            stay_h = rng.exponential(3.0)
            sold_kwh += 7.0 * min(19.2 / 7.0, stay_h, HORIZON_H - time_h)
            time_h += stay_h + rng.exponential(8.0)
    got = ev_energy.coming_kwh(network, EvParams(), telemetry_of(network), np.full(N, 2.0), HORIZON_H, STEPS)
    np.testing.assert_allclose(got, sold_kwh / trials, rtol=0.02)
