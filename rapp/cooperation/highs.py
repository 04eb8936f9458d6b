"""HiGHS as every program here uses it: silent, one thread, a fixed seed, and a model handed over in one piece."""

from __future__ import annotations

import highspy
import numpy as np
import scipy.sparse as sp

from gridran.types import FloatArray, IntArray


def solver(**options: bool | float | int | str) -> highspy.Highs:
    """A fresh solver with ``options`` on top. ValueError: HiGHS has no such option or value."""
    highs = highspy.Highs()
    for option, value in {"output_flag": False, "threads": 1, "random_seed": 0, **options}.items():
        if highs.setOptionValue(option, value) != highspy.HighsStatus.kOk:
            raise ValueError(f"HiGHS takes no {option}={value!r}")
    return highs


def model_of(
    rows: tuple[sp.csr_matrix, FloatArray, FloatArray],
    cost: FloatArray,
    bounds: tuple[FloatArray, FloatArray],
    integer: IntArray | None = None,
) -> highspy.HighsLp:
    """min cost·x with lower <= A·x <= upper, the ``rows`` (A, lower, upper), and x within ``bounds`` (lower, upper);
    the columns ``integer`` are whole."""
    matrix, lower, upper = rows
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_ = cost
    model.col_lower_, model.col_upper_ = bounds
    model.row_lower_, model.row_upper_ = lower, upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    model.a_matrix_.index_ = matrix.indices.astype(np.int32)
    model.a_matrix_.value_ = matrix.data
    if integer is not None:
        kinds = np.full(len(cost), highspy.HighsVarType.kContinuous, dtype=object)
        kinds[integer] = highspy.HighsVarType.kInteger
        model.integrality_ = list(kinds)
    return model


def has_solution(highs: highspy.Highs) -> bool:
    """Whether the last run left a feasible solution."""
    return bool(highs.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible)
