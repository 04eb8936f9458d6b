"""Eq. (27) for fixed carriers as a readable cvxpy model, with the exact logarithm: what the product is compared with.

Users may be offered several sites; the model then lets them split, which makes it an upper bound on one site per user.
Minimum rates (10) are shed in class order first: in each class as many minimum rates are carried as fit beside those
of more important classes; who cannot have all of its minimum gets nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import cvxpy as cp
import numpy as np
import scipy.sparse as sp

from gridran.types import BoolArray, FloatArray, IntArray, ServiceClass
from xapp.dispatch.bandwidth import Shares

_WHOLE = 1.0 - 1e-6
_ONE_THREAD = {"CLARABEL": {"max_threads": 1}}


@dataclass(frozen=True)
class Reference:
    """``rate_mbps`` [M, C, B]; ``kept`` [M] users whose minimum rate is carried; ``utility`` of all users."""

    rate_mbps: FloatArray
    kept: BoolArray
    utility: float


def solve(problem: Shares) -> Reference:
    """The optimum of (27) after class-ordered shedding. RuntimeError: no formulation could be solved."""
    kept = kept_users(problem)
    found = exact(problem, kept)
    return tangents(problem, kept) if found is None else found


def exact(problem: Shares, kept: BoolArray) -> Reference | None:
    """The optimum with the logarithm as it is, by Clarabel on one thread, where ``kept`` [M] have their minimum rates
    and nobody without it has anything; None where the solver fails."""
    flow, constraints, served_frac = _whole(problem, kept)
    if not _solved(cp.Problem(cp.Maximize(problem.weight @ cp.log1p(served_frac)), constraints), "CLARABEL"):
        return None
    return _reference(problem, kept, flow)


def tangents(problem: Shares, kept: BoolArray) -> Reference:
    """The same by tangents of the logarithm at many points: an outer approximation within 1e-6 of it, as a linear
    program. RuntimeError: it could not be solved."""
    flow, constraints, served_frac = _whole(problem, kept)
    log, at = cp.Variable(len(kept)), np.linspace(0.0, 1.0, 400)
    below = [log <= np.log1p(t) + (served_frac - t) / (1.0 + t) for t in at]
    if not _solved(cp.Problem(cp.Maximize(problem.weight @ log), constraints + below), "HIGHS"):
        raise RuntimeError("neither the cone nor the linear formulation could be solved")
    return _reference(problem, kept, flow)


def _whole(problem: Shares, kept: BoolArray) -> tuple[cp.Variable, list[cp.Constraint], cp.Expression]:
    """The program's flows, its constraints, and the share of its demand that each user [M] is served."""
    flow, constraints, rate = _model(problem)
    least = np.minimum(problem.min_rate_mbps, problem.demand_mbps)
    constraints += [rate <= np.where(kept, problem.demand_mbps, 0.0), rate >= np.where(kept, least, 0.0) * _WHOLE]
    return flow, constraints, cp.multiply(rate, 1.0 / problem.demand_mbps)


def _reference(problem: Shares, kept: BoolArray, flow: cp.Variable) -> Reference:
    rates = _rates(problem, np.asarray(flow.value))
    served = np.minimum(rates.sum(axis=(1, 2)) / problem.demand_mbps, 1.0)
    return Reference(rates, kept, float(problem.weight @ np.log1p(served)))


def kept_users(problem: Shares) -> BoolArray:
    """Users [M] whose minimum rate fits, class by class; best effort has none and is always kept."""
    least = np.minimum(problem.min_rate_mbps, problem.demand_mbps)
    kept = least <= 0.0
    for service_class in (ServiceClass.EMERGENCY, ServiceClass.VOICE, ServiceClass.ESSENTIAL):
        of = (problem.service_class == service_class) & (least > 0.0)
        flow, constraints, rate = _model(problem)
        constraints += [rate <= least, rate >= np.where(kept, least, 0.0) * _WHOLE]
        share = cp.sum(cp.multiply(rate, np.where(of, 1.0 / np.maximum(least, 1e-9), 0.0)))
        if not _solved(cp.Problem(cp.Maximize(share), constraints), "HIGHS"):
            raise RuntimeError("the shedding program could not be solved")
        given = _rates(problem, np.asarray(flow.value)).sum(axis=(1, 2))
        kept |= of & (given >= least * _WHOLE)
    return kept


def _model(problem: Shares) -> tuple[cp.Variable, list[cp.Constraint], cp.Expression]:
    """Flows in units of demand on every usable (user, option, band), blocks (8)-(9), power budgets; rate [M]."""
    user, option, band = np.nonzero(problem.rate_mbps > 0)
    site = problem.site[user, option]
    mbps = problem.demand_mbps[user]
    blocks = mbps / problem.rate_mbps[user, option, band]
    load_kw = problem.load_kw[site, band] * blocks + problem.mbps_kw[band] * mbps
    sites, bands = problem.load_kw.shape
    flow = cp.Variable(len(user), nonneg=True)
    at_carrier = _sums(site * bands + band, blocks, sites * bands)
    at_site = _sums(site, load_kw, sites)
    of_user = _sums(user, mbps, len(problem.demand_mbps))
    return flow, [at_carrier @ flow <= 1.0, at_site @ flow <= problem.power_limit_kw], of_user @ flow


def _sums(row: IntArray, value: FloatArray, rows: int) -> sp.csr_array:
    """The matrix that sums flows times ``value`` by ``row``."""
    return sp.csr_array((value, (row, np.arange(len(row)))), shape=(rows, len(row)))


def _rates(problem: Shares, flow: FloatArray) -> FloatArray:
    user, option, band = np.nonzero(problem.rate_mbps > 0)
    rates = np.zeros_like(problem.rate_mbps)
    rates[user, option, band] = np.maximum(flow, 0.0) * problem.demand_mbps[user]
    return rates


def _solved(problem: cp.Problem, solver: str) -> bool:
    try:
        problem.solve(solver=solver, **_ONE_THREAD.get(solver, {}))
    except cp.SolverError:
        return False
    return problem.status in ("optimal", "optimal_inaccurate")
