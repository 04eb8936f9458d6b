"""Physical limits that hold whatever the radio is like: carrier capacity (9), and the least power of a volume.

A control says nothing of SINR, so the blocks that a rate needs are not known here. Known is that a carrier never gives
more than its nominal capacity; hence a volume v takes at least v/C of the blocks, and draws at least as much. What is
cut here was impossible. Cuts take the least important class first.
"""

from __future__ import annotations

import numpy as np

from gridran.types import BoolArray, Dispatch, FloatArray, IntArray, SiteMode
from xapp.dispatch.sharing import Power
from xapp.dispatch.task import DispatchTask

_SLACK = 1.0 + 1e-6


def affordable(task: DispatchTask, power: Power, band_on: BoolArray) -> BoolArray:
    """Sites [N] whose carriers ``band_on`` [N, B] draw no more than the budget while they carry nothing."""
    return np.asarray(power.fixed_kw(band_on) <= task.policy.power_budget_kw * _SLACK, dtype=np.bool_)


def within_capacity(task: DispatchTask, control: Dispatch) -> FloatArray:
    """``control.rate_mbps`` [U, B] cut to every carrier's capacity."""
    rate, capacity = control.rate_mbps.copy(), _capacity_mbps(task, control.mode)
    for site, band in np.argwhere(_volume_mbps(control, len(capacity)) > capacity * _SLACK):
        users = _queue(task, control, int(site))
        rate[users, band] *= _kept_frac(rate[users, band], float(capacity[site, band]))
    return rate


def within_power(task: DispatchTask, power: Power, control: Dispatch) -> FloatArray:
    """``control.rate_mbps`` [U, B] cut to what every site's power budget can carry at best."""
    rate = control.rate_mbps.copy()
    left_kw = np.maximum(task.policy.power_budget_kw - power.fixed_kw(control.band_on), 0.0)
    least_kw = power.load_kw / _capacity_mbps(task, control.mode) + power.mbps_kw
    draw_kw = (_volume_mbps(control, len(left_kw)) * least_kw).sum(axis=1)
    for site in np.flatnonzero(draw_kw > left_kw * _SLACK + 1e-9):
        users = _queue(task, control, int(site))
        rate[users] *= _kept_frac(rate[users] @ least_kw[site], float(left_kw[site]))[:, None]
    return rate


def _queue(task: DispatchTask, control: Dispatch, site: int) -> IntArray:
    """Users of ``site``, most important class first."""
    users = np.flatnonzero(control.ue_site == site)
    return users[np.argsort(task.snapshot.service_class[users], kind="stable")]


def _capacity_mbps(task: DispatchTask, mode: IntArray) -> FloatArray:
    """C·(1 − λ_loss if helping) of (9), shape [N, B]."""
    nominal = np.array([band.capacity_mbps for band in task.network.bands])
    return np.outer(1.0 - task.network.cooperation.helper_loss_frac * (mode == SiteMode.HELPING), nominal)


def _volume_mbps(control: Dispatch, sites: int) -> FloatArray:
    """Granted volume of every carrier [N, B]."""
    at = np.where(control.ue_site >= 0, control.ue_site, sites)
    columns = [np.bincount(at, rate, minlength=sites + 1)[:-1] for rate in control.rate_mbps.T]
    return np.stack(columns, axis=1)


def _kept_frac(need: FloatArray, limit: float) -> FloatArray:
    """What each in a queue keeps of its ``need`` when ``limit`` is handed out from the front."""
    room = np.clip(limit - (np.cumsum(need) - need), 0.0, None)
    return np.asarray(np.minimum(1.0, np.divide(room, need, out=np.ones_like(need), where=need > 0)), dtype=np.float64)
