"""How much EV energy a site can expect to buy: cars parked now and cars still to come, at the price it offers.

Theory of operation. A car of mean stay μ (exponential, so what it has stayed already tells nothing) that sells E kWh
at P kW delivers P·min(E/P, S, R) before it leaves or the horizon ends after R hours, on average

    P·μ·(1 − exp(−min(E/P, R)/μ)),                                                        (a)

which keeps below its energy (14) and below P times its expected presence. Cars to come arrive at free chargers only:
each charger is a two-state chain, free or busy, that starts as it is now; exact for one charger per site.

Acceptance. The slow loop never sees what a driver asks, only how many cars were offered a price and how many took it.
Its prior: what drivers ask is spread evenly between nothing and four times ρ_base, so a quarter of them sells at
ρ_base. The prior is then scaled by acceptances seen over acceptances expected, ``PRIOR_ACCEPTANCES`` added to both.
"""

from __future__ import annotations

import numpy as np

from gridran.scenario.params import EvParams
from gridran.types import FloatArray, Network, Telemetry

PRIOR_SPREAD = 4.0  # of ρ_base
PRIOR_ACCEPTANCES = 2.0
HOURS_PER_DAY = 24.0


def expected_kwh(
    network: Network,
    params: EvParams,
    telemetry: Telemetry,
    price_usd_per_kwh: FloatArray,
    horizon_h: float,
    steps: int,
) -> FloatArray:
    """Expected EV energy over ``horizon_h`` at ``price_usd_per_kwh`` [N], Eq. (14) times acceptance, shape [N].

    ``steps`` >= 1 cuts the horizon for the arrivals. Never above the V2X limit (15) times the horizon.
    """
    parked = parked_kwh(network, params, telemetry, price_usd_per_kwh, horizon_h)
    coming = coming_kwh(network, params, telemetry, price_usd_per_kwh, horizon_h, steps)
    return np.minimum(parked + coming, _v2x_limit_kw(network) * horizon_h)


def parked_kwh(
    network: Network, params: EvParams, telemetry: Telemetry, price_usd_per_kwh: FloatArray, horizon_h: float
) -> FloatArray:
    """From the cars that are connected now, shape [N]."""
    connected = telemetry.snapshot.ev_connected
    cars = np.maximum(connected, 1)
    limit_kw = np.minimum(params.power_limit_kw, _v2x_limit_kw(network) / cars)
    each_kwh = _delivered_kwh(telemetry.snapshot.ev_usable_kwh / cars, limit_kw, horizon_h, params.stay_mean_h)
    return np.where(connected > 0, cars * each_kwh * _parked_share(params, telemetry, price_usd_per_kwh), 0.0)


def coming_kwh(
    network: Network,
    params: EvParams,
    telemetry: Telemetry,
    price_usd_per_kwh: FloatArray,
    horizon_h: float,
    steps: int,
) -> FloatArray:
    """From the cars that will arrive inside the horizon, shape [N]."""
    step_h = horizon_h / steps
    middle_h: FloatArray = ((np.arange(steps, dtype=np.float64) + 0.5) * step_h)[:, None]
    arrivals = admitted_per_h(network, params, telemetry, middle_h) * step_h
    limit_kw = np.minimum(params.power_limit_kw, _v2x_limit_kw(network))
    each_kwh = _delivered_kwh(mean_arrival_kwh(params), limit_kw, horizon_h - middle_h, params.stay_mean_h)
    taken = acceptance_frac(params, telemetry, price_usd_per_kwh)
    return np.asarray((arrivals * each_kwh).sum(axis=0) * taken, dtype=np.float64)


