"""The exact cost of one decision after another, by a linear program that HiGHS keeps and solves again."""

from __future__ import annotations

import highspy
import numpy as np
import scipy.sparse as sp

from gridran.types import FloatArray
from rapp.cooperation.highs import model_of, solver
from rapp.cooperation.prices import Prices
from rapp.cooperation.program import Decisions, Program


class Flows:
    """Solves ``program`` for decisions, about a millisecond each; ``solves`` counts them."""

    def __init__(self, program: Program) -> None:
        self.solves = 0
        self._program = program
        self._highs, self._lower, self._upper = _model(program)

    def solve(self, decision: Decisions) -> float:
        """Cost of the one ``decision``; infinite where a site may not even draw what it draws idle."""
        self.solves += 1
        lower, upper = self._bounds(decision)
        changed = np.flatnonzero((lower != self._lower) | (upper != self._upper)).astype(np.int32)
        self._highs.changeColsBounds(len(changed), changed, lower[changed], upper[changed])
        self._highs.run()
        self._lower, self._upper = lower, upper
        if self._highs.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            return float(self._highs.getInfo().objective_function_value)
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kInfeasible:
            self._highs, self._lower, self._upper = _model(self._program)  # a failed solve may have spoilt it
        return float("inf")

    def prices(self, decision: Decisions, cost: float) -> Prices:
        """The prices of ``decision``, which was solved last and has a ``cost``."""
        solution, flows = self._highs.getSolution(), len(self._program.volume_mbps)
        return Prices(
            self._program, decision, cost, np.asarray(solution.row_dual), np.asarray(solution.col_dual)[:flows]
        )

    def _bounds(self, decision: Decisions) -> tuple[FloatArray, FloatArray]:
        """Of flows, unserved volumes and s, and then of the decision's own columns, which are fixed."""
        program, columns = self._program, decision.columns()[0]
        others = program.matrix.shape[1] - len(program.volume_mbps)
        most_mbps = np.where(program.usable(decision)[0], program.volume_mbps, 0.0)
        lower = np.concatenate([np.zeros(program.matrix.shape[1]), columns])
        return lower, np.concatenate([most_mbps, np.full(others, np.inf), columns])


def _model(program: Program) -> tuple[highspy.Highs, FloatArray, FloatArray]:
    """The program before any decision, and the bounds of its columns."""
    columns = sp.hstack([program.matrix, program.settled], format="csr")
    cost = np.concatenate([program.cost, program.settled_cost])
    lower, upper = np.zeros(len(cost)), np.full(len(cost), np.inf)
    highs = solver(presolve="off")
    highs.passModel(model_of((columns, program.lower, program.upper), cost, (lower, upper)))
    return highs, lower, upper
