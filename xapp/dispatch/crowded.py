"""Sites at which not everybody fits: (27) decides over rates, and over carrier sets where the rule leaves a choice.

Theory of operation. With the association fixed every site is a problem of its own, and so is every carrier set of a
site: each of them is a "case". First every site is solved with all its carriers. What its carriers and power are worth
there bounds from above, by weak duality, what any smaller set can reach; of the sets that this leaves within the
tolerance the ``MOST_SETS`` that draw least without load are solved, in that order. A set whose carriers alone draw more
than the budget is no option; a site without any option rests.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np

from gridran.types import BoolArray, DispatchTier, FloatArray, IntArray, ServiceClass
from xapp.dispatch.bands import carrier_sets
from xapp.dispatch.bandwidth import Shares, utility
from xapp.dispatch.bound import most, wants_of
from xapp.dispatch.placement import Placement
from xapp.dispatch.sharing import Power, fitting, shared, shares_of, unmet
from xapp.dispatch.task import DispatchTask

DEARER = 0.5, 2.0, 8.0  # what a carrier may be worth beyond its price, in users of the least class
CHEAPER = 1.0, 0.5  # of the price of power
SAME_KW = 0.01  # answers that are equally good differ by as much
MOST_SETS = 2  # smaller ones per crowded site: a program each


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
    task: DispatchTask, power: Power, allowed: BoolArray, sites: IntArray, at: Placement
) -> tuple[list[Case], DispatchTier]:
    """The best case of each of ``sites`` for its users ``at`` it; sites that are not among them have to rest."""
    found = []
    for site in sites.tolist():
        users = np.flatnonzero(at.ue_site == site)
        found.append(_cases(task, power, site, allowed[site], users, at.whole_mbps[users], at.rate_mbps[users]))
    exact = all(case.exact for cases in found for case in cases)
    best = [_best(task, cases) for cases in found if cases]
    return best, DispatchTier.EXACT if exact else DispatchTier.MAX_SINR


def settled(task: DispatchTask, power: Power, at: Placement, sites: IntArray) -> list[Case]:
    """The best rates of ``sites`` on their carriers; the search begins with those that users have."""
    users = [(site, np.flatnonzero(at.ue_site == site)) for site in sites.tolist()]
    found = [
        _solved(task, power, site, at.band_on[site], of, at.whole_mbps[of], at.rate_mbps[of]) for site, of in users
    ]
    return [case for case in found if case is not None]


def with_rates(at: Placement, cases: list[Case]) -> Placement:
    """``at`` with the rates of ``cases`` for their users."""
    rate_mbps = at.rate_mbps.copy()
    for case in cases:
        rate_mbps[case.users] = case.rate_mbps
    return replace(at, rate_mbps=rate_mbps)


def _cases(
    task: DispatchTask,
    power: Power,
    site: int,
    allowed: BoolArray,
    users: IntArray,
    whole_mbps: FloatArray,
    begin_mbps: FloatArray,
) -> list[Case]:
    """What a site can do for its users [M] with all its carriers and with the smaller sets that promise as much for
    less power, until none that is left can draw less; with every set where all carriers draw too much, or miss a
    minimum rate."""
    smaller = _smaller(allowed) if task.band_rule == "least-power" else np.zeros((0, allowed.size), dtype=np.bool_)
    smaller = smaller[_affordable(task, power, site, smaller)]
    if not _affordable(task, power, site, allowed):
        cases = [_solved(task, power, site, one, users, whole_mbps, begin_mbps) for one in smaller]
        return [case for case in cases if case is not None]
    first = _solved(task, power, site, allowed, users, whole_mbps, begin_mbps)
    if first is None:
        return []
    if any(first.missed) or not first.exact:
        more = [_solved(task, power, site, one, users, whole_mbps, first.rate_mbps) for one in smaller]
        return [first, *(case for case in more if case is not None)]
    found, least_kw = [first], first.draw_kw
    problem = _problem(task, power, site, allowed, users, whole_mbps)
    for one in _promising(task, power, first, problem, smaller):
        if float(power.at(site).fixed_kw(one)) >= least_kw:
            break
        # Beside a set that carries every minimum rate, one that does not cannot be the best.
        case = _solved(task, power, site, one, users, whole_mbps, first.rate_mbps, settle=False)
        if case is not None:
            found.append(case)
            if case.utility >= _enough(task, first.utility):
                least_kw = min(least_kw, case.draw_kw)
    return found


def _enough(task: DispatchTask, best_utility: float) -> float:
    return best_utility * (1.0 - task.control.least_power_tolerance_frac)


def _best(task: DispatchTask, cases: list[Case]) -> Case:
    """Fewest missed minimum rates in class order; of the utilities within the tolerance then the least draw; of equal
    draws, as where all of them take the whole budget, the most utility."""
    fewest = min(case.missed for case in cases)
    equal = [case for case in cases if case.missed == fewest]
    enough = _enough(task, max(case.utility for case in equal))
    left = [case for case in equal if case.utility >= enough]
    least_kw = min(case.draw_kw for case in left)
    return max((case for case in left if case.draw_kw <= least_kw + SAME_KW), key=lambda case: case.utility)


def _promising(task: DispatchTask, power: Power, case: Case, problem: Shares, smaller: BoolArray) -> BoolArray:
    """Those of the ``smaller`` carrier sets [K, B] of a solved ``case`` of ``problem`` that may come within the
    tolerance of its utility, or above it: the ``MOST_SETS`` that draw least without load, in this order. Fewer carriers
    are dearer and leave more power, so what the prices of the case let pass is judged by such prices, too."""
    if not len(smaller):
        return smaller
    sets = np.concatenate([case.band_on[None], smaller])
    fixed_kw = power.at(case.site).fixed_kw(sets)
    limit_kw = np.maximum(task.policy.power_budget_kw[case.site] - fixed_kw, 0.0)
    wants = wants_of(problem)
    (reach,) = most(wants, sets, limit_kw, case.carrier_value[None], np.array([case.power_value]))
    enough = reach[0] - case.utility + _enough(task, case.utility)
    left = np.flatnonzero(reach >= enough)[1:]
    dearer, cheaper = np.array(list(itertools.product(DEARER, CHEAPER))).T
    carrier_price = case.carrier_value + dearer[:, None] * task.policy.class_weight.min()
    reached = most(wants, sets[left], limit_kw[left], carrier_price, case.power_value * cheaper)
    left = left[(reached >= enough).all(axis=0)]
    least = left[np.argsort(fixed_kw[left], kind="stable")][:MOST_SETS]
    return np.asarray(sets[least], dtype=np.bool_)


def _affordable(task: DispatchTask, power: Power, site: int, band_on: BoolArray) -> BoolArray:
    """Whether the budget pays [...] for carriers ``band_on`` [..., B] without load."""
    return np.asarray(power.at(site).fixed_kw(band_on) <= task.policy.power_budget_kw[site], dtype=np.bool_)


def _smaller(band_on: BoolArray) -> BoolArray:
    """Every set [K, B] with at least one carrier of ``band_on`` [B], but not all of them."""
    sets = carrier_sets(band_on.size)
    within = ~(sets & ~band_on).any(axis=1) & (sets != band_on).any(axis=1)
    return np.asarray(sets[within], dtype=np.bool_)


def _solved(
    task: DispatchTask,
    power: Power,
    site: int,
    band_on: BoolArray,
    users: IntArray,
    whole_mbps: FloatArray,
    begin_mbps: FloatArray,
    settle: bool = True,
) -> Case | None:
    """The case of ``site`` with the carriers ``band_on`` [B] for its ``users`` [M]; the search begins with
    ``begin_mbps`` [M, B]. None where some minimum rate does not fit and who keeps theirs need not be settled."""
    problem = replace(_problem(task, power, site, band_on, users, whole_mbps), begin_mbps=begin_mbps[:, None, :])
    solved = shared(problem) if settle else fitting(problem)
    if solved is None:
        return None
    rates, answer = solved
    classes = np.bincount(problem.service_class[unmet(problem, rates)], minlength=len(ServiceClass))
    return Case(
        site=site,
        band_on=band_on,
        users=users,
        rate_mbps=rates[:, 0],
        missed=tuple(classes.tolist()),
        utility=float(utility(problem, rates.sum(axis=(1, 2))).sum()),
        draw_kw=float(power.at(site).fixed_kw(band_on) + _load_kw(problem, rates[:, 0]).sum()),
        carrier_value=np.zeros(band_on.size) if answer is None else answer.carrier_value[0],
        power_value=0.0 if answer is None else float(answer.power_value[0]),
        exact=answer is not None,
    )


def _problem(
    task: DispatchTask, power: Power, site: int, band_on: BoolArray, users: IntArray, whole_mbps: FloatArray
) -> Shares:
    only = slice(site, site + 1)
    limit_kw = np.maximum(task.policy.power_budget_kw[only] - power.at(site).fixed_kw(band_on), 0.0)
    here = np.zeros((len(users), 1), dtype=np.int64)
    rate_mbps = np.where(band_on, whole_mbps, 0.0)[:, None, :]
    return shares_of(task, users, here, rate_mbps, limit_kw, power.load_kw[only], power.mbps_kw)


def _load_kw(problem: Shares, rate_mbps: FloatArray) -> FloatArray:
    """Load-dependent draw of each user [M] for rates [M, B]."""
    whole = problem.rate_mbps[:, 0]
    blocks = np.divide(rate_mbps, whole, out=np.zeros_like(rate_mbps), where=whole > 0)
    kw = blocks @ problem.load_kw[0] + rate_mbps @ problem.mbps_kw
    return np.asarray(kw, dtype=np.float64)
