"""The objective of the cooperation model: (18) with its terms normalised to [0, 1] (SPEC 4).

* T_surv^min: with mean power over the horizon the max-min of (26) is min s, P_i <= s·E_i. ``s`` is divided by the
  value it has when every site stays normal at full load, the worst plan that is still a plan.
* Service: the class-weighted share of the volume that is left unserved.
* V2G cost: the price is set by (16) and the volume by the sellers, so the term is the same for every mode plan.
* Switching: the share of sites that change mode, θ.

Ties of the max-min are broken by the network's total power: a site that is not the bottleneck should still spare
its battery, it is a helper of the next plan.
"""

from __future__ import annotations

import numpy as np

from gridran.energy.site_power import idle_kw, per_load_kw
from gridran.types import FloatArray
from rapp.cooperation.constraints import site_power_terms
from rapp.cooperation.variables import Problem, Variables

TOTAL_POWER_WEIGHT = 0.2
UNSERVED_WEIGHT = 20.0


def costs(problem: Problem, v: Variables) -> FloatArray:
    """Cost of each column, to be minimised; a constant is left out."""
    survival, satisfaction, _, switching = problem.objective_weight
    n = len(v.gamma)
    full_kw = float((idle_kw(problem.network) + per_load_kw(problem.network)).sum())
    cost = np.zeros(v.count)
    cost[v.s] = survival / survival_scale_per_h(problem)
    share = problem.points.weight / np.maximum(problem.points.volume_mbps, 1e-9)
    cost[v.unserved] = satisfaction * UNSERVED_WEIGHT * share
    known = np.flatnonzero(problem.previous_mode >= 0)
    cost[v.gamma[known]] += switching / n
    cost[v.gamma[known, problem.previous_mode[known]]] -= switching / n
    for _, column, kw in site_power_terms(problem, v)[0]:
        np.add.at(cost, column, survival * TOTAL_POWER_WEIGHT * kw / full_kw)
    return cost


def survival_scale_per_h(problem: Problem) -> float:
    """s when every site is normal, all carriers on at half load: the normalisation of T_surv."""
    normal_kw = (idle_kw(problem.network) + 0.5 * per_load_kw(problem.network)).sum(axis=1)
    draining = (problem.drains > 0) & (problem.alive > 0)
    if not draining.any():
        return 1.0
    return float(np.max(normal_kw[draining]) / np.median(problem.energy_kwh[draining]))