def admitted_per_h(network: Network, params: EvParams, telemetry: Telemetry, after_h: FloatArray) -> FloatArray:
    """Expected arrivals per hour that find a free charger, ``after_h`` [T, 1] from now, shape [T, N]."""
    chargers = np.array([s.evse_count for s in network.sites], dtype=np.float64)
    some = np.maximum(chargers, 1.0)
    per_day = 0.0 if params.initial_count_mean > 0.0 else params.arrivals_per_site_day
    fills_per_h = per_day / HOURS_PER_DAY / some
    empties_per_h = 1.0 / params.stay_mean_h
    settled = fills_per_h / (fills_per_h + empties_per_h)
    busy_now = np.minimum(telemetry.snapshot.ev_connected / some, 1.0)
    busy = settled + (busy_now - settled) * np.exp(-(fills_per_h + empties_per_h) * after_h)
    return np.asarray(chargers * fills_per_h * (1.0 - busy), dtype=np.float64)


def mean_arrival_kwh(params: EvParams) -> float:
    """Mean energy above the floor (14) of a car that arrives: E[(SoC − floor)⁺] of a uniform SoC × mean capacity."""
    low, high = params.initial_soc_frac
    floor = params.soc_floor_frac
    if high <= low:
        return max(low - floor, 0.0) * params.capacity_mean_kwh
    above = (max(high - floor, 0.0) ** 2 - max(low - floor, 0.0) ** 2) / (2.0 * (high - low))
    return above * params.capacity_mean_kwh


def acceptance_frac(params: EvParams, telemetry: Telemetry, price_usd_per_kwh: FloatArray) -> FloatArray:
    """Estimated share of drivers who sell at ``price_usd_per_kwh``, any shape, rising with it.

    The offers counted so far are taken as made at today's standing prices: prices mostly rise during an outage, and a
    car that stays is asked again at each.
    """
    offered = float(telemetry.offers_made @ _prior_frac(params, telemetry.snapshot.price_usd_per_kwh))
    accepted = float(telemetry.offers_accepted.sum())
    trust = (PRIOR_ACCEPTANCES + accepted) / (PRIOR_ACCEPTANCES + offered)
    return np.clip(trust * _prior_frac(params, price_usd_per_kwh), 0.0, 1.0)


def _prior_frac(params: EvParams, price_usd_per_kwh: FloatArray) -> FloatArray:
    highest = PRIOR_SPREAD * params.base_price_usd_per_kwh
    return np.clip(price_usd_per_kwh / highest, 0.0, 1.0) if highest > 0.0 else np.zeros_like(price_usd_per_kwh)


def _parked_share(params: EvParams, telemetry: Telemetry, price_usd_per_kwh: FloatArray) -> FloatArray:
    """Share [N] of the parked cars that will sell at the new price, given what they said to the standing one.

    Who took the standing offer takes any that is not lower; who refused it takes a higher one with the conditional
    probability. ``ev_accepting`` says that at least one car of the site took it.
    """
    before = acceptance_frac(params, telemetry, telemetry.snapshot.price_usd_per_kwh)
    now = acceptance_frac(params, telemetry, price_usd_per_kwh)
    stays = np.where(before > 0.0, np.minimum(now / np.where(before > 0.0, before, 1.0), 1.0), 1.0)
    joins = np.where(before < 1.0, np.maximum(now - before, 0.0) / np.where(before < 1.0, 1.0 - before, 1.0), 0.0)
    cars = np.maximum(telemetry.snapshot.ev_connected, 1)
    with_seller = (stays + (cars - 1) * now) / cars
    return np.where(telemetry.snapshot.ev_accepting, with_seller, joins)


def _delivered_kwh(
    energy_kwh: FloatArray | float, power_kw: FloatArray, within_h: FloatArray | float, stay_mean_h: float
) -> FloatArray:
    """(a) of the module's docstring; 0 where nothing can flow."""
    some_kw = np.maximum(power_kw, 1e-9)
    sells_h = np.minimum(energy_kwh / some_kw, within_h)
    return np.asarray(power_kw * stay_mean_h * -np.expm1(-sells_h / stay_mean_h), dtype=np.float64)


def _v2x_limit_kw(network: Network) -> FloatArray:
    return np.array([s.v2x_limit_kw for s in network.sites])
