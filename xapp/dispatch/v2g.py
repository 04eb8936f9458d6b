"""Vehicle-to-grid power of a period: what to ask of the cars at the offered price, and what to give them."""

from __future__ import annotations

import numpy as np

from gridran.energy.battery import battery_arrays, chargeable_kw
from gridran.types import FloatArray
from xapp.dispatch.task import DispatchTask


def v2g_kw(task: DispatchTask, load_kw: FloatArray, dt_h: float) -> FloatArray:
    """Power wanted from cars [N]: load plus what the battery can take, up to the interface limit (15).

    Asked wherever a car is connected; whether it sells at the offer shows in the next report. Nothing on the grid.
    """
    snapshot = task.snapshot
    limit_kw = np.array([s.v2x_limit_kw for s in task.network.sites])
    room_kw = load_kw + chargeable_kw(battery_arrays(task.network), snapshot.soc_frac, dt_h)
    wanted = np.minimum(limit_kw, np.maximum(room_kw - snapshot.pv_kw, 0.0))
    return np.where((snapshot.ev_connected > 0) & ~snapshot.grid_up, wanted, 0.0)


def ev_charge_kw(task: DispatchTask, load_kw: FloatArray, dt_h: float) -> FloatArray:
    """Power offered to cars [N]: the full interface on the grid, else PV that neither load nor battery can take."""
    snapshot = task.snapshot
    limit_kw = np.array([s.v2x_limit_kw for s in task.network.sites])
    spare_kw = snapshot.pv_kw - load_kw - chargeable_kw(battery_arrays(task.network), snapshot.soc_frac, dt_h)
    offered = np.where(snapshot.grid_up, limit_kw, np.clip(spare_kw, 0.0, limit_kw))
    return np.where(snapshot.ev_connected > 0, offered, 0.0)
