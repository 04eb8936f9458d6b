"""Electric cars as sellers and stores of energy, Eqs. (14)-(16) of MSRC.

Cars are arrays of shape [N, C]: one row per site, one column per charger; an empty charger has capacity 0.
"""

from __future__ import annotations

import numpy as np

from gridran.types import BoolArray, FloatArray


def above_floor_kwh(soc_frac: FloatArray, soc_floor_frac: float, capacity_kwh: FloatArray) -> FloatArray:
    """Energy of each car above the driver's floor, a summand of Eq. (14), shape as given."""
    return np.maximum(soc_frac - soc_floor_frac, 0.0) * capacity_kwh


def usable_kwh(soc_frac: FloatArray, soc_floor_frac: float, capacity_kwh: FloatArray, present: BoolArray) -> FloatArray:
    """Usable energy of the cars at each site, Eq. (14), shape [N] from [N, C]; ``present`` is δ_e."""
    per_car_kwh = np.where(present, above_floor_kwh(soc_frac, soc_floor_frac, capacity_kwh), 0.0)
    return np.asarray(per_car_kwh.sum(axis=-1), dtype=np.float64)


def deliverable_kw(
    above_floor_kwh: FloatArray, selling: BoolArray, power_limit_kw: float, v2x_limit_kw: FloatArray, dt_h: float
) -> FloatArray:
    """The most V2G power each site can draw on average over ``dt_h`` > 0, Eq. (15), shape [N].

    Per charger [N, C]: energy above the floor, at most ``power_limit_kw``, only from cars that sell. Per site [N]:
    the V2X interface limit.
    """
    per_car_kw = np.where(selling, np.minimum(power_limit_kw, above_floor_kwh / dt_h), 0.0)
    return np.asarray(np.minimum(per_car_kw.sum(axis=-1), v2x_limit_kw), dtype=np.float64)


def chargeable_kw(
    energy_kwh: FloatArray, capacity_kwh: FloatArray, power_limit_kw: float, v2x_limit_kw: FloatArray, dt_h: float
) -> FloatArray:
    """The most power the cars of each site [N, C] can take on average over ``dt_h`` > 0, shape [N].

    Eq. (15) bounds only the direction towards the site; the same interface limit is taken for the other.
    """
    room_kwh = np.maximum(capacity_kwh - energy_kwh, 0.0)
    per_car_kw = np.minimum(power_limit_kw, room_kwh / dt_h)
    return np.asarray(np.minimum(per_car_kw.sum(axis=-1), v2x_limit_kw), dtype=np.float64)


def survival_h(energy_kwh: FloatArray, mean_power_kw: FloatArray) -> FloatArray:
    """Remaining backup time E_i / P̄_i in Eq. (16), any shape; infinite where nothing is drawn."""
    energy_kwh, mean_power_kw = np.broadcast_arrays(energy_kwh, mean_power_kw)
    result: FloatArray = np.full(energy_kwh.shape, np.inf)
    np.divide(energy_kwh, mean_power_kw, out=result, where=mean_power_kw > 0.0)
    return result


def urgency_price_usd_per_kwh(base: float, urgency: float, tau_h: float, survival_h: FloatArray) -> FloatArray:
    """Offer to the cars of a site, Eq. (16): base·[1 + urgency·exp(−survival_h/tau_h)], any shape.

    Between ``base`` (survival for ever) and ``base``·(1 + ``urgency``) (no time left). ``tau_h`` > 0.
    """
    return np.asarray(base * (1.0 + urgency * np.exp(-np.maximum(survival_h, 0.0) / tau_h)), dtype=np.float64)


def accepts(offer_usd_per_kwh: FloatArray, reservation_usd_per_kwh: FloatArray) -> BoolArray:
    """Whether a car sells: the offer reaches its private reservation price (SPEC 3). Shapes broadcast."""
    return np.asarray(offer_usd_per_kwh >= reservation_usd_per_kwh, dtype=np.bool_)


def acceptance_frac(offer_usd_per_kwh: FloatArray, lowest: float, highest: float) -> FloatArray:
    """Probability that a car with reservation price U(lowest, highest) takes the offer, any shape.

    With U(0.19, 1.53) $/kWh 23 % sell at 0.5 and 61 % at 1.01 (SPEC 3). ``lowest`` = ``highest`` is one known price.
    """
    if highest <= lowest:
        return np.where(np.asarray(offer_usd_per_kwh) >= lowest, 1.0, 0.0)
    return np.clip((np.asarray(offer_usd_per_kwh) - lowest) / (highest - lowest), 0.0, 1.0)
