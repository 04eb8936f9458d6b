"""Rates for a fixed association and fixed carrier sets: the constructive fill first, the linear program where it fails."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridran.energy.site_power import idle_kw, per_load_kw, per_mbps_kw, standby_kw
from gridran.types import BoolArray, DispatchTier, FloatArray, IntArray, Network, ServiceClass
from xapp.dispatch.bandwidth import Shares, share
from xapp.dispatch.task import DispatchTask

FULL = 1.0 - 1e-9


@dataclass(frozen=True)
class Power:
    """Coefficients of (4), gathered once: ``idle`` and ``standby`` [N, B], ``load`` [N, B] per unit ρ, ``mbps`` [B]."""

    idle_kw: FloatArray
    standby_kw: FloatArray
    load_kw: FloatArray
    mbps_kw: FloatArray

    def fixed_kw(self, band_on: BoolArray) -> FloatArray:
        """Draw [N] of awake sites without load under ``band_on`` [N, B]."""
        return np.asarray(np.where(band_on, self.idle_kw, self.standby_kw).sum(axis=1), dtype=np.float64)


def power_of(network: Network) -> Power:
    return Power(idle_kw(network), standby_kw(network), per_load_kw(network), per_mbps_kw(network))


def shares_of(
    task: DispatchTask, power: Power, users: IntArray, site: IntArray, rate_mbps: FloatArray, band_on: BoolArray
) -> Shares:
    """The sharing problem of ``users`` with options ``site`` [M, C] and rates [M, C, B] on the carriers ``band_on``."""
    snapshot = task.snapshot
    on = band_on[np.maximum(site, 0)] & (site >= 0)[..., None]
    service_class = snapshot.service_class[users]
    return Shares(
        demand_mbps=snapshot.demand_mbps[users],
        min_rate_mbps=snapshot.min_rate_mbps[users],
        weight=task.policy.class_weight[service_class],
        service_class=service_class,
        site=site,
        rate_mbps=np.where(on, rate_mbps, 0.0),
        power_limit_kw=np.maximum(task.policy.power_budget_kw - power.fixed_kw(band_on), 0.0),
        load_kw=power.load_kw,
        mbps_kw=power.mbps_kw,
        segments=task.control.pwl_segments,
    )


def shared_rates(
    task: DispatchTask, power: Power, users: IntArray, ue_site: IntArray, rate_mbps: FloatArray, band_on: BoolArray
) -> tuple[FloatArray, DispatchTier]:
    """Rates [M, B] of ``users`` on their fixed sites, by (27) with class-ordered shedding.

    A user who would get less than its minimum rate gets nothing, and the blocks go to the others.
    """
    site = ue_site[users][:, None]
    whole = rate_mbps[users][:, None, :]
    problem = shares_of(task, power, users, site, whole, band_on)
    rates = share(problem)
    if rates is None:
        return greedy(problem)[:, 0, :], DispatchTier.MAX_SINR
    short = rates.sum(axis=(1, 2)) < problem.min_rate_mbps * (1.0 - 1e-6)
    if short.any():
        whole = np.where(short[:, None, None], 0.0, whole)
        again = share(shares_of(task, power, users, site, whole, band_on))
        rates = np.where(short[:, None, None], 0.0, rates) if again is None else again
    return rates[:, 0, :], DispatchTier.EXACT


def greedy(problem: Shares) -> FloatArray:
    """Rates [M, C, B] without a solver: most important class first, best carrier of the first option, until it is full."""
    users, _, bands = problem.rate_mbps.shape
    sites = len(problem.power_limit_kw)
    rates = np.zeros_like(problem.rate_mbps)
    left_blocks, left_kw = np.ones((sites, bands)), problem.power_limit_kw.copy()
    rank = np.lexsort((-problem.rate_mbps[:, 0].max(axis=1), problem.service_class))
    for u in rank:
        site = int(problem.site[u, 0])
        best = int(np.argmax(problem.rate_mbps[u, 0] * left_blocks[max(site, 0)]))
        whole = float(problem.rate_mbps[u, 0, best])
        if site < 0 or whole <= 0.0:
            continue
        demand = float(problem.demand_mbps[u])
        kw = float(problem.load_kw[site, best] / whole + problem.mbps_kw[best])
        rate = min(demand, left_blocks[site, best] * whole, left_kw[site] / max(kw, 1e-12))
        if rate < problem.min_rate_mbps[u]:
            continue
        rates[u, 0, best] = rate
        left_blocks[site, best] -= rate / whole
        left_kw[site] -= kw * rate
    del users
    return rates


def is_best_effort(task: DispatchTask) -> BoolArray:
    return np.asarray(task.snapshot.service_class == ServiceClass.BEST_EFFORT, dtype=np.bool_)
