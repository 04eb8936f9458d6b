"""Eq. (27) for fixed carriers as a readable cvxpy model, with the exact logarithm: what the product is compared with.

Users may be offered several sites; the model then lets them split, which makes it an upper bound on one site per user.
Minimum rates (10) are shed in class order first: in each class as many minimum rates are carried as fit beside those
of more important classes; who cannot have all of its minimum gets nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from gridran.types import BoolArray, FloatArray, ServiceClass
from xapp.dispatch.bandwidth import Shares

_WHOLE = 1.0 - 1e-6


@dataclass(frozen=True)
class Reference:
    """``rate_mbps`` [M, C, B]; ``kept`` [M] users whose minimum rate is carried; ``utility`` of all users."""

    rate_mbps: FloatArray
    kept: BoolArray
    utility: float


def solve(problem: Shares) -> Reference:
    """The optimum of (27) after class-ordered shedding. RuntimeError: no formulation could be solved."""
    kept = kept_users(problem)
    flow, constraints, rate = _model(problem)
    least = np.minimum(problem.min_rate_mbps, problem.demand_mbps)
    constraints += [rate <= np.where(kept, problem.demand_mbps, 0.0), rate >= np.where(kept, least, 0.0) * _WHOLE]
    served_frac = cp.multiply(rate, 1.0 / problem.demand_mbps)
    utility = problem.weight @ cp.log1p(served_frac)
    exact = cp.Problem(cp.Maximize(utility), constraints)
    if not _solved(exact, "CLARABEL"):
        # Tangents of the logarithm at many points: an outer approximation within 1e-6 of it, as a linear program.
        log, at = cp.Variable(len(least)), np.linspace(0.0, 1.0, 400)
        tangents = [log <= np.log1p(t) + (served_frac - t) / (1.0 + t) for t in at]
        if not _solved(cp.Problem(cp.Maximize(problem.weight @ log), constraints + tangents), "HIGHS"):
            raise RuntimeError("neither the cone nor the linear formulation could be solved")
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
    flow = cp.Variable(len(user), nonneg=True)
    mbps = cp.multiply(flow, problem.demand_mbps[user])
    blocks = cp.multiply(mbps, 1.0 / problem.rate_mbps[user, option, band])
    sites, bands = problem.load_kw.shape
    at_carrier = (np.arange(sites * bands)[:, None] == site * bands + band).astype(float)
    at_site = (np.arange(sites)[:, None] == site).astype(float)
    load_kw = cp.multiply(blocks, problem.load_kw[site, band]) + cp.multiply(mbps, problem.mbps_kw[band])
    of_user = (np.arange(len(problem.demand_mbps))[:, None] == user).astype(float)
    return flow, [at_carrier @ blocks <= 1.0, at_site @ load_kw <= problem.power_limit_kw], of_user @ mbps


def _rates(problem: Shares, flow: FloatArray) -> FloatArray:
    user, option, band = np.nonzero(problem.rate_mbps > 0)
    rates = np.zeros_like(problem.rate_mbps)
    rates[user, option, band] = np.maximum(flow, 0.0) * problem.demand_mbps[user]
    return rates


def _solved(problem: cp.Problem, solver: str) -> bool:
    try:
        problem.solve(solver=solver)
    except cp.SolverError:
        return False
    return problem.status in ("optimal", "optimal_inaccurate")
