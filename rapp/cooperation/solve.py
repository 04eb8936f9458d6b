"""Solving the cooperation model with HiGHS: a fresh model each time, one thread, stopped by gap or node count.

A kept model could be poisoned by a failed solve, and a stop by the clock would make a plan depend on the machine;
``time_limit_s`` is only the net below both.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from gridran.outcome import Feasible, Infeasible, Optimal, Outcome, TimedOut
from gridran.types import BoolArray, FloatArray, IntArray, SiteMode
from rapp.cooperation import constraints
from rapp.cooperation.diagnosis import not_finite, why_infeasible
from rapp.cooperation.highs import has_solution, model_of, solver
from rapp.cooperation.objective import costs
from rapp.cooperation.rows import Rows
from rapp.cooperation.search import search
from rapp.cooperation.variables import Problem, Variables, bounds, variables

RESTRICTED_NODES = 1
NEIGHBOUR_NODES = 200  # a net too: the neighbourhood of the relaxation closes within some ten
_INTEGRAL = 1e-6

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

    Three steps: a local search over who sleeps; the exact model with those sleepers fixed, near its relaxation, which
    settles carriers, links and flows; then the whole model from there with ``node_limit`` nodes, or with none its
    relaxation, which gains nothing more but proves how far the pattern can be from the best. The answer is never worse
    than every site normal with all carriers on, wherever that is possible at all.
    """
    wrong = not_finite(problem)
    if wrong:
        return Infeasible(wrong)
    model, v = whole_model(problem)
    asleep = search(problem, start_mode) == SiteMode.DEEP_SLEEP
    first = _near_relaxation(model, v, limits, _sleepers_fixed(v, asleep))
    normal = _run(model, limits, RESTRICTED_NODES, fixed=_all_normal(problem, v))
    best = min((first, normal), key=_objective)
    if limits.node_limit > 0 or not has_solution(first):
        start = list(best.getSolution().col_value) if has_solution(best) else None
        whole = _run(model, limits, max(limits.node_limit, RESTRICTED_NODES), start=start)
        return _outcome(whole, problem, v, limits, float(whole.getInfo().mip_dual_bound))
    return _outcome(best, problem, v, limits, _relaxation(model, limits))


def whole_model(problem: Problem) -> tuple[highspy.HighsLp, Variables]:
    """The exact model, nothing fixed, and where its columns are."""
    v = variables(problem)
    return _model(problem, v, _rows(problem, v)), v


def _near_relaxation(model: highspy.HighsLp, v: Variables, limits: Limits, fixed: Fixed) -> highspy.Highs:
    """The model with ``fixed`` columns, and with the carriers that are on or off in its relaxation held there too
    (relaxation-enforced neighbourhood); without those where that has no solution."""
    relaxed = _relaxed(model, limits, fixed)
    if relaxed.getModelStatus() == highspy.HighsModelStatus.kOptimal:
        on = np.asarray(relaxed.getSolution().col_value)[v.z].ravel()
        settled = (on < _INTEGRAL) | (on > 1.0 - _INTEGRAL)
        columns = np.concatenate([fixed[0], v.z.ravel()[settled]])
        values = np.concatenate([fixed[1], on[settled].round()])
        found = _run(model, limits, NEIGHBOUR_NODES, fixed=(columns, values), neighbours=False)
        if has_solution(found):
            return found
    return _run(model, limits, RESTRICTED_NODES, fixed=fixed)


def _sleepers_fixed(v: Variables, asleep: BoolArray) -> Fixed:
    return v.gamma[:, SiteMode.DEEP_SLEEP], asleep.astype(np.float64)


def _all_normal(problem: Problem, v: Variables) -> Fixed:
    """Every live site normal with all its carriers on: with the modes settled a linear program, solved at once."""
    awake = (problem.alive > 0) & (problem.decided != 0)
    columns = np.concatenate([v.gamma[awake, SiteMode.NORMAL], v.z[awake].ravel()])
    return columns, np.ones(len(columns))


def _objective(highs: highspy.Highs) -> float:
    return float(highs.getInfo().objective_function_value) if has_solution(highs) else np.inf


def _relaxation(model: highspy.HighsLp, limits: Limits) -> float:
    """Objective of the linear relaxation, a valid bound; minus infinity where it was not solved."""
    highs = _relaxed(model, limits)
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return -np.inf
    return float(highs.getInfo().objective_function_value)


def _relaxed(model: highspy.HighsLp, limits: Limits, fixed: Fixed | None = None) -> highspy.Highs:
    """The linear relaxation, solved, with some columns ``fixed``."""
    highs = _highs(limits, 0)
    highs.setOptionValue("solve_relaxation", True)
    highs.passModel(model)
    _fix(highs, fixed)
    highs.run()
    return highs


def _fix(highs: highspy.Highs, fixed: Fixed | None) -> None:
    if fixed is not None:
        column, value = fixed
        highs.changeColsBounds(len(column), column.astype(np.int32), value, value)


def _rows(problem: Problem, v: Variables) -> Rows:
    rows = Rows(v.count)
    for family in (
        constraints.modes,
        constraints.links,
        constraints.service,
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
    neighbours: bool = True,
) -> highspy.Highs:
    """Run the model, from a complete ``start``, or with some columns ``fixed``; without ``neighbours`` the solver does
    not look for neighbourhoods of its relaxation of its own."""
    highs = _highs(limits, node_limit)
    highs.setOptionValue("mip_heuristic_run_rens", neighbours)
    highs.setOptionValue("mip_heuristic_run_root_reduced_cost", neighbours)
    highs.passModel(model)
    _fix(highs, fixed)
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
