"""Bench ``dispatch``: one period's decision, beside cvxpy with Clarabel on (27) of the same period.

Ours decides everything: who serves whom, carriers, rates, cars, reasons. The peer is given our carriers and our radio
picture, may split users over sites, and is told who keeps a minimum rate: its model is built and solved in a process
that has solved others before. Its optimum bounds ours from above.
"""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.output import publish
from benchmarks.peers import pf_cvxpy
from benchmarks.ticks import ticks
from benchmarks.timing import spread, timed
from gridran.types import Dispatch, FloatArray, ServiceClass
from xapp.control_check import control_problem
from xapp.dispatch.bandwidth import Shares, utility
from xapp.dispatch.sharing import power_of, shares_of, unmet
from xapp.dispatch.task import DispatchTask
from xapp.dispatch.throttle import throttled
from xapp.dispatchers.proportional_fair import Decided, decide, dispatch
from xapp.safety import clamp

TICKS = 200
PEER_EVERY = 4
CROWDED = slice(300, 600)  # later in the same outage: most sites that are awake are short of carriers or power
CROWDED_PEER_EVERY = 12


def dispatch_bench(out: Path) -> None:
    """200 periods of a run, every fourth by the peer, too, and 300 crowded ones later in it; writes
    OUT/dispatch.json."""
    run = ticks(CROWDED.stop)
    asked = run[:TICKS]
    ours_ms, wrong = [], 0
    for task in asked:
        control, ms = timed(partial(_control, task))
        ours_ms.append(ms)
        wrong += bool(control_problem(task, control))
    compared = [_compared(task) for task in asked[::PEER_EVERY]]
    peer_ms = [ms for ms, *_ in compared if not math.isnan(ms)]
    total, by_class, excess = (np.array([each[k] for each in compared]) for k in (1, 2, 3))
    modes = len(np.unique(np.concatenate([task.policy.mode for task in asked])))
    ours, peer = spread("ours", ours_ms), spread("cvxpy_clarabel", peer_ms)
    publish(
        out,
        "dispatch",
        {
            "ticks": float(len(asked)),
            "site_modes": float(modes),
            **ours,
            **peer,
            "speedup_vs_cvxpy_clarabel": peer["cvxpy_clarabel_p50_ms"] / ours["ours_p50_ms"],
            "speedup_of_means": float(np.mean(peer_ms) / np.mean(ours_ms)),
            "p99_over_p50": ours["ours_p99_ms"] / ours["ours_p50_ms"],
            "gap_total": float(total.max()),
            "gap_class_max": float(by_class.max()),
            "violation_max_frac": float(excess.max()),
            "controls_refused": float(wrong),
            "peer_failures": float(len(compared) - len(peer_ms)),
            **_crowded(run[CROWDED]),
        },
    )


def _crowded(asked: list[DispatchTask]) -> dict[str, float]:
    """Times, and gaps to the peer, of periods in which sites are crowded."""
    ms = spread("crowded", [timed(partial(_control, task))[1] for task in asked])
    compared = [_compared(task) for task in asked[::CROWDED_PEER_EVERY]]
    total, by_class = (np.array([each[k] for each in compared]) for k in (1, 2))
    return {
        **ms,
        "crowded_gap_total": float(total.max()),
        "crowded_gap_class_p50": float(np.median(by_class)),
        "crowded_gap_class_max": float(by_class.max()),
    }


def _control(task: DispatchTask) -> Dispatch:
    return clamp(task, dispatch(task))


def _compared(task: DispatchTask) -> tuple[float, float, float, float]:
    """The peer's milliseconds (NaN: it failed), the gap of the total and of the worst class, and by how much our rates
    exceed a carrier or a budget, as a share of it."""
    found = decide(throttled(task), power_of(task.network))
    problem, rate_mbps = problem_of(found)
    kept = ~unmet(problem, rate_mbps)
    reference, ms = timed(lambda: pf_cvxpy.exact(problem, kept))
    if reference is None:
        reference, ms = pf_cvxpy.tangents(problem, kept), float("nan")
    ours, best = utility(problem, rate_mbps.sum(axis=(1, 2))), utility(problem, reference.rate_mbps.sum(axis=(1, 2)))
    gap = best - ours
    classes = [problem.service_class == each for each in ServiceClass]
    worst = max(float(gap[of].sum() / max(best[of].sum(), 1e-9)) for of in classes)
    return ms, float(gap.sum() / best.sum()), worst, excess_frac(problem, rate_mbps)


def problem_of(found: Decided) -> tuple[Shares, FloatArray]:
    """(27) as it stood for a decision, carriers fixed, and the rates that were decided, [M, C, B]."""
    asked, radio, power = found.asked, found.radio, power_of(found.asked.network)
    users = np.flatnonzero(radio.best_mbps.max(axis=1) > 0)
    site = radio.candidate[users]
    rate_mbps = np.where(found.at.band_on[np.maximum(site, 0)], radio.rate_mbps[users], 0.0)
    limit_kw = np.maximum(asked.policy.power_budget_kw - power.fixed_kw(found.at.band_on), 0.0)
    problem = shares_of(asked, users, site, rate_mbps, limit_kw, power.load_kw, power.mbps_kw)
    here = (site == found.at.ue_site[users][:, None]) & (site >= 0)
    return problem, np.where(here[..., None], found.at.rate_mbps[users][:, None, :], 0.0)


def excess_frac(problem: Shares, rate_mbps: FloatArray) -> float:
    """By how much the fullest carrier or site is over its limit, 0 where none is."""
    user, option, band = np.nonzero(rate_mbps > 0)
    site = problem.site[user, option]
    mbps = rate_mbps[user, option, band]
    blocks = mbps / problem.rate_mbps[user, option, band]
    kw = problem.load_kw[site, band] * blocks + problem.mbps_kw[band] * mbps
    sites, bands = problem.load_kw.shape
    used = np.bincount(site * bands + band, blocks, sites * bands)
    drawn = np.bincount(site, kw, sites) / np.maximum(problem.power_limit_kw, 1e-9)
    return float(max(used.max() - 1.0, drawn.max() - 1.0, 0.0))
