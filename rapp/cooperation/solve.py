"""Solving the cooperation model with HiGHS: a fresh model each time, one thread, stopped by gap or node count.

A kept model could be poisoned by a failed solve, and a stop by the clock would make a plan depend on the machine;
``time_limit_s`` is only the net below both.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from gridran.outcome import Feasible, Infeasible, Optimal, Outcome, TimedOut
from gridran.types import FloatArray, IntArray, SiteMode
from rapp.cooperation import constraints
from rapp.cooperation.diagnosis import not_finite, why_infeasible
from rapp.cooperation.flows import Flows
from rapp.cooperation.highs import has_solution, model_of, solver
from rapp.cooperation.objective import costs
from rapp.cooperation.program import Decisions, program
from rapp.cooperation.refine import permitted, refined, settled
from rapp.cooperation.rows import Rows
from rapp.cooperation.search import Space, search, space
from rapp.cooperation.variables import Problem, Variables, bounds, variables

RESTRICTED_NODES = 1

Fixed = tuple[IntArray, FloatArray]  # columns and the values that they are held at


@dataclass(frozen=True)
class Limits:
    """``gap_frac`` relative; ``node_limit`` branch-and-bound nodes; ``time_limit_s`` the safety net."""

    gap_frac: float
    node_limit: int
    time_limit_s: float


@dataclass(frozen=True)
class Pattern:
    """A solved mode pattern: ``mode`` [N], ``links`` (helper, assisted), ``band_on`` [N, B], ``power_kw`` [N],
    ``s_per_h`` (max P/E), ``unserved_mbps`` [G], ``objective`` and its proven ``bound``, ``columns`` as solved."""

    mode: IntArray
    links: tuple[tuple[int, int], ...]
    band_on: IntArray
    power_kw: FloatArray
    s_per_h: float
    unserved_mbps: FloatArray
    objective: float
    bound: float
    columns: FloatArray


def solve(problem: Problem, limits: Limits, start_mode: IntArray | None = None) -> Outcome[Pattern]:
    """The best mode pattern for ``problem``; ``start_mode`` [N] is where the search begins besides everybody awake.

    Three steps: a local search over who sleeps at an estimated cost; one over modes and carriers at the exact cost;
    then the whole model from there with ``node_limit`` nodes, or with none its relaxation, which gains nothing more
    but proves how far the pattern can be from the best. The answer is never worse than every site normal with all
    carriers on, wherever that is possible at all.
    """
    wrong = not_finite(problem)
    if wrong:
        return Infeasible(wrong)
    model, v = whole_model(problem)
    patterns = space(problem)
    cost, found = refined(Flows(program(problem, v)), patterns, _starts(problem, patterns, start_mode))
    best = _run(model, limits, RESTRICTED_NODES, fixed=_fixed(v, found)) if np.isfinite(cost) else None
    if best is not None and has_solution(best) and limits.node_limit == 0:
        return _outcome(best, problem, v, limits, _relaxation(model, limits))
    start = list(best.getSolution().col_value) if best is not None and has_solution(best) else None
    whole = _run(model, limits, max(limits.node_limit, RESTRICTED_NODES), start=start)
    return _outcome(whole, problem, v, limits, float(whole.getInfo().mip_dual_bound))


def whole_model(problem: Problem) -> tuple[highspy.HighsLp, Variables]:
    """The exact model, nothing fixed, and where its columns are."""
    v = variables(problem)
    return _model(problem, v, _rows(problem, v)), v


def _starts(problem: Problem, patterns: Space, start_mode: IntArray | None) -> Decisions:
    """The pattern of the search over sleepers with its carriers, and every site normal with all of them, as far as
    that is open."""
    normal = np.where(problem.open, SiteMode.NORMAL, problem.decided_mode)
    normal = np.where(patterns.alive, normal, SiteMode.DEEP_SLEEP).astype(np.int64)
    starts = [(normal, np.ones((len(normal), problem.network.band_count), dtype=np.bool_))]
    mode = settled(patterns, search(problem, patterns, start_mode))
    if mode is not None:
        drawn = patterns.drawn((mode != SiteMode.DEEP_SLEEP)[None])
        starts.insert(0, (mode, patterns.table.sets[drawn.carriers[0]] > 0))
    modes, carriers = np.array([start[0] for start in starts]), np.array([start[1] for start in starts])
    return Decisions(modes, permitted(problem.network, modes, carriers))


def _fixed(v: Variables, decision: Decisions) -> Fixed:
    return np.concatenate([v.gamma.ravel(), v.z.ravel()]), decision.columns()[0]


def _relaxation(model: highspy.HighsLp, limits: Limits) -> float:
    """Objective of the linear relaxation, a valid bound; minus infinity where it was not solved."""
    highs = _highs(limits, 0)
    highs.setOptionValue("solve_relaxation", True)
    highs.passModel(model)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return -np.inf
    return float(highs.getInfo().objective_function_value)


def _rows(problem: Problem, v: Variables) -> Rows:
    rows = Rows(v.count)
    for family in (
        constraints.modes,
        constraints.links,
        constraints.balance,
        constraints.carriers,
        constraints.reach,
        constraints.interference,
        constraints.capacity,
        constraints.power,
    ):
        family(rows, problem, v)
    return rows


def _run(
    model: highspy.HighsLp,
    limits: Limits,
    node_limit: int,
    start: list[float] | None = None,
    fixed: Fixed | None = None,
) -> highspy.Highs:
    """Run the model, from a complete ``start``, or with some columns ``fixed``."""
    highs = _highs(limits, node_limit)
    highs.passModel(model)
    if fixed is not None:
        column, value = fixed
        highs.changeColsBounds(len(column), column.astype(np.int32), value, value)
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = start
        highs.setSolution(solution)
    highs.run()
    return highs


def _highs(limits: Limits, node_limit: int) -> highspy.Highs:
    return solver(mip_rel_gap=limits.gap_frac, mip_max_nodes=node_limit, time_limit=limits.time_limit_s)


def _model(problem: Problem, v: Variables, rows: Rows) -> highspy.HighsLp:
    whole = np.concatenate([v.gamma.ravel(), v.z.ravel()])
    return model_of(rows.matrix(), costs(problem, v), bounds(problem, v, v.count), whole)


def _outcome(highs: highspy.Highs, problem: Problem, v: Variables, limits: Limits, bound: float) -> Outcome[Pattern]:
    status = highs.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return Infeasible(why_infeasible(problem))
    if not has_solution(highs):
        return TimedOut(f"no pattern found before the limit: {highs.modelStatusToString(status)}")
    pattern = _pattern(highs, problem, v, bound)
    gap = max(pattern.objective - bound, 0.0) / max(abs(pattern.objective), 1e-9)
    return Optimal(pattern, gap) if gap <= limits.gap_frac else Feasible(pattern, gap)


def _pattern(highs: highspy.Highs, problem: Problem, v: Variables, bound: float) -> Pattern:
    columns = np.asarray(highs.getSolution().col_value)
    mode = np.argmax(columns[v.gamma], axis=1).astype(np.int64)
    helped = (mode == SiteMode.ASSISTED) | (mode == SiteMode.DEEP_SLEEP)
    # A literal y_ij is only bounded from below (23), so it may be 1 where nobody helps: that is no link.
    linked = (columns[v.y] > 0.5) & (mode[v.helper] == SiteMode.HELPING) & helped[v.assisted]
    return Pattern(
        mode=mode,
        links=tuple((int(h), int(a)) for h, a in zip(v.helper[linked], v.assisted[linked], strict=True)),
        band_on=(columns[v.z] > 0.5).astype(np.int64),
        power_kw=constraints.site_power_kw(problem, v, columns),
        s_per_h=float(columns[v.s]),
        unserved_mbps=columns[v.unserved],
        objective=float(highs.getInfo().objective_function_value),
        bound=bound,
        columns=columns,
    )
