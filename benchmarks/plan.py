"""Bench ``plan``: the mode plan of ``msrc`` beside HiGHS alone on the same program, on states of a real run.

20 plan problems of five hours, each solved by our planner as the run does it, from the plan before; then the whole
program by HiGHS from nothing, until it is as good as ours or a limit is over (``highs_cold_in_time``: how often it is
not). The best known objective of a state is the better of the two, and on every fifth HiGHS has all of the limit to
find a better one. The planner of ``lifetime`` has another objective, so of it there are only times.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

import rapp.core as rapp_core
from benchmarks.output import publish
from benchmarks.peers.mode_milp import solve_cold
from gridran.outcome import Feasible, Optimal, Outcome
from gridran.scenario.loader import load_scenario, with_load
from gridran.strategies import strategy_named
from rapp.cooperation.solve import Limits, Pattern, solve
from rapp.plan import Plan, PlanProblem
from rapp.planners import PLANNERS, msrc
from studies.trial import begin, next_period, periods_per_plan

STATES, LOAD, SEED = 20, "medium", 1
PEER_LIMIT_S = 30.0
SOON_S = 2.0
BEST_EVERY = 5
_AS_GOOD = 1e-4
_NO_PLAN = 1e9  # an objective worse than any


def plan_bench(out: Path) -> None:
    """Writes OUT/plan.json; a ratio says how many of our plans fit into the peer's solve."""
    problems = recorded("msrc")
    ours = [_ours(problem) for problem in problems]
    ours_s = np.array([taken_s for _, taken_s in ours])
    objective = np.array([_NO_PLAN if found is None else found.objective for found, _ in ours])
    targets = np.where(np.arange(STATES) % BEST_EVERY, objective * (1.0 + _AS_GOOD), -_NO_PLAN)
    peer = [
        solve_cold(msrc.build(p), float(target), p.params.gap_frac, PEER_LIMIT_S)
        for p, target in zip(problems, targets, strict=True)
    ]
    theirs = np.minimum([cold.objective for cold in peer], _NO_PLAN)
    raced = np.arange(STATES) % BEST_EVERY > 0
    peer_s = np.array([cold.taken_s for cold in peer])[raced]
    best = np.minimum(objective, theirs)
    lifetime_s = [_seconds(partial(PLANNERS["lifetime"], problem)) for problem in recorded("lifetime")]
    publish(
        out,
        "plan",
        {
            "states": float(STATES),
            "ours_p50_s": float(np.median(ours_s)),
            "ours_max_s": float(ours_s.max()),
            "ours_above_best_max_frac": float((objective / best - 1.0).max()),
            "no_plan": float((objective >= _NO_PLAN).sum()),
            "late": float((ours_s > SOON_S).sum()),
            "highs_cold_p50_s": float(np.median(peer_s)),
            "highs_cold_in_time": float((peer_s < PEER_LIMIT_S).mean()),
            "ratio": float(np.median(peer_s) / np.median(ours_s)),
            "lifetime_first_s": lifetime_s[0],
            "lifetime_p50_s": float(np.median(lifetime_s[1:])),
        },
    )


def recorded(strategy: str) -> list[PlanProblem]:
    """The first ``STATES`` plan problems of a run of ``strategy``."""
    asked: list[PlanProblem] = []

    def planner(problem: PlanProblem) -> Outcome[Plan]:
        asked.append(problem)
        return PLANNERS[strategy](problem)

    scenario = with_load(load_scenario("paper"), LOAD)
    play = begin(scenario, strategy_named(strategy), SEED)
    play = replace(play, slow=rapp_core.planned_by(play.slow, planner))
    while len(asked) < STATES:
        for _ in range(periods_per_plan(scenario)):
            play, _ = next_period(play)
    return asked


def _ours(problem: PlanProblem) -> tuple[Pattern | None, float]:
    """Our pattern, and the seconds from the planning problem to it."""
    started_s = time.perf_counter()
    limits = Limits(problem.params.gap_frac, problem.params.node_limit, problem.params.time_limit_s)
    outcome = solve(msrc.build(problem), limits, None if problem.previous is None else problem.previous.mode)
    taken_s = time.perf_counter() - started_s
    return (outcome.value if isinstance(outcome, Optimal | Feasible) else None), taken_s


def _seconds(call: Callable[[], object]) -> float:
    started_s = time.perf_counter()
    call()
    return time.perf_counter() - started_s
