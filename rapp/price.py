"""What a site offers to the owners of parked cars: a flat price, or one that rises as the site's energy runs out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gridran.energy import battery, ev
from gridran.plugins import function_named
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


def price_rule_named(name: str) -> PriceRule:
    """The price rule of that name, or the function "module:function". PluginError: there is none."""
    return function_named("price rule", name, PRICE_RULES)


def offered_usd_per_kwh(rule: PriceRule, params: EvParams, left_h: FloatArray) -> tuple[FloatArray, str]:
    """What ``rule`` offers [N], $/kWh, and an empty text; or ρ_base, and why the rule's answer cannot be used."""
    try:
        offer = np.asarray(rule(params, left_h), dtype=np.float64)
    except Exception as error:  # the one place where a price rule's bug is turned into the flat price
        return flat(params, left_h), f"the price rule raised {type(error).__name__}: {error}"
    if offer.shape != left_h.shape or not np.isfinite(offer).all() or (offer < 0.0).any():
        return flat(params, left_h), f"the price rule's answer is not {len(left_h)} finite, non-negative prices"
    return offer, ""


def survival_h(network: Network, snapshot: Snapshot, mean_power_kw: FloatArray) -> FloatArray:
    """T̂_i = E_i / P̄_i of Eq. (16), shape [N]: battery energy above SoC_min over the mean power [N].

    Infinite where the grid is up or nothing is drawn; 0 where the battery is empty, whatever an unpowered site draws.
    """
    energy_kwh = battery.usable_kwh(battery.battery_arrays(network), snapshot.soc_frac)
    left_h = np.where(energy_kwh > 0.0, ev.survival_h(energy_kwh, mean_power_kw), 0.0)
    return np.where(snapshot.grid_up, np.inf, left_h)
