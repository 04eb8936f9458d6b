"""Column generation between the ways to serve each moment and the prices of energy (see ``studies.bound``).

The prices at which the program without whole sites and carriers lives longest are nearly the best from the start; the
rounds that follow find the ways to serve that prove how near. Most of them round that program's awake sites, which is
quick, and its cost is a bound already; where that finds nothing new the whole program is priced. Moments are much
alike: the first is settled alone, and who is awake in its ways, tried on the others, gives nearly all of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from gridran.types import FloatArray
from studies.bound_model import Cover, Priced, cheapest, relaxed, relaxed_price

_MAX_ROUNDS = 200
_ANY_GAP_FRAC = 1.0  # any way to serve will do
_SMOOTHING = 0.3  # how far prices move from the best so far towards those of the master
_PRICE_FLOOR = 0.005  # of the mean price: a site that nobody is short of is still not free
_AWAKE_FRAC = (0.3, 0.5, 0.7)  # of a site, from which it is rounded to awake
_MIP_GAP_FRAC = 0.05  # of pricing; halved where it finds nothing new


@dataclass(frozen=True)
class Upper:
    """``life_h`` that nothing exceeds, for moments whose cost differs so much that ``se_frac`` is the standard error
    of their mean; and the ``price`` [N] of energy that proves it, with price · energy = 1."""

    life_h: float
    se_frac: float
    price: FloatArray


@dataclass(frozen=True)
class Life:
    """``life_h`` that the ways found so far allow, and the ``price`` [N] of energy there, with price · energy = 1."""

    life_h: float
    price: FloatArray


class Search:
    """The ways to serve found so far, per moment. They depend on no energy, so they are kept from one to the next.

    Moments of ``programs`` that cannot be served are left out; ``moments`` remain, and without any there is no life.
    """

    def __init__(self, programs: Sequence[Cover]) -> None:
        any_way = [(program, cheapest(program, np.ones(program.sites), _ANY_GAP_FRAC)) for program in programs]
        self._programs = [program for program, way in any_way if way is not None]
        self._ways = [[way] for _, way in any_way if way is not None]
        self._settled = len(self._programs) == 1

    @property
    def moments(self) -> int:
        return len(self._programs)

    def upper(self, energy_kwh: FloatArray, gap_frac: float) -> Upper:
        """A proven bound on the life with ``energy_kwh`` [N], within ``gap_frac`` of what is found to be possible."""
        price = self._first_price(energy_kwh)
        best, mip_gap_frac = self._rounded(price), _MIP_GAP_FRAC
        for _ in range(_MAX_ROUNDS):
            found = self.life(energy_kwh)
            if found.life_h >= best.life_h * (1.0 - gap_frac):
                break
            price = _SMOOTHING * found.price + (1.0 - _SMOOTHING) * best.price
            known = self._count
            upper = self._rounded(price)
            if self._count == known:
                upper = self._priced(price, mip_gap_frac)
                mip_gap_frac *= 0.5 if self._count == known else 1.0
            best = min(best, upper, key=_life_h)
        return best

    @property
    def _count(self) -> int:
        return sum(map(len, self._ways))

    def life(self, energy_kwh: FloatArray) -> Life:
        """The master program over what is found. Columns: the hours of every way, then T."""
        counts = [len(ways) for ways in self._ways]
        moments, ways = len(counts), sum(counts)
        power = np.vstack([way.power_kw for each in self._ways for way in each])
        share = np.zeros((moments, ways + 1))
        share[np.repeat(np.arange(moments), counts), np.arange(ways)] = 1.0
        share[:, -1] = -1.0 / moments
        spent = np.column_stack([power.T, np.zeros(len(energy_kwh))])
        cost = np.append(np.zeros(ways), -1.0)
        solved = linprog(cost, spent, energy_kwh, share, np.zeros(moments), method="highs")
        if solved.status != 0:
            raise RuntimeError(f"master program of the bound: {solved.message}")
        return Life(float(-solved.fun), _floored(np.maximum(-solved.ineqlin.marginals, 0.0), energy_kwh))

    def _first_price(self, energy_kwh: FloatArray) -> FloatArray:
        """The relaxation's price of the first moment; the other moments learn from the ways that settle it."""
        relaxed = relaxed_price(self._programs[0], energy_kwh)
        price = _floored(np.ones(len(energy_kwh)) if relaxed is None else relaxed, energy_kwh)
        if not self._settled:
            self._follow_first(energy_kwh, price)
        return price

    def _follow_first(self, energy_kwh: FloatArray, price: FloatArray) -> None:
        """Begin with the awake patterns that settle the first moment, at every moment."""
        self._settled = True
        first = Search(self._programs[:1])
        first.upper(energy_kwh, _MIP_GAP_FRAC)
        patterns = {way.awake.tobytes(): way.awake for way in first._ways[0]}
        for ways, program in zip(self._ways, self._programs, strict=True):
            _keep(ways, [cheapest(program, price, _MIP_GAP_FRAC, awake) for awake in patterns.values()])

    def _priced(self, price: FloatArray, mip_gap_frac: float) -> Upper:
        """What π·E = 1 allows at the proven least of π·P, mean over the moments; what is found is kept."""
        found = [cheapest(program, price, mip_gap_frac) for program in self._programs]
        for ways, priced in zip(self._ways, found, strict=True):
            _keep(ways, [priced])
        return _upper([priced.bound for priced in found if priced is not None], price)

    def _rounded(self, price: FloatArray) -> Upper:
        """The same without whole sites and carriers; who is awake by more than a share, if new, is a way to serve."""
        bounds = []
        for ways, program in zip(self._ways, self._programs, strict=True):
            found = relaxed(program, price)
            if found is None:
                continue
            bounds.append(found.bound)
            awake = np.unique([found.awake_frac > share for share in _AWAKE_FRAC], axis=0)
            _keep(ways, [cheapest(program, price, _MIP_GAP_FRAC, each) for each in awake])
        return _upper(bounds, price)


def _keep(ways: list[Priced], found: Sequence[Priced | None]) -> None:
    """Adds to ``ways`` what is found and not among them."""
    for new in found:
        if new is not None and not any(np.allclose(new.power_kw, way.power_kw) for way in ways):
            ways.append(new)


def _upper(bounds: Sequence[float], price: FloatArray) -> Upper:
    mean, count = float(np.mean(bounds)), len(bounds)
    se = float(np.std(bounds, ddof=1) / np.sqrt(count)) if count > 1 else 0.0
    return Upper(1.0 / mean, se / mean, price)


def _life_h(upper: Upper) -> float:
    return upper.life_h


def _floored(price: FloatArray, energy_kwh: FloatArray) -> FloatArray:
    price = np.maximum(price, _PRICE_FLOOR * price.mean())
    return np.asarray(price / float(price @ energy_kwh), dtype=np.float64)
