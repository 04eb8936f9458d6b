"""What other decisions cost at least, by the prices of one that was solved.

Theory of operation. The prices of points, blocks and power stay feasible in the dual program of every other decision,
since a decision only moves right sides and upper bounds. So by weak duality they give a cost that it cannot go below,
for hundreds of decisions at once. The blocks of a carrier that was off have no price yet, and may take any: the best is
that of the last flow that fits when those worth most for a block come first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray
from rapp.cooperation.program import Decisions, Program


@dataclass(frozen=True, eq=False)
class Prices:
    """Of one ``decision`` at its ``cost``: ``row`` [R], and the ``reduced`` cost [F] of each flow per Mbps."""

    program: Program
    decision: Decisions
    cost: float
    row: FloatArray
    reduced: FloatArray

    def at_least(self, decisions: Decisions) -> FloatArray:
        """A lower bound [M] on the cost of each of ``decisions``."""
        program = self.program
        usable = program.usable(decisions)
        worth = np.minimum(self.reduced, 0.0) * program.volume_mbps
        change = decisions.columns() - self.decision.columns()
        bound = self.cost + change @ (program.settled_cost - program.settled.T @ self.row)
        bound += usable @ worth - program.usable(self.decision)[0] @ worth
        opened = (decisions.band_on & ~self.decision.band_on).reshape(len(usable), -1)
        for carrier in np.flatnonzero(opened.any(axis=0)):
            flow, which = program.flows_of_carrier[carrier], np.flatnonzero(opened[:, carrier])
            if len(flow):
                bound[which] += self._corrected(flow, worth[flow], usable[np.ix_(which, flow)])
        return np.asarray(bound, dtype=np.float64)

    def _corrected(self, flow: IntArray, worth: FloatArray, usable: BoolArray) -> FloatArray:
        """How much more [m] a carrier with the flows ``flow`` [f], ``usable`` [m, f], costs at the best price of its
        blocks than at the price so far, when it is switched on."""
        program = self.program
        price = self.row[program.carrier_row[flow[0]]]
        value = -(self.reduced[flow] / program.block[flow] + price)  # of a block that carries this flow
        order = np.argsort(-value, kind="stable")
        order = order[value[order] > 0.0]
        blocks = usable[:, order] * (program.volume_mbps[flow] * program.block[flow])[order]
        filled = np.clip(1.0 - (np.cumsum(blocks, axis=1) - blocks), 0.0, blocks)
        return np.asarray(-filled @ value[order] - price - usable @ worth, dtype=np.float64)
