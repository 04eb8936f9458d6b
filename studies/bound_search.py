"""Column generation between the ways to serve each moment and the prices of energy (see ``studies.bound``).

Moments are much alike: the first is settled alone, and who is awake in its ways, tried on the others, gives nearly all
of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from gridran.types import FloatArray
from studies.bound_model import Cover, Priced, cheapest

_MAX_ROUNDS = 60
_SMOOTHING = 0.3  # how far prices move from the best so far towards those of the master
_PRICE_FLOOR = 0.02  # of the mean price: a site that nobody is short of is still not free
_MIP_GAP_FRAC = 0.05  # of pricing while little is known; later
_MIP_GAP_SHARE = 0.3  # of the present gap, or of the gap wanted where that is more


@dataclass(frozen=True)
class Life:
    """``life_h`` that the ways found so far allow, and the ``price`` [N] of energy there, with price · energy = 1."""

    life_h: float
    price: FloatArray


class Search:
    """The ways to serve found so far, per moment. They depend on no energy, so they are kept from one to the next."""

    def __init__(self, programs: Sequence[Cover]) -> None:
        self._programs = programs
        self._ways: list[list[Priced]] = [[] for _ in programs]
        self._price: FloatArray | None = None
        self._settled = len(programs) == 1

    def upper_h(self, energy_kwh: FloatArray, gap_frac: float) -> float:
        """A proven bound on the life with ``energy_kwh`` [N], within ``gap_frac`` of what is found to be possible."""
        best_h = np.inf
        price = self._start(energy_kwh)
        centre = price
        life_h = 0.0
        for _ in range(_MAX_ROUNDS):
            gap = 1.0 if np.isinf(best_h) else 1.0 - life_h / best_h
            least_kw = self._priced(price, min(_MIP_GAP_SHARE * max(gap, gap_frac), _MIP_GAP_FRAC))
            if least_kw is None:
                return 0.0
            bound_h = float(price @ energy_kwh) / least_kw
            if bound_h < best_h:
                best_h, centre = bound_h, price
            if not self._settled:
                self._follow_first(energy_kwh, gap_frac)
                centre = self._start(energy_kwh)
            found = self.life(energy_kwh)
            life_h = found.life_h
            if life_h >= best_h * (1.0 - gap_frac):
                break
            price = _SMOOTHING * found.price + (1.0 - _SMOOTHING) * centre
        self._price = centre
        return best_h

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
        price = np.maximum(-solved.ineqlin.marginals, 0.0)
        price = np.maximum(price, _PRICE_FLOOR * price.mean())
        return Life(float(-solved.fun), price / float(price @ energy_kwh))

    def _follow_first(self, energy_kwh: FloatArray, gap_frac: float) -> None:
        """Begin with the prices that settle the first moment, and with its awake patterns at every moment."""
        self._settled = True
        first = Search(self._programs[:1])
        first.upper_h(energy_kwh, gap_frac)
        self._price = first._start(energy_kwh)
        patterns = {way.awake.tobytes(): way.awake for way in first._ways[0]}
        for ways, program in zip(self._ways, self._programs, strict=True):
            tried = (cheapest(program, self._price, _MIP_GAP_FRAC, awake) for awake in patterns.values())
            ways += [way for way in tried if way is not None]

    def _start(self, energy_kwh: FloatArray) -> FloatArray:
        """The best prices for the last energies; equal ones at first."""
        price = np.ones(len(energy_kwh)) if self._price is None else self._price
        return np.asarray(price / float(price @ energy_kwh), dtype=np.float64)

    def _priced(self, price: FloatArray, mip_gap_frac: float) -> float | None:
        """The proven least of π·P, mean over the moments; what is found is kept. None: a moment cannot be served."""
        found: list[Priced | None] = [cheapest(program, price, mip_gap_frac) for program in self._programs]
        for ways, priced in zip(self._ways, found, strict=True):
            ways += [priced] if priced is not None else []
        bounds = [priced.bound for priced in found if priced is not None]
        return float(np.mean(bounds)) if len(bounds) == len(found) else None
