"""Sites at which not everybody fits: (27) decides over rates, and over carrier sets where the rule leaves a choice.

Theory of operation. With the association fixed every site is a problem of its own, and so is every carrier set of a
site: all of them are "cases" of one linear program without common rows. First every site is solved with all its
carriers. Utility is concave in what a site has, so what one more carrier is worth there bounds from above what any
smaller set can reach; only sets that this bound leaves within the tolerance are solved in a second program. A set whose
carriers alone draw more than the budget is no option; a site without any option rests.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from gridran.types import BoolArray, DispatchTier, FloatArray, IntArray, ServiceClass
from xapp.dispatch.bandwidth import Shares, utility
from xapp.dispatch.sharing import Power, shared, shares_of, unmet
from xapp.dispatch.task import DispatchTask

MOST_SETS = 3  # per crowded site: what keeps the second program inside the period's latency


@dataclass(frozen=True)
class Case:
    """One ``site`` with the carriers ``band_on`` [B], solved: rates [M, B] of its ``users`` [M], minimum rates not
    carried by class [3], utility, draw, and what more carriers and power would be worth."""

    site: int
    band_on: BoolArray
    users: IntArray
    rate_mbps: FloatArray
    missed: tuple[int, ...]
    utility: float
    draw_kw: float
    carrier_value: FloatArray
    power_value: float
    exact: bool


def decide(
    task: DispatchTask, power: Power, allowed: BoolArray, sites: IntArray, ue_site: IntArray, whole_mbps: FloatArray
) -> tuple[list[Case], DispatchTier]:
    """The best case of each of ``sites``; sites that are not among them have to rest. ``whole_mbps`` [U, B]."""
    fixed = power.fixed_kw(allowed)
    affordable = fixed <= task.policy.power_budget_kw
    first = _solved(task, power, [(int(i), allowed[i]) for i in sites if affordable[i]], ue_site, whole_mbps)
    more: list[tuple[int, BoolArray]] = []
    if task.band_rule == "least-power":
        for case in first:
            more += _promising(task, power, case)
        for site in sites[~affordable[sites]]:
            more += [(int(site), one) for one in _smaller(allowed[site]) if _affordable(task, power, int(site), one)]
    cases = first + _solved(task, power, more, ue_site, whole_mbps)
    tier = DispatchTier.EXACT if all(case.exact for case in cases) else DispatchTier.MAX_SINR
    return [_best(task, [c for c in cases if c.site == i]) for i in sorted({c.site for c in cases})], tier


def _best(task: DispatchTask, cases: list[Case]) -> Case:
    """Fewest missed minimum rates in class order; of the utilities within the tolerance then the least draw."""
    fewest = min(case.missed for case in cases)
    equal = [case for case in cases if case.missed == fewest]
    enough = max(case.utility for case in equal) * (1.0 - task.control.least_power_tolerance_frac)
    return min((case for case in equal if case.utility >= enough), key=lambda case: case.draw_kw)


def _promising(task: DispatchTask, power: Power, case: Case) -> list[tuple[int, BoolArray]]:
    """Smaller carrier sets of a solved case that may come within the tolerance of its utility, or above it; of many
    the ``MOST_SETS`` that promise to lose least."""
    loss = case.utility * task.control.least_power_tolerance_frac
    kept: list[tuple[float, int, BoolArray]] = []
    for number, one in enumerate(_smaller(case.band_on)):
        off = case.band_on & ~one
        saved_kw = float((power.idle_kw - power.standby_kw)[case.site, off].sum())
        bound = float(case.carrier_value[off].sum()) - case.power_value * saved_kw
        if bound <= loss and _affordable(task, power, case.site, one):
            kept.append((bound, number, one))
    return [(case.site, one) for _, _, one in sorted(kept, key=lambda found: found[:2])[:MOST_SETS]]


def _affordable(task: DispatchTask, power: Power, site: int, band_on: BoolArray) -> bool:
    fixed_kw = np.where(band_on, power.idle_kw[site], power.standby_kw[site]).sum()
    return bool(fixed_kw <= task.policy.power_budget_kw[site])


def _smaller(band_on: BoolArray) -> list[BoolArray]:
    """Every set with at least one carrier of ``band_on`` [B], but not all of them."""
    carriers = np.flatnonzero(band_on).tolist()
    sets = [c for size in range(1, len(carriers)) for c in itertools.combinations(carriers, size)]
    return [np.array([band in one for band in range(len(band_on))], dtype=np.bool_) for one in sets]


def _solved(
    task: DispatchTask,
    power: Power,
    cases: list[tuple[int, BoolArray]],
    ue_site: IntArray,
    whole_mbps: FloatArray,
) -> list[Case]:
    """All cases as one program: each is a site of its own there, and a user takes part once in each of its site's."""
    if not cases:
        return []
    site = np.array([i for i, _ in cases])
    band_on = np.array([on for _, on in cases])
    case, user = np.nonzero(site[:, None] == ue_site)
    rate_mbps = np.where(band_on[case], whole_mbps[user], 0.0)
    problem = _problem(task, power, site, band_on, case, user, rate_mbps)
    rates, answer = shared(problem)
    missed = unmet(problem, rates)
    gained = utility(problem, rates.sum(axis=(1, 2)))
    kw = _load_kw(problem, rates[:, 0])
    fixed_kw = np.where(band_on, power.idle_kw[site], power.standby_kw[site]).sum(axis=1)
    found = []
    for number, (i, on) in enumerate(cases):
        of = np.flatnonzero(case == number)
        classes = np.bincount(problem.service_class[of][missed[of]], minlength=len(ServiceClass))
        found.append(
            Case(
                site=i,
                band_on=on,
                users=user[of],
                rate_mbps=rates[of, 0],
                missed=tuple(classes.tolist()),
                utility=float(gained[of].sum()),
                draw_kw=float(fixed_kw[number] + kw[of].sum()),
                carrier_value=np.zeros(on.size) if answer is None else answer.carrier_value[number],
                power_value=0.0 if answer is None else float(answer.power_value[number]),
                exact=answer is not None,
            )
        )
    return found


def _problem(
    task: DispatchTask,
    power: Power,
    site: IntArray,
    band_on: BoolArray,
    case: IntArray,
    user: IntArray,
    rate_mbps: FloatArray,
) -> Shares:
    fixed_kw = np.where(band_on, power.idle_kw[site], power.standby_kw[site]).sum(axis=1)
    limit_kw = np.maximum(task.policy.power_budget_kw[site] - fixed_kw, 0.0)
    return shares_of(task, user, case[:, None], rate_mbps[:, None, :], limit_kw, power.load_kw[site], power.mbps_kw)


def _load_kw(problem: Shares, rate_mbps: FloatArray) -> FloatArray:
    """Load-dependent draw of each user [M] for rates [M, B]."""
    whole = problem.rate_mbps[:, 0]
    blocks = np.divide(rate_mbps, whole, out=np.zeros_like(rate_mbps), where=whole > 0)
    kw = (blocks * problem.load_kw[problem.site[:, 0]]).sum(axis=1) + rate_mbps @ problem.mbps_kw
    return np.asarray(kw, dtype=np.float64)
