"""How far a bound by prices is from what can be done: column generation at one moment (see ``studies.bound``).

The master program lives as long as the ways to serve found so far allow, and its duals are the prices at which the next
way is sought. Most rounds only round the awake sites of the linear relaxation, which is quick; where that finds nothing
new the whole program is priced. Prices move a little at a time (smoothing after Wentges, 1997).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from gridran.types import FloatArray
from studies.bound_model import Cover, Way, cheapest_way, relaxed

_MAX_ROUNDS = 100
_SMOOTHING = 0.3  # how far prices move from those of the bound towards those of the master
_PRICE_FLOOR = 0.002  # of the mean price: a site that nobody is short of is still not free
_AWAKE_FRAC = (0.3, 0.5, 0.7)  # of a site, from which it is rounded to awake
_MIP_GAP_FRAC = 0.05  # of pricing; halved where it finds nothing new
_LEAST_GAP_FRAC = 0.002  # nothing new at this gap: there is nothing


@dataclass(frozen=True)
class Life:
    """``life_h`` that the ways found so far allow, and the ``price`` [N] of energy there, with price · energy = 1."""

    life_h: float
    price: FloatArray


class Search:
    """The ways to serve the moment of ``program`` found so far. They depend on no energy, so they are kept from one to
    the next."""

    def __init__(self, program: Cover) -> None:
        self._program = program
        self._ways: list[Way] = []

    def life_h(self, energy_kwh: FloatArray, price: FloatArray, enough_h: float) -> float:
        """A life that whole sites and carriers can have with ``energy_kwh`` [N]: ``enough_h``, or what was found when
        nothing new could be. ``price`` [N], with price · energy = 1, is that of the bound."""
        self._keep([cheapest_way(self._program, _floored(price, energy_kwh), _MIP_GAP_FRAC)])
        mip_gap_frac, life = _MIP_GAP_FRAC, self._life(energy_kwh)
        for _ in range(_MAX_ROUNDS):
            if not self._ways or life.life_h >= enough_h or mip_gap_frac < _LEAST_GAP_FRAC:
                break
            now = _floored(_SMOOTHING * life.price + (1.0 - _SMOOTHING) * price, energy_kwh)
            if not self._rounded(now) and not self._keep([cheapest_way(self._program, now, mip_gap_frac)]):
                mip_gap_frac *= 0.5
            life = self._life(energy_kwh)
        return life.life_h

    def _life(self, energy_kwh: FloatArray) -> Life:
        """The master program over what is found."""
        if not self._ways:
            return Life(0.0, np.zeros(len(energy_kwh)))
        power = np.array([way.power_kw for way in self._ways])
        solved = linprog(-np.ones(len(power)), power.T, energy_kwh, method="highs")
        if solved.status != 0:
            raise RuntimeError(f"master program of the bound: {solved.message}")
        return Life(float(-solved.fun), _normed(np.maximum(-solved.ineqlin.marginals, 0.0), energy_kwh))

    def _rounded(self, price: FloatArray) -> bool:
        """Whether some site pattern next to the relaxation's is a new way to serve."""
        found = relaxed(self._program, price)
        patterns = np.unique([found.awake_frac > share for share in _AWAKE_FRAC], axis=0)
        return self._keep(cheapest_way(self._program, price, _MIP_GAP_FRAC, awake) for awake in patterns)

    def _keep(self, found: Iterable[Way | None]) -> bool:
        """Adds what is new among ``found``, and says whether anything is."""
        before = len(self._ways)
        for new in found:
            if new is not None and not any(np.allclose(new.power_kw, way.power_kw) for way in self._ways):
                self._ways.append(new)
        return len(self._ways) > before


def _normed(price: FloatArray, energy_kwh: FloatArray) -> FloatArray:
    return np.asarray(price / float(price @ energy_kwh), dtype=np.float64)


def _floored(price: FloatArray, energy_kwh: FloatArray) -> FloatArray:
    return _normed(np.maximum(price, _PRICE_FLOOR * price.mean()), energy_kwh)
