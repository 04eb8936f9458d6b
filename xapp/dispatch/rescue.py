"""Emergency users are never left without coverage while a site that could serve them sleeps.

A plan is made for a quarter of an hour, and in that time people walk into holes that it did not see. Where an emergency
user has no awake site with a sound margin, or had one that gave it nothing, the sleeping site of its own cell wakes to
normal and stays awake until the next plan, which knows of the hole.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from gridran.service import WHOLE
from gridran.types import BoolArray, Dispatch, FloatArray, IntArray, ServiceClass, SiteMode, Snapshot
from xapp.dispatch.efficiency import radio_of
from xapp.dispatch.task import DispatchTask

WAKE_MARGIN_DB = 1.0
_PER_USER = (
    "ue_id",
    "service_class",
    "demand_mbps",
    "min_rate_mbps",
    "ue_xy_m",
    "serving_site",
    "served_mbps",
    "neighbour_site",
    "gain_db",
)


def with_rescue(task: DispatchTask) -> DispatchTask:
    """``task`` whose policy also wakes the sites that emergency users need; the same object where none is needed."""
    woken = _woken(task)
    if not woken.any():
        return task
    mode = np.where(woken, int(SiteMode.NORMAL), task.policy.mode)
    return replace(task, policy=replace(task.policy, mode=mode))


def _woken(task: DispatchTask) -> BoolArray:
    """Sites [N] that the policy lets sleep, and that are awake for an emergency user's sake."""
    snapshot = task.snapshot
    asleep = (task.policy.mode == SiteMode.DEEP_SLEEP) & (snapshot.site_up | snapshot.grid_up)
    woken: BoolArray = asleep & _woken_before(task)
    own = snapshot.neighbour_site[:, 0]
    users = np.flatnonzero((snapshot.service_class == ServiceClass.EMERGENCY) & (asleep & ~woken)[own])
    if users.size:
        covered = _covered(replace(task, snapshot=_only(snapshot, users), association="cooperative"))
        short = snapshot.served_mbps < snapshot.min_rate_mbps * WHOLE
        dropped = short[users] & (_last_of_plan(task) is not None)
        woken[own[users[dropped | ~covered]]] = True
    return woken


def _woken_before(task: DispatchTask) -> BoolArray:
    """Sites [N] that the last control under the same plan had awake."""
    last = _last_of_plan(task)
    asleep = np.full(len(task.policy.mode), int(SiteMode.DEEP_SLEEP)) if last is None else last.mode
    return np.asarray(asleep != SiteMode.DEEP_SLEEP, dtype=np.bool_)


def _last_of_plan(task: DispatchTask) -> Dispatch | None:
    """The last control, where it was made under the same policy and slot."""
    last = task.previous
    same = last is not None and last.policy_id == task.policy.policy_id and not task.slot_begins
    return last if same else None


def _covered(task: DispatchTask) -> BoolArray:
    """Users [U] of ``task`` whom an open site reaches with the margin above Γ_min (6)."""
    radio = replace(task.network.radio, sinr_min_db=task.network.radio.sinr_min_db + WAKE_MARGIN_DB)
    best_mbps = radio_of(replace(task, network=replace(task.network, radio=radio))).best_mbps
    return np.asarray(best_mbps.max(axis=1, initial=0.0) > 0.0, dtype=np.bool_)


def _only(snapshot: Snapshot, users: IntArray) -> Snapshot:
    parts: dict[str, FloatArray | IntArray] = {name: getattr(snapshot, name)[users] for name in _PER_USER}
    return Snapshot(**{f.name: getattr(snapshot, f.name) for f in fields(snapshot)} | parts)
