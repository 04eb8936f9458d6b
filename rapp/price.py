"""What a site offers to the owners of parked cars: a flat price, or one that rises as the site's energy runs out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gridran.energy import battery, ev
from gridran.scenario.params import EvParams
from gridran.types import FloatArray, Network, Snapshot

PriceRule = Callable[[EvParams, FloatArray], FloatArray]


def flat(params: EvParams, survival_h: FloatArray) -> FloatArray:
    """ρ_base everywhere [N], $/kWh."""
    return np.full(survival_h.shape, params.base_price_usd_per_kwh)


def urgency(params: EvParams, survival_h: FloatArray) -> FloatArray:
    """ρ_base·[1 + α_urg·exp(−T̂/τ)], Eq. (16), shape [N], $/kWh."""
    return ev.urgency_price_usd_per_kwh(params.base_price_usd_per_kwh, params.urgency, params.urgency_tau_h, survival_h)


PRICE_RULES: dict[str, PriceRule] = {"flat": flat, "urgency": urgency}


def survival_h(network: Network, snapshot: Snapshot, mean_power_kw: FloatArray) -> FloatArray:
    """T̂_i = E_i / P̄_i of Eq. (16), shape [N]: battery energy above SoC_min over the mean power [N].

    Infinite where the grid is up or nothing is drawn; 0 where the battery is empty, whatever an unpowered site draws.
    """
    energy_kwh = battery.usable_kwh(battery.battery_arrays(network), snapshot.soc_frac)
    left_h = np.where(energy_kwh > 0.0, ev.survival_h(energy_kwh, mean_power_kw), 0.0)
    return np.where(snapshot.grid_up, np.inf, left_h)
