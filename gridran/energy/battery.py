"""Stationary storage of all sites at once, Eqs. (12)-(13) of MSRC. Degradation is neglected, as in the paper.

"At the terminals" means energy or power as the site sees it: less than what leaves the cells by η_dis, more than
what enters them by 1/η_ch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridran.types import FloatArray, Network

_ROUND_OFF_KWH = 1e-9  # what a limit may be missed by before it counts as broken


@dataclass(frozen=True)
class BatteryArrays:
    """Battery parameters of every site, each of shape [N], in the order of ``Network.sites``.

    ``restart_soc_frac``: a site that went down returns at this state of charge (SPEC 3).
    """

    capacity_kwh: FloatArray
    soc_min_frac: FloatArray
    soc_max_frac: FloatArray
    charge_efficiency_frac: FloatArray
    discharge_efficiency_frac: FloatArray
    charge_limit_kw: FloatArray
    discharge_limit_kw: FloatArray
    restart_soc_frac: FloatArray


def battery_arrays(network: Network) -> BatteryArrays:
    """The sites' battery parameters as arrays, shape [N] each."""
    batteries = [site.battery for site in network.sites]
    return BatteryArrays(
        capacity_kwh=np.array([b.capacity_kwh for b in batteries]),
        soc_min_frac=np.array([b.soc_min_frac for b in batteries]),
        soc_max_frac=np.array([b.soc_max_frac for b in batteries]),
        charge_efficiency_frac=np.array([b.charge_efficiency_frac for b in batteries]),
        discharge_efficiency_frac=np.array([b.discharge_efficiency_frac for b in batteries]),
        charge_limit_kw=np.array([b.charge_limit_kw for b in batteries]),
        discharge_limit_kw=np.array([b.discharge_limit_kw for b in batteries]),
        restart_soc_frac=np.array([b.soc_min_frac + b.restart_margin_frac for b in batteries]),
    )


def usable_kwh(battery: BatteryArrays, soc_frac: FloatArray, reserve_soc_frac: FloatArray | None = None) -> FloatArray:
    """Energy at the terminals above SOC_min, or above ``reserve_soc_frac`` [N] where that is higher, shape [N]."""
    floor_frac = (
        battery.soc_min_frac if reserve_soc_frac is None else np.maximum(battery.soc_min_frac, reserve_soc_frac)
    )
    above_frac = np.maximum(soc_frac - floor_frac, 0.0)
    return above_frac * battery.capacity_kwh * battery.discharge_efficiency_frac


def headroom_kwh(battery: BatteryArrays, soc_frac: FloatArray) -> FloatArray:
    """Energy at the terminals that fills the battery to SOC_max, shape [N]."""
    return np.maximum(battery.soc_max_frac - soc_frac, 0.0) * battery.capacity_kwh / battery.charge_efficiency_frac


def deliverable_kw(
    battery: BatteryArrays, soc_frac: FloatArray, dt_h: float, reserve_soc_frac: FloatArray | None = None
) -> FloatArray:
    """The most that each battery can deliver on average over ``dt_h`` > 0, shape [N].

    The smaller of the power limit and the energy above SOC_min or a higher reserve, Eq. (13).
    """
    return np.minimum(battery.discharge_limit_kw, usable_kwh(battery, soc_frac, reserve_soc_frac) / dt_h)


def chargeable_kw(battery: BatteryArrays, soc_frac: FloatArray, dt_h: float) -> FloatArray:
    """The most that each battery can take on average over ``dt_h`` > 0, shape [N], Eq. (13)."""
    return np.minimum(battery.charge_limit_kw, headroom_kwh(battery, soc_frac) / dt_h)


def step(
    battery: BatteryArrays, soc_frac: FloatArray, charge_kw: FloatArray, discharge_kw: FloatArray, dt_h: float
) -> FloatArray:
    """State of charge after ``dt_h`` at constant terminal powers >= 0, Eq. (12), shape [N].

    Raises ValueError, naming the sites, for a negative or NaN power, for charge and discharge at once, and where
    Eq. (13) would be broken by more than round-off: ``chargeable_kw`` and ``deliverable_kw`` say what fits.
    """
    _require(np.minimum(charge_kw, discharge_kw) >= 0.0, "power is negative or not a number")
    _require(np.minimum(charge_kw, discharge_kw) == 0.0, "charge and discharge at once")
    slack_kw = _ROUND_OFF_KWH / dt_h
    _require(charge_kw <= chargeable_kw(battery, soc_frac, dt_h) + slack_kw, "charge beyond the limits of (13)")
    _require(discharge_kw <= deliverable_kw(battery, soc_frac, dt_h) + slack_kw, "discharge beyond the limits of (13)")
    gained_kwh = battery.charge_efficiency_frac * charge_kw * dt_h
    drained_kwh = discharge_kw * dt_h / battery.discharge_efficiency_frac
    moved_frac = soc_frac + (gained_kwh - drained_kwh) / battery.capacity_kwh
    # Round-off must not leave the band, but a battery that starts outside it may stay there.
    lowest_frac, highest_frac = np.minimum(soc_frac, battery.soc_min_frac), np.maximum(soc_frac, battery.soc_max_frac)
    return np.clip(moved_frac, lowest_frac, highest_frac)


def _require(holds: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], broken: str) -> None:
    if not np.all(holds):
        raise ValueError(f"battery of site {np.flatnonzero(~holds).tolist()}: {broken}")
