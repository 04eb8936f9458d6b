"""The cooperation model with every mode and carrier given, as arrays: what is left of it is a small linear program.

Once modes and carriers are settled, most rows of the model only say which flows may run at all (``Program.usable``).
What is left are points, blocks and power: some two hundred rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from gridran.types import BoolArray, FloatArray, IntArray, SiteMode
from rapp.cooperation import constraints
from rapp.cooperation.objective import costs
from rapp.cooperation.rows import Rows
from rapp.cooperation.variables import MODES, Problem, Variables


@dataclass(frozen=True, eq=False)
class Decisions:
    """M decisions: ``mode`` [M, N] and ``band_on`` [M, N, B]."""

    mode: IntArray
    band_on: BoolArray

    def one(self, number: int) -> Decisions:
        """The decision ``number`` alone."""
        return Decisions(self.mode[[number]], self.band_on[[number]])

    def columns(self) -> FloatArray:
        """Values [M, 4N + NB] of the mode columns, then the carrier columns."""
        gamma = (self.mode[..., None] == np.arange(MODES)).astype(np.float64)
        count = len(gamma)
        return np.concatenate([gamma.reshape(count, -1), self.band_on.reshape(count, -1)], axis=1)


@dataclass(frozen=True, eq=False)
class Program:
    """min ``cost``·x + ``settled_cost``·d with ``lower`` <= ``matrix``·x + ``settled``·d <= ``upper`` [R], where d are
    the columns of a decision and x flows [F], unserved volumes and s; a flow is at most its ``volume_mbps`` [F] where
    it may run, and 0 elsewhere.

    ``nominal`` [F]: inside its site's nominal coverage; ``reduced`` [F]: not between that and the reduced one.
    ``block`` [F] per Mbps, in the row ``carrier_row`` [F]; ``flows_of_carrier``: numbers, for each of the N·B
    carriers; ``blockers`` [F, NB]: the carriers that silence each flow.
    """

    v: Variables
    matrix: sp.csr_matrix
    settled: sp.csr_matrix
    lower: FloatArray
    upper: FloatArray
    cost: FloatArray
    settled_cost: FloatArray
    volume_mbps: FloatArray
    nominal: BoolArray
    reduced: BoolArray
    block: FloatArray
    carrier_row: IntArray
    flows_of_carrier: tuple[IntArray, ...]
    blockers: sp.csr_matrix

    def usable(self, decisions: Decisions) -> BoolArray:
        """Which flows may run [M, F]: their carrier is on, their site reaches the point in its mode (5)-(6), and no
        site that is stronger there sends on that carrier."""
        site, on = self.v.site, decisions.band_on.reshape(len(decisions.mode), -1)
        usable = on[:, site * decisions.band_on.shape[2] + self.v.band]
        usable &= self.nominal | (decisions.mode == SiteMode.HELPING)[:, site]
        usable &= self.reduced | (decisions.mode != SiteMode.ASSISTED)[:, site]
        return np.asarray(usable & ~((self.blockers @ on.T.astype(np.float64)).T > 0), dtype=np.bool_)


def program(problem: Problem, v: Variables) -> Program:
    """The program of ``problem`` in the columns ``v`` of its model."""
    rows = Rows(v.count)
    constraints.balance(rows, problem, v)
    first_carrier = rows.count
    constraints.capacity(rows, problem, v)
    constraints.power(rows, problem, v)
    matrix, lower, upper = rows.matrix()
    whole = np.concatenate([v.gamma.ravel(), v.z.ravel()])
    flowing = np.concatenate([v.x, v.unserved, [v.s]])
    carrier = v.site * v.z.shape[1] + v.band
    nominal = problem.points.nominal[v.point, v.place]
    cost = costs(problem, v)
    return Program(
        v=v,
        matrix=matrix[:, flowing].tocsr(),
        settled=matrix[:, whole].tocsr(),
        lower=lower,
        upper=upper,
        cost=cost[flowing],
        settled_cost=cost[whole],
        volume_mbps=problem.points.volume_mbps[v.point],
        nominal=nominal,
        reduced=problem.points.reduced[v.point, v.place] | ~nominal,
        block=np.asarray(matrix[first_carrier + carrier, v.x]).ravel(),
        carrier_row=first_carrier + carrier,
        flows_of_carrier=tuple(np.flatnonzero(carrier == number) for number in range(v.z.size)),
        blockers=_blockers(problem, v),
    )


def _blockers(problem: Problem, v: Variables) -> sp.csr_matrix:
    points, bands = problem.points, v.z.shape[1]
    flow, place = np.nonzero(points.blocked[v.point, v.place])
    site = points.candidate[v.point[flow], place]
    flow, site = flow[site >= 0], site[site >= 0]
    entries = (np.ones(len(flow)), (flow, site * bands + v.band[flow]))
    return sp.csr_matrix(entries, shape=(len(v.x), v.z.size))
