"""A linear program as arrays, solved by HiGHS from a given start.

Theory of operation. The programs of the fast loop have some hundred rows, and mostly all but a few users are served
in full. From a basis that says so primal simplex needs a third of the pivots that dual simplex needs from nothing, and
three quarters of the time; where half of the users cannot be served it needs more. The solver is kept and given one
program after another, with the same answers as a new one. Should it fail, sturdier ways follow, each with a solver of
its own, and it is not used again: a failed solve can spoil the next one.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import highspy
import numpy as np

from gridran.types import FloatArray, IntArray

AT_LOWER, BASIC, AT_UPPER = range(3)
_STATUS = np.array(
    [highspy.HighsBasisStatus.kLower, highspy.HighsBasisStatus.kBasic, highspy.HighsBasisStatus.kUpper], dtype=object
)
_Options = dict[str, str | float]
_OPTIONS: _Options = {"output_flag": False, "threads": 1, "random_seed": 0, "simplex_iteration_limit": 50_000}
_QUICK: _Options = {
    "solver": "simplex",
    "presolve": "off",
    "simplex_strategy": 4,  # primal
    "simplex_price_strategy": 1,  # by rows: the same pivots in a twelfth less time from 400 users up
    "simplex_scale_strategy": 0,  # programs are in units of demands and carriers
    "simplex_primal_edge_weight_strategy": 0,  # Dantzig's: few rows
    "primal_simplex_bound_perturbation_multiplier": 0.0,
}
_thread = threading.local()  # its solver of the quick way: to make one is a tenth of a solve
_STURDY: tuple[_Options, ...] = ({"solver": "simplex", "presolve": "on"}, {"solver": "ipm", "presolve": "on"})


@dataclass(frozen=True)
class Program:
    """max cost·x within bounds on columns and rows; the matrix by columns, as HiGHS takes it."""

    cost: FloatArray
    column_lower: FloatArray
    column_upper: FloatArray
    row_lower: FloatArray
    row_upper: FloatArray
    start: IntArray
    row: IntArray
    value: FloatArray


@dataclass(frozen=True)
class Start:
    """A basis: ``AT_LOWER``, ``BASIC`` or ``AT_UPPER`` for every column and row, as many basic ones as there are
    rows."""

    column: IntArray
    row: IntArray


@dataclass(frozen=True)
class Solution:
    """Values of columns, and duals of rows."""

    column_value: FloatArray
    row_dual: FloatArray


def solved(program: Program, start: Start) -> Solution | None:
    """An optimum, or None where the solver gives up in several ways."""
    quick, _thread.quick = getattr(_thread, "quick", None) or _solver(_QUICK), None
    found = _answer(quick, program, start)
    if found is not None:
        _thread.quick = quick
        return found
    sturdy = (_answer(_solver(options), program) for options in _STURDY)
    return next((each for each in sturdy if each is not None), None)


def _answer(highs: highspy.Highs, program: Program, start: Start | None = None) -> Solution | None:
    _pass(highs, program)
    if start is not None:
        highs.setBasis(_basis(start))
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    found = highs.getSolution()
    return Solution(np.asarray(found.col_value), np.asarray(found.row_dual))


def _basis(start: Start) -> highspy.HighsBasis:
    basis = highspy.HighsBasis()
    basis.col_status, basis.row_status = _STATUS[start.column].tolist(), _STATUS[start.row].tolist()
    basis.valid = True
    return basis


def _solver(options: _Options) -> highspy.Highs:
    highs = highspy.Highs()
    for key, value in (_OPTIONS | options).items():
        highs.setOptionValue(key, value)
    return highs


def _pass(highs: highspy.Highs, program: Program) -> None:
    highs.clearModel()
    highs.passModel(
        len(program.cost),
        len(program.row_lower),
        len(program.value),
        int(highspy.MatrixFormat.kColwise),
        int(highspy.ObjSense.kMaximize),
        0.0,
        program.cost,
        program.column_lower,
        program.column_upper,
        program.row_lower,
        program.row_upper,
        program.start.astype(np.int32),
        program.row.astype(np.int32),
        program.value,
        np.zeros(len(program.cost), dtype=np.int32),  # no column is an integer
    )
