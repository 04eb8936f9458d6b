"""Column generation for the lifetime program: better and better awake patterns at the current prices of energy.

Theory of operation. The master program says which sites are the bottleneck (a high price π_i) and which have energy to
spare (price 0). A pattern that draws less than the present ones at these prices makes the plan longer. Such patterns
come from local searches, started from the patterns most used so far, or from everybody awake where none is; all that
improve are added, several a round. Nothing better found ends the rounds, and so does their limit: the next plan starts
from the patterns of this one, so that a few rounds are enough then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from gridran.types import BoolArray, FloatArray
from rapp.cooperation.evaluate import Evaluated, counted_kw
from rapp.cooperation.master import Hours, Offer, Stores, bound_h, hours
from rapp.cooperation.search import Cost, Space, descend

_STARTS = 3  # most used patterns that a search starts from
_PRICE_FLOOR = 1e-3  # of the mean price
_UNSERVED_COST = 1e3
_AS_GOOD = 1e-3  # of the weighted service, which two patterns may differ by
_RUNS_DRY = 10.0  # weighted service that a site without energy in mid-period may cost: more than all others together
_NEVER_KW = 1e6
_T = TypeVar("_T")


@dataclass(frozen=True)
class Phase:
    """One level of service: its patterns' ``space``, how long it must last, and whether it is what is maximised. A
    ``last_resort`` is played with whatever patterns are left; any other phase is over when none fits."""

    space: Space
    least_h: float
    main: bool
    last_resort: bool


@dataclass(frozen=True)
class Schedule:
    """The hours of every pattern. Per phase: ``awake`` [C, N], ``drawn``, ``fit`` (serves all that can be served) and
    ``each_h`` [C]. ``life_h`` of the main phase, ``found_bound_h`` what it could be if the search were exact."""

    awake: tuple[BoolArray, ...]
    drawn: tuple[Evaluated, ...]
    fit: tuple[BoolArray, ...]
    each_h: tuple[FloatArray, ...]
    price_per_kwh: FloatArray
    life_h: float
    found_bound_h: float


def generate(
    phases: Sequence[Phase], stores: Stores, kept: Sequence[BoolArray], rounds: int, gap_frac: float
) -> Schedule | None:
    """The best schedule over ``kept`` patterns and those found in at most ``rounds`` rounds, or until the main phase
    is within ``gap_frac`` of what the search finds possible; None where nobody is alive or the program fails.

    The first phase is the main one.
    """
    if not phases[0].space.alive.any():
        return None
    pools = [_Pool(phase, kept) for phase in phases]
    price = np.full(len(stores.energy_kwh), 1.0 / max(float(stores.energy_kwh.sum()), 1e-9))
    for pool in pools:
        pool.improve(price, stores)
    best_h = stores.max_h
    solved = hours([pool.offer(stores) for pool in pools], stores)
    for _ in range(rounds):
        if solved is None:
            return None
        price = floored(solved.price_per_kwh)
        least = [pool.improve(price, stores, used) for pool, used in zip(pools, solved.each_h, strict=True)]
        best_h = min(best_h, bound_h(price, stores, least, [phase.least_h for phase in phases]))
        if not any(pool.grew for pool in pools) or _life(solved) >= best_h * (1.0 - gap_frac):
            break
        solved = hours([pool.offer(stores) for pool in pools], stores)
    return None if solved is None else _schedule(pools, solved, best_h, stores)


def floored(price_per_kwh: FloatArray) -> FloatArray:
    """Prices [N] at which energy that nobody is short of is still not wasted."""
    return np.asarray(np.maximum(price_per_kwh, _PRICE_FLOOR * price_per_kwh.mean() + 1e-9), dtype=np.float64)


def priced(space: Space, stores: Stores, price_per_kwh: FloatArray) -> Cost:
    """What patterns cost an hour: their energy at ``price_per_kwh`` [N], much for whom they leave unserved, and for
    sites that run dry before the next plan."""
    weight, asleep_kw = _unserved_weight(space), space.table.problem.network.power.deep_sleep_kw

    def cost(_: BoolArray, drawn: Evaluated) -> FloatArray:
        dry = np.maximum(drawn.power_kw - np.maximum(stores.most_kw, asleep_kw), 0.0).sum(axis=1)
        energy = counted_kw(space.table, drawn, stores.frail) @ price_per_kwh
        return np.asarray(energy + _UNSERVED_COST * (drawn.unserved_frac @ weight + dry), dtype=np.float64)

    return cost


def weighed_again(schedule: Schedule, phases: Sequence[Phase], stores: Stores, loss: Sequence[FloatArray]) -> Schedule:
    """The hours over the same patterns when an hour in each counts ``loss`` [C] less than before."""
    before = [_offer(phase, drawn, stores) for phase, drawn in zip(phases, schedule.drawn, strict=True)]
    offers = [replace(offer, value=offer.value - less) for offer, less in zip(before, loss, strict=True)]
    solved = hours(offers, stores)
    return schedule if solved is None else replace(schedule, each_h=solved.each_h, life_h=_life(solved))


def with_pattern(schedule: Schedule, at: int, awake: BoolArray, drawn: Evaluated) -> Schedule:
    """``schedule`` with one more pattern [N] in phase ``at``, last and for no time; ``drawn`` is of it alone."""
    before = schedule.drawn[at]
    both = Evaluated(
        np.concatenate([before.power_kw, drawn.power_kw]),
        np.concatenate([before.unserved_frac, drawn.unserved_frac]),
        np.concatenate([before.carriers, drawn.carriers]),
    )
    return replace(
        schedule,
        awake=_put(schedule.awake, at, np.concatenate([schedule.awake[at], awake[None]])),
        drawn=_put(schedule.drawn, at, both),
        fit=_put(schedule.fit, at, np.append(schedule.fit[at], True)),
        each_h=_put(schedule.each_h, at, np.append(schedule.each_h[at], 0.0)),
    )


def _put(items: tuple[_T, ...], at: int, item: _T) -> tuple[_T, ...]:
    return (*items[:at], item, *items[at + 1 :])


def cheapest(space: Space) -> tuple[BoolArray, float]:
    """A pattern [N] that serves the level with little power in all, and that power in kW."""
    weight = _unserved_weight(space)

    def cost(_: BoolArray, drawn: Evaluated) -> FloatArray:
        return np.asarray(drawn.power_kw.sum(axis=1) + _UNSERVED_COST * (drawn.unserved_frac @ weight))

    _, awake = descend(space, cost, np.ones_like(space.alive))
    return awake, float(space.drawn(awake[None]).power_kw.sum())


class _Pool:
    """The patterns of one phase while they are being found."""

    def __init__(self, phase: Phase, kept: Sequence[BoolArray]) -> None:
        self.phase = phase
        self._known: set[bytes] = set()
        self.grew = False
        self._awake: list[BoolArray] = []
        for pattern in kept:
            self._add(pattern & phase.space.alive)
        self.drawn = self._evaluated()

    def offer(self, stores: Stores) -> Offer:
        return _offer(self.phase, self.drawn, stores)

    @property
    def awake(self) -> BoolArray:
        sites = len(self.phase.space.alive)
        return np.array(self._awake, dtype=np.bool_).reshape(-1, sites)

    def improve(self, price: FloatArray, stores: Stores, used: FloatArray | None = None) -> float:
        """Add what local searches at ``price`` find, and give the least π·P of any fit pattern known then; where
        there is none, of one that draws nothing."""
        starts = [] if used is None else self._most(used)
        cost = priced(self.phase.space, stores, price)
        everybody = np.ones_like(self.phase.space.alive)
        found = [descend(self.phase.space, cost, start) for start in starts or [everybody]]
        before = len(self._awake)
        for value, pattern in found:
            if np.isfinite(value):
                self._add(pattern & self.phase.space.alive)
        self.grew = len(self._awake) > before
        if self.grew:
            self.drawn = self._evaluated()
        counted = counted_kw(self.phase.space.table, self.drawn, stores.frail)
        cost_fit = counted[_fit(self.phase, self.drawn, stores)] @ price
        return float(cost_fit.min() if cost_fit.size else 0.0)

    def _most(self, used: FloatArray) -> list[BoolArray]:
        """The patterns that are used most by the hours ``used`` [C]."""
        return [self._awake[c] for c in np.argsort(-used, kind="stable")[:_STARTS] if used[c] > 0.0]

    def _add(self, pattern: BoolArray) -> None:
        if pattern.tobytes() not in self._known and pattern.any() and self.phase.space.links(pattern) is not None:
            self._known.add(pattern.tobytes())
            self._awake.append(pattern)

    def _evaluated(self) -> Evaluated:
        return self.phase.space.drawn(self.awake)


def _offer(phase: Phase, drawn: Evaluated, stores: Stores) -> Offer:
    """The configurations of a phase; a pattern that is not fit may not be used."""
    power_kw = np.where(
        _fit(phase, drawn, stores)[:, None], counted_kw(phase.space.table, drawn, stores.frail), _NEVER_KW
    )
    return Offer(power_kw, np.full(len(power_kw), 1.0 if phase.main else 0.0), phase.least_h)


def _fit(phase: Phase, drawn: Evaluated, stores: Stores) -> BoolArray:
    """Patterns [C] that serve as much as any does, and whose sites all last until the next plan. Of a phase that comes
    to whatever there is, there is always one: the best that lasts, or the best if none does."""
    asleep_kw = phase.space.table.problem.network.power.deep_sleep_kw
    lasts = (drawn.power_kw <= np.maximum(stores.most_kw, asleep_kw)).all(axis=1)
    short = drawn.unserved_frac @ _unserved_weight(phase.space)
    if phase.last_resort:
        short, lasts = short + np.where(lasts, 0.0, _RUNS_DRY), np.ones_like(lasts)
    return np.asarray(lasts & (short <= short.min(initial=np.inf) + _AS_GOOD), dtype=np.bool_)


def _unserved_weight(space: Space) -> FloatArray:
    """What it counts to leave a point [G] unserved: its users' weight and its volume."""
    points = space.table.problem.points
    share = points.volume_mbps / max(float(points.volume_mbps.sum()), 1e-9)
    return np.asarray(points.weight + share, dtype=np.float64)


def _schedule(pools: Sequence[_Pool], solved: Hours, best_h: float, stores: Stores) -> Schedule:
    drawn = tuple(_first(pool.drawn, len(used)) for pool, used in zip(pools, solved.each_h, strict=True))
    return Schedule(
        awake=tuple(pool.awake[: len(used)] for pool, used in zip(pools, solved.each_h, strict=True)),
        drawn=drawn,
        fit=tuple(_fit(pool.phase, each, stores) for pool, each in zip(pools, drawn, strict=True)),
        each_h=solved.each_h,
        price_per_kwh=solved.price_per_kwh,
        life_h=_life(solved),
        found_bound_h=best_h,
    )


def _first(drawn: Evaluated, count: int) -> Evaluated:
    return Evaluated(drawn.power_kw[:count], drawn.unserved_frac[:count], drawn.carriers[:count])


def _life(solved: Hours) -> float:
    return float(solved.each_h[0].sum())
