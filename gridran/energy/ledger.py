"""The energy books of a site: what came in, went out and was stored must agree, Eq. (17) of MSRC.

Eq. (17) is written here with PV, cables and EV charging in it and with every flow >= 0 (SPEC 3).
"""

from __future__ import annotations

import numpy as np

from gridran.energy.battery import BatteryArrays
from gridran.types import FloatArray


def imbalance_kwh(
    dt_h: float,
    *,
    load_kw: FloatArray,
    battery_discharge_kw: FloatArray,
    battery_charge_kw: FloatArray,
    v2g_kw: FloatArray,
    ev_charge_kw: FloatArray,
    pv_kw: FloatArray,
    grid_import_kw: FloatArray,
    cable_received_kw: FloatArray | float = 0.0,
    cable_sent_kw: FloatArray | float = 0.0,
) -> FloatArray:
    """Energy that entered the site minus energy that left it or was used, over ``dt_h``, Eq. (17), shape [N].

    Zero where the books close; positive where energy vanished, negative where it came from nowhere.
    """
    gained_kw = battery_discharge_kw + v2g_kw + pv_kw + grid_import_kw + cable_received_kw
    spent_kw = load_kw + battery_charge_kw + ev_charge_kw + cable_sent_kw
    return (gained_kw - spent_kw) * dt_h


def battery_imbalance_kwh(
    battery: BatteryArrays,
    soc_before_frac: FloatArray,
    soc_after_frac: FloatArray,
    charge_kw: FloatArray,
    discharge_kw: FloatArray,
    dt_h: float,
) -> FloatArray:
    """Energy that entered the cells minus what the state of charge shows, Eq. (12), shape [N]."""
    into_cells_kwh = charge_kw * dt_h * battery.charge_efficiency_frac
    out_of_cells_kwh = discharge_kw * dt_h / battery.discharge_efficiency_frac
    stored_kwh = (soc_after_frac - soc_before_frac) * battery.capacity_kwh
    return into_cells_kwh - out_of_cells_kwh - stored_kwh


def ev_imbalance_kwh(
    energy_before_kwh: FloatArray,
    energy_after_kwh: FloatArray,
    v2g_kw: FloatArray,
    ev_charge_kw: FloatArray,
    dt_h: float,
) -> FloatArray:
    """Energy that entered each site's cars minus what their batteries show, shape [N].

    Energies are per charger [N, C] for the same cars before and after; powers [N] are measured at the car.
    """
    gained_kwh = np.asarray((energy_after_kwh - energy_before_kwh).sum(axis=-1), dtype=np.float64)
    return (ev_charge_kw - v2g_kw) * dt_h - gained_kwh
