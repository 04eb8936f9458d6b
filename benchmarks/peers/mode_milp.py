"""The mode MILP as it stands, by HiGHS from nothing: what a user would have who writes (18)-(26) down and solves."""

from __future__ import annotations

import time
from dataclasses import dataclass

from rapp.cooperation.highs import has_solution, solver
from rapp.cooperation.solve import whole_model
from rapp.cooperation.variables import Problem


@dataclass(frozen=True)
class Cold:
    """``objective`` at the end (infinite: none), and the seconds that it took."""

    objective: float
    taken_s: float


def solve_cold(problem: Problem, target: float, gap_frac: float, limit_s: float) -> Cold:
    """HiGHS with its own heuristics and no start, on one thread, until it has something as good as ``target``, has
    proven ``gap_frac``, or ``limit_s`` are over."""
    highs = solver(objective_target=target, mip_rel_gap=gap_frac, time_limit=limit_s)
    started_s = time.perf_counter()
    highs.passModel(whole_model(problem)[0])
    highs.run()
    info = highs.getInfo()
    objective = float(info.objective_function_value) if has_solution(highs) else float("inf")
    return Cold(objective, time.perf_counter() - started_s)
