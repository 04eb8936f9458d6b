"""Planner ``lifetime``: the network's life as a linear program over awake patterns (SPEC 4).

Theory of operation. An outage is served in three phases, planned together every quarter of an hour:

1. *generous*, while more than 1 − ``generous_frac`` of the energy that the batteries began with is left: nobody knows
   how long an outage will last, and most are short;
2. *agreed*, Table III's targets, for as long as possible: this phase is what the program maximises;
3. *critical*, emergency and voice alone, from the ``critical_reserve_frac`` of the energy that is kept for it.

At each level the users who need least are served at their minimum rate. A site whose energy is no bottleneck (slack in
the program) gives more than that: best effort is given up only where it buys time. The pattern in force stays while the
program still has use for it; the next is the one with the fewest mode switches among those that it uses for long.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gridran.outcome import Feasible, Infeasible, Outcome
from gridran.types import BoolArray, FloatArray, ServiceClass, SiteMode
from rapp.cooperation.beside import cheapest_beside
from rapp.cooperation.diagnosis import not_finite
from rapp.cooperation.generate import Phase, Schedule, generate, weighed_again, with_pattern
from rapp.cooperation.inputs import class_mean, growth_frac, served_volume_mbps
from rapp.cooperation.search import modes
from rapp.cooperation.spare import spare_frac
from rapp.links import violations
from rapp.plan import UNDECIDED, Kept, Plan, PlanProblem
from rapp.planners.outage import AGREED, CRITICAL, GENEROUS, SLOT_H, Outage, outage_of

FIRST_ROUNDS, ROUNDS = 24, 3
GAP_FRAC = 0.01
STAY_COSTS_FRAC = 0.25  # of a plan period: the life that may be lost by staying in the pattern in force
LONG_H = 1.5  # a pattern that is switched into is to be wanted for this long
SPARSE_H = 0.15  # of life that the use of one more pattern has to buy
SPARSE_PASSES = 3
LASTS_H = 0.125  # a phase or pattern that is wanted for less than half a plan period is over
RETURN_H = 1.0  # life that the agreed level must have again before the critical phase is left
KEPT_PATTERNS = 60
STARTS = 3  # most used patterns from which the answer to neighbours is sought


@dataclass(frozen=True)
class _Chosen:
    """The pattern to be in: the ``name`` of its phase among the ``phases`` planned together, and its ``index`` among
    the patterns that the ``schedule`` has for it."""

    name: str
    phases: tuple[str, ...]
    schedule: Schedule
    index: int


def plan(problem: PlanProblem) -> Outcome[Plan]:
    """The pattern to be in now, of the schedule that holds the agreed service longest.

    Nothing is proven here (gap NaN); ``bound_survival_h`` is what the search for patterns found possible.
    """
    if not (problem.snapshot.site_up | problem.snapshot.grid_up).any():
        return Infeasible("no site has power")
    outage = outage_of(problem)
    wrong = not_finite(outage.space[AGREED].table.problem)
    if wrong:
        return Infeasible(wrong)
    names = _phases(outage)
    schedule = _schedule(outage, names)
    if schedule is not None and _stage(outage, schedule) == CRITICAL:
        names = (CRITICAL,)
        schedule = _schedule(outage, names)
    if schedule is None:
        return Infeasible("no awake pattern serves the users that can be served")
    chosen = _chosen(outage, names, schedule)
    return Feasible(_plan(*_beside_neighbours(outage, chosen)), float("nan"))


def _phases(outage: Outage) -> tuple[str, ...]:
    """The phases to plan together, the agreed one first."""
    generous = outage.least_h[GENEROUS] >= LASTS_H
    return (AGREED, GENEROUS, CRITICAL) if generous else (AGREED, CRITICAL)


def _stage(outage: Outage, schedule: Schedule) -> str:
    """The phase that the network is in."""
    if outage.least_h[GENEROUS] >= LASTS_H and schedule.fit[1].any():
        return GENEROUS
    previous = outage.problem.previous
    was_critical = previous is not None and previous.kept is not None and previous.kept.phase == CRITICAL
    return AGREED if schedule.life_h >= (RETURN_H if was_critical else LASTS_H) else CRITICAL


def _schedule(outage: Outage, names: tuple[str, ...]) -> Schedule | None:
    """Hours for every pattern of the phases ``names``; None where there is none."""
    phases = _main_first(outage, names)
    previous = outage.problem.previous
    rounds = FIRST_ROUNDS if previous is None or previous.kept is None else ROUNDS
    return generate(phases, outage.stores, outage.kept, rounds, GAP_FRAC)


def _sparse(outage: Outage, names: tuple[str, ...], schedule: Schedule) -> Schedule:
    """The schedule on fewer patterns: the use of one more has to buy ``SPARSE_H`` (reweighted l1)."""
    phases = _main_first(outage, names)
    for _ in range(SPARSE_PASSES):
        loss = [SPARSE_H / (each + SPARSE_H) for each in schedule.each_h]
        schedule = weighed_again(schedule, phases, outage.stores, loss)
    return schedule


def _main_first(outage: Outage, names: tuple[str, ...]) -> list[Phase]:
    return [
        Phase(outage.space[name], outage.least_h[name] if at else 0.0, main=at == 0, last_resort=name == CRITICAL)
        for at, name in enumerate(names)
    ]


def _chosen(outage: Outage, names: tuple[str, ...], schedule: Schedule) -> _Chosen:
    """The pattern in force while it costs next to nothing to stay in it; else, of those that are wanted for long, the
    one with the fewest switches."""
    name = names[0] if names[0] == CRITICAL else _stage(outage, schedule)
    at = names.index(name)
    stay = _now(outage, schedule.awake[at])
    if stay is not None and _staying_costs_h(outage, names, schedule, at, stay) <= STAY_COSTS_FRAC * SLOT_H:
        return _Chosen(name, names, schedule, stay)
    sparse = _sparse(outage, names, schedule)
    awake, each_h = schedule.awake[at], sparse.each_h[at]
    before = outage.problem.snapshot.mode != SiteMode.DEEP_SLEEP
    long = each_h >= min(LONG_H, float(each_h.max()))
    order = np.lexsort((-each_h, (awake != before).sum(axis=1), ~long, ~schedule.fit[at]))
    return _Chosen(name, names, schedule, int(order[0]))


def _beside_neighbours(outage: Outage, chosen: _Chosen) -> tuple[Outage, _Chosen]:
    """The choice again, and the patterns that it is one of, under what other clusters have decided."""
    decided_mode = outage.problem.decided_mode
    if decided_mode is None or (decided_mode == UNDECIDED).all():
        return outage, chosen
    schedule, at = chosen.schedule, chosen.phases.index(chosen.name)
    patterns = outage.space[chosen.name]
    table = replace(patterns.table, problem=replace(patterns.table.problem, decided_mode=decided_mode))
    patterns = replace(patterns, table=table)
    used = schedule.awake[at][np.argsort(-schedule.each_h[at], kind="stable")[:STARTS]]
    previous = outage.problem.previous
    now = None if previous is None else previous.mode != SiteMode.DEEP_SLEEP
    starts = [schedule.awake[at][chosen.index], *used]
    awake = cheapest_beside(patterns, outage.stores, schedule.price_per_kwh, starts, now, STAY_COSTS_FRAC)
    added = with_pattern(schedule, at, awake, patterns.drawn(awake[None]))
    beside = replace(outage, space=outage.space | {chosen.name: patterns})
    return beside, replace(chosen, schedule=added, index=len(added.each_h[at]) - 1)


def _now(outage: Outage, awake: BoolArray) -> int | None:
    """The place of the pattern in force among ``awake`` [C, N], None where it is not there (any more)."""
    previous = outage.problem.previous
    if previous is None:
        return None
    same = np.flatnonzero((awake == (previous.mode != SiteMode.DEEP_SLEEP)).all(axis=1))
    return int(same[0]) if same.size else None


def _staying_costs_h(outage: Outage, names: tuple[str, ...], schedule: Schedule, at: int, index: int) -> float:
    """Hours of life lost by one more plan period in pattern ``index`` of phase ``at``; infinite where a site cannot."""
    left_kwh = outage.stores.energy_kwh - SLOT_H * schedule.drawn[at].power_kw[index]
    if not schedule.fit[at][index] or (schedule.awake[at][index] & (left_kwh < 0.0)).any():
        return np.inf
    least_h = dict(outage.least_h)
    least_h[names[at]] = max(least_h[names[at]] - SLOT_H, 0.0)
    later = replace(outage, stores=replace(outage.stores, energy_kwh=np.maximum(left_kwh, 0.0)), least_h=least_h)
    rest = weighed_again(schedule, _main_first(later, names), later.stores, [np.zeros(len(e)) for e in schedule.each_h])
    return schedule.life_h - rest.life_h - (SLOT_H if at == 0 else 0.0)


def _plan(outage: Outage, chosen: _Chosen) -> Plan:
    at = chosen.phases.index(chosen.name)
    schedule, patterns = chosen.schedule, outage.space[chosen.name]
    awake, drawn = schedule.awake[at][chosen.index], schedule.drawn[at]
    carriers = patterns.table.sets[drawn.carriers[chosen.index]] > 0
    fresh = Plan(
        mode=modes(patterns, awake),
        links=tuple(patterns.links(awake) or ()),
        band_on=carriers & awake[:, None],
        mean_power_kw=drawn.power_kw[chosen.index],
        survival_h=schedule.life_h,
        bound_survival_h=schedule.found_bound_h,
        service_frac=_service_frac(outage, chosen, awake),
        availability_frac=np.tile(outage.share_frac[chosen.name], (len(awake), 1)),
        kept=Kept(_remembered(schedule), chosen.name),
    )
    return _with_links_in_force(outage, fresh, awake)


def _with_links_in_force(outage: Outage, fresh: Plan, awake: BoolArray) -> Plan:
    """``fresh`` with the modes and links of the plan before, where it has the same sites ``awake`` [N] and still holds
    the rules: a site that comes back to life asleep needs a helper that it did not need when it was dead."""
    previous = outage.problem.previous
    if previous is None or previous.slots or ((previous.mode != SiteMode.DEEP_SLEEP) != awake).any():
        return fresh
    same = replace(fresh, mode=previous.mode, links=previous.links)
    alive = outage.space[AGREED].alive
    return fresh if violations(outage.problem.network, same, alive) else same


def _service_frac(outage: Outage, chosen: _Chosen, awake: BoolArray) -> FloatArray:
    """Share of its demand that a user may have beyond the minimum rate, by own cell and class [N, 4]."""
    allowed = np.ones((len(awake), len(ServiceClass)))
    allowed[:, ServiceClass.ESSENTIAL :] = 0.0
    if chosen.name == CRITICAL:
        return allowed
    spare_kw = _spare_kw(outage, chosen, awake)
    share = spare_frac(outage.space[chosen.name], awake, _beyond_mbps(outage, chosen), spare_kw)
    allowed[:, ServiceClass.ESSENTIAL :] = share[:, None]
    return allowed


def _beyond_mbps(outage: Outage, chosen: _Chosen) -> FloatArray:
    """Expected volume that the points [G] ask for beyond the level that is served."""
    problem, points = outage.problem, outage.space[chosen.name].table.problem.points
    snapshot = problem.snapshot
    asked = class_mean(snapshot, snapshot.demand_mbps)[snapshot.service_class] * growth_frac(problem)
    served = served_volume_mbps(problem, outage.share_frac[chosen.name])
    inside = points.ue_point >= 0
    beyond = np.bincount(points.ue_point[inside], (asked - served)[inside], minlength=len(points.volume_mbps))
    return np.maximum(beyond, 0.0)


def _spare_kw(outage: Outage, chosen: _Chosen, awake: BoolArray) -> FloatArray:
    """Power [N] that each site could draw more, whenever it is awake, without shortening the plan."""
    schedule = chosen.schedule
    used = sum(each @ drawn.power_kw for each, drawn in zip(schedule.each_h, schedule.drawn, strict=True))
    up_h = sum(each @ pattern for each, pattern in zip(schedule.each_h, schedule.awake, strict=True))
    left = outage.stores.energy_kwh - used
    return np.where(awake, np.maximum(left, 0.0) / np.maximum(up_h, LASTS_H), 0.0)


def _remembered(schedule: Schedule) -> BoolArray:
    """The patterns worth keeping: the most used of all phases first, then the latest found."""
    awake = np.concatenate(schedule.awake)
    used = np.concatenate(schedule.each_h)
    order = np.lexsort((-np.arange(len(used)), -used))
    _, first = np.unique(awake[order], axis=0, return_index=True)
    return np.asarray(awake[order][np.sort(first)][:KEPT_PATTERNS], dtype=np.bool_)
