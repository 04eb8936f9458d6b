"""Who gets which rate on given carriers: (27) with class-ordered shedding, and the power that goes with it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gridran.energy.site_power import idle_kw, per_load_kw, per_mbps_kw, standby_kw
from gridran.service import WHOLE
from gridran.types import BoolArray, FloatArray, IntArray, Network, ServiceClass
from xapp.dispatch.bandwidth import SLA_REWARD, Shared, Shares, share
from xapp.dispatch.task import DispatchTask

FULL = 1.0 - 1e-9


@dataclass(frozen=True)
class Power:
    """Coefficients of (4), gathered once: ``idle`` and ``standby`` [N, B], ``load`` [N, B] per unit ρ, ``mbps`` [B]; of
    one site [B], when ``at`` it."""

    idle_kw: FloatArray
    standby_kw: FloatArray
    load_kw: FloatArray
    mbps_kw: FloatArray

    def fixed_kw(self, band_on: BoolArray) -> FloatArray:
        """Draw [...] of awake sites without load under ``band_on`` [..., B]."""
        return np.asarray(np.where(band_on, self.idle_kw, self.standby_kw).sum(axis=-1), dtype=np.float64)

    def at(self, site: int | IntArray) -> Power:
        """Those of one ``site``, or of several."""
        return Power(self.idle_kw[site], self.standby_kw[site], self.load_kw[site], self.mbps_kw)


def power_of(network: Network) -> Power:
    """The coefficients of ``network``."""
    return Power(idle_kw(network), standby_kw(network), per_load_kw(network), per_mbps_kw(network))


def shares_of(
    task: DispatchTask,
    users: IntArray,
    site: IntArray,
    rate_mbps: FloatArray,
    power_limit_kw: FloatArray,
    load_kw: FloatArray,
    mbps_kw: FloatArray,
) -> Shares:
    """The sharing problem of ``users`` [M] with options ``site`` [M, C] and whole-carrier rates [M, C, B]."""
    snapshot = task.snapshot
    service_class = snapshot.service_class[users]
    return Shares(
        demand_mbps=snapshot.demand_mbps[users],
        min_rate_mbps=np.minimum(snapshot.min_rate_mbps, snapshot.demand_mbps)[users],
        weight=task.policy.class_weight[service_class],
        service_class=service_class,
        reward=SLA_REWARD[service_class],
        held=np.zeros(len(users), dtype=np.bool_),
        site=site,
        rate_mbps=rate_mbps,
        power_limit_kw=power_limit_kw,
        load_kw=load_kw,
        mbps_kw=mbps_kw,
        segments=task.control.pwl_segments,
    )


def shared(problem: Shares) -> tuple[FloatArray, Shared | None]:
    """Rates [M, C, B] by (27) with class-ordered shedding, and the program's answer where it decided.

    Where some minimum rate does not fit, who keeps theirs is settled class by class, most important first; who does
    not gets nothing, and the blocks go to the others. Without a solver the greedy rule decides.
    """
    answer = share(problem)
    if answer is not None and unmet(problem, answer.rate_mbps).any():
        kept = keepable(problem)
        offered = np.where(kept[:, None, None], problem.rate_mbps, 0.0)
        held = kept & (problem.min_rate_mbps > 0)
        least = np.where(kept, problem.min_rate_mbps, 0.0)
        answer = share(replace(problem, rate_mbps=offered, min_rate_mbps=least, held=held))
    return (greedy(problem), None) if answer is None else (answer.rate_mbps, answer)


def fitting(problem: Shares) -> tuple[FloatArray, Shared | None] | None:
    """As ``shared``, but None where some minimum rate does not fit."""
    unheard = problem.rate_mbps.max(axis=(1, 2)) <= 0.0
    if (unheard & (problem.min_rate_mbps > 0.0)).any():
        return None
    answer = share(problem)
    if answer is not None and unmet(problem, answer.rate_mbps).any():
        return None
    return (greedy(problem), None) if answer is None else (answer.rate_mbps, answer)


def unmet(problem: Shares, rate_mbps: FloatArray) -> BoolArray:
    """Users [M] whose minimum rate is not carried by ``rate_mbps`` [M, C, B]."""
    return np.asarray(rate_mbps.sum(axis=(1, 2)) < problem.min_rate_mbps * WHOLE, dtype=np.bool_)


def keepable(problem: Shares) -> BoolArray:
    """Users [M] whose minimum rate fits: in each class as many as there is room for beside the more important ones."""
    kept = problem.min_rate_mbps <= 0.0
    for service_class in np.unique(problem.service_class[~kept]):
        of = (problem.service_class == service_class) & ~kept
        users = np.flatnonzero((kept & (problem.min_rate_mbps > 0.0)) | of)
        stage = replace(
            subset(problem, users),
            demand_mbps=problem.min_rate_mbps[users],
            weight=np.zeros(len(users)),
            reward=of[users].astype(np.float64),
            held=kept[users],
            segments=1,
            move_cost=None,
        )
        answer = share(stage)
        if answer is None:
            break
        kept[users] |= ~unmet(stage, answer.rate_mbps)
    return kept


def subset(problem: Shares, users: IntArray) -> Shares:
    """The same problem for ``users`` alone."""
    return replace(
        problem,
        demand_mbps=problem.demand_mbps[users],
        min_rate_mbps=problem.min_rate_mbps[users],
        weight=problem.weight[users],
        service_class=problem.service_class[users],
        reward=problem.reward[users],
        held=problem.held[users],
        site=problem.site[users],
        rate_mbps=problem.rate_mbps[users],
        move_cost=None if problem.move_cost is None else problem.move_cost[users],
        begin_mbps=None if problem.begin_mbps is None else problem.begin_mbps[users],
    )


def greedy(problem: Shares) -> FloatArray:
    """Rates [M, C, B] without a solver: most important class first, best carrier of the first option."""
    bands = problem.rate_mbps.shape[2]
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
    return rates


def is_best_effort(task: DispatchTask) -> BoolArray:
    """Users [U] of the least class."""
    return np.asarray(task.snapshot.service_class == ServiceClass.BEST_EFFORT, dtype=np.bool_)
