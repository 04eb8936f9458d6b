"""Bench ``scale``: what a plan, a dispatch and an emulated period cost at 19, 127 and 1,027 sites.

The paper's density of users and hotspots, strategy ``lifetime``, medium load. Plans are made with a process for each
core; dispatches and periods by one. The exponents say how cost grows with users: 1 is in proportion. That of
dispatches is of the mean: the larger a network, the surer some site is crowded in every period.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

import rapp.core as rapp_core
import xapp.core as xapp_core
from benchmarks.output import publish
from benchmarks.timing import timed
from emulator.streams import Streams
from emulator.world import advance, observe
from gridran.outcome import Outcome
from gridran.runtime.workers import processes
from gridran.scenario.loader import load_scenario, with_load
from gridran.scenario.params import Scenario
from gridran.strategies import strategy_named
from gridran.units import s_to_h
from rapp.clusters.planner import plan as by_cluster
from rapp.plan import Plan, PlanProblem
from rapp.planners import PLANNERS
from studies.charts import panels
from studies.trial import Play, begin, next_period, periods_per_plan
from xapp.dispatchers.proportional_fair import dispatch
from xapp.safety import clamp

RINGS = (2, 6, 18)
PAPER_SITES, PAPER_USERS, PAPER_HOTSPOTS = 19, 1000, 8
STRATEGY, LOAD, SEED = "lifetime", "medium", 1
DISPATCH_EVERY, ROUNDS = 5, 5
_COSTS = ("first_plan_s", "next_plan_s", "dispatch_mean_s", "period_s")


@dataclass
class _TimedPlanner:
    """Plans cluster by cluster, and notes the seconds and what came of it."""

    pool: Executor
    most_sites: int
    taken_s: list[float]
    outcomes: list[Outcome[Plan]]

    def __call__(self, problem: PlanProblem) -> Outcome[Plan]:
        started_s = time.perf_counter()
        found = by_cluster(problem, PLANNERS[STRATEGY], self.most_sites, self.pool.map)
        self.taken_s.append(time.perf_counter() - started_s)
        self.outcomes.append(found)
        return found


def scale_bench(out: Path) -> None:
    """Writes OUT/scale.json and OUT/scale.png."""
    figures: dict[str, float] = {}
    by_size = []
    for rings in RINGS:
        found = _at(_scenario(rings))
        by_size.append(found)
        figures |= {f"{found['sites']:.0f}_sites_{name}": value for name, value in found.items() if name != "sites"}
    users = [found["users"] for found in by_size]
    for name in _COSTS:
        figures[f"exponent_{name}"] = _exponent(users, [found[name] for found in by_size])
    publish(out, "scale", figures)
    _figure(out / "scale.png", users, by_size)


def _scenario(rings: int) -> Scenario:
    sites = 1 + 3 * rings * (rings + 1)
    as_dense = {
        "sites.rings": rings,
        "traffic.ue_count": round(PAPER_USERS * sites / PAPER_SITES),
        "traffic.hotspot_count": round(PAPER_HOTSPOTS * sites / PAPER_SITES),
    }
    return with_load(load_scenario("paper", as_dense), LOAD)


def _at(scenario: Scenario) -> dict[str, float]:
    """What one size costs, over the periods until the second plan."""
    jobs = os.cpu_count() or 1
    with processes(jobs, ("rapp.planners",)) as pool:
        list(pool.map(abs, range(jobs)))  # begun before anything is timed
        planner = _TimedPlanner(pool, scenario.planning.cluster_sites, [], [])
        play = begin(scenario, strategy_named(STRATEGY), SEED)
        play = replace(play, slow=rapp_core.planned_by(play.slow, planner))
        dispatch_s = []
        for number in range(periods_per_plan(scenario) + 1):
            later, _ = next_period(play)
            if number % DISPATCH_EVERY == 0:
                dispatch_s.append(_dispatch_s(play, later))
            play = later
    kinds = [type(outcome).__name__.lower() for outcome in planner.outcomes]
    sys.stdout.write(f"{scenario.network.site_count} sites: plans {', '.join(kinds)}; no gap is proven for any\n")
    return {
        "sites": float(scenario.network.site_count),
        "users": float(scenario.traffic.ue_count),
        "first_plan_s": planner.taken_s[0],
        "next_plan_s": planner.taken_s[1],
        "dispatch_p50_s": float(np.median(dispatch_s)),
        "dispatch_mean_s": float(np.mean(dispatch_s)),
        "dispatch_max_s": float(np.max(dispatch_s)),
        "period_s": _period_s(play, later),
        "peak_memory_gb": _peak_gb(os.cpu_count() or 1),
    }


def _dispatch_s(before: Play, after: Play) -> float:
    """The decision of the period between, once more."""
    task = xapp_core.task_of(replace(before.fast, policy=after.fast.policy), observe(before.world))
    return timed(lambda: clamp(task, dispatch(task)))[1] / 1e3


def _period_s(play: Play, after: Play) -> float:
    control = after.fast.sent
    if control is None:
        raise RuntimeError("the fast loop sent no control")
    dt_h = s_to_h(play.scenario.time.period_s)
    step: Callable[[], object] = partial(advance, play.world, control, dt_h, Streams(SEED))
    return float(np.median([timed(step)[1] for _ in range(ROUNDS)])) / 1e3


def _peak_gb(jobs: int) -> float:
    """Most memory so far of this process and ``jobs`` others as large as the largest that ended."""
    own, others = (resource.getrusage(of).ru_maxrss for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return (own + jobs * others) / 1e6


def _exponent(users: list[float], cost: list[float]) -> float:
    return float(np.polyfit(np.log(users), np.log(cost), 1)[0])


def _figure(path: Path, users: list[float], by_size: list[dict[str, float]]) -> None:
    figure, (ax,) = panels(1, 5.5, 4.0)
    for name in _COSTS:
        cost = [found[name] for found in by_size]
        ax.loglog(
            users, cost, "o-", label=f"{name.removesuffix('_s').replace('_', ' ')} ({_exponent(users, cost):.2f})"
        )
    ax.set_xlabel("users")
    ax.set_ylabel("seconds")
    ax.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=150)
