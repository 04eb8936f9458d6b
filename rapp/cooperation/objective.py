"""The objective of the cooperation model: (18) with its terms normalised to [0, 1] (SPEC 4).

* T_surv^min: with mean power over the horizon the max-min of (26) is min s, P_i <= s·E_i. ``s`` is divided by the
  value it has when every site stays normal at half load.
* A max-min says nothing about the sites that are not the bottleneck, yet they are the helpers of the next plan. So
  the term is the worst depletion rate P_i/E_i with weight 1 - ``MEAN_SHARE`` and the mean one with ``MEAN_SHARE``:
  (26) "levels battery depletion across sites", and energy costs the more the scarcer it is at a site.
* Service: the class-weighted share of the volume that is left unserved, times ``UNSERVED_WEIGHT``. With the weight of
  (18) alone all of best effort, 0.8 % of the weights and three quarters of the volume, would be given up at once, and
  the fast loop would serve it all the same; a plan that does not count on it misjudges every site's draw.
* V2G cost: the price is set by (16) and the volume by the sellers, so the term is the same for every mode plan.
* Switching: the share of sites that change mode, θ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridran.energy.site_power import idle_kw, per_load_kw
from gridran.types import FloatArray
from rapp.cooperation.constraints import site_power_terms
from rapp.cooperation.variables import Problem, Variables

MEAN_SHARE = 0.8
UNSERVED_WEIGHT = 20.0


@dataclass(frozen=True)
class Scales:
    """Cost per unit: of ``s`` (1/h), of each site's power ``site_kw`` [N], of one mode switch, of the weighted
    unserved share."""

    s: float
    site_kw: FloatArray
    switch: float
    unserved: float


def scales(problem: Problem) -> Scales:
    """The weights of (18) over its normalisations."""
    survival, satisfaction, _, switching = problem.objective_weight
    draining = (problem.drains > 0) & (problem.alive > 0)
    normal_kw = (idle_kw(problem.network) + 0.5 * per_load_kw(problem.network)).sum(axis=1)
    energy_kwh = np.maximum(problem.energy_kwh, 1e-3)
    if not draining.any():
        return Scales(
            0.0, np.full(len(normal_kw), survival / normal_kw.sum()), switching / len(normal_kw), satisfaction
        )
    typical_kwh = float(np.mean(energy_kwh[draining]))
    s_scale = float(normal_kw[draining].mean()) / typical_kwh
    share = np.where(draining, 1.0 / energy_kwh, 0.0) / draining.sum()
    capped = np.minimum(share, 10.0 / typical_kwh / draining.sum())  # a nearly empty site is not worth any price
    return Scales(
        s=survival * (1.0 - MEAN_SHARE) / s_scale,
        site_kw=survival * MEAN_SHARE * capped / s_scale,
        switch=switching / len(normal_kw),
        unserved=satisfaction * UNSERVED_WEIGHT,
    )


def costs(problem: Problem, v: Variables) -> FloatArray:
    """Cost of each column, to be minimised; a constant is left out."""
    scale = scales(problem)
    cost = np.zeros(v.count)
    cost[v.s] = scale.s
    cost[v.unserved] = scale.unserved * problem.points.weight / np.maximum(problem.points.volume_mbps, 1e-9)
    known = np.flatnonzero(problem.previous_mode >= 0)
    cost[v.gamma[known]] += scale.switch
    cost[v.gamma[known, problem.previous_mode[known]]] -= scale.switch
    for site, column, kw in site_power_terms(problem, v)[0]:
        np.add.at(cost, column, scale.site_kw[site] * kw)
    return cost
