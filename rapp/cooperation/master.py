"""The master program of the lifetime planner: how long to stay in each network configuration (SPEC 4).

An outage is served in phases k, each at its own level of service: the configurations c of a phase are awake patterns
that carry its level, with the power P_i(c) of (4) at every site. With E_i the energy there,

    max Σ_c∈main τ_c − W·Σ_k short_k   subject to

    Σ_k Σ_c∈k τ_c·P_i(c) <= E_i                     for every site that lives on stored energy,
    Σ_c∈k τ_c + short_k = T_k                       for every other phase, which must last T_k,
    Σ_c τ_c <= T_max.

The duals π_i of the first rows are the prices of energy, in hours of life for a kWh, at which pricing looks for better
configurations. For any π >= 0 with min_c∈main π·P(c) > 0 weak duality bounds the main phase, while no other one
falls short:

    T <= (π·E − Σ_k T_k·min_c∈k π·P(c)) / min_c∈main π·P(c).

It is the maximum-lifetime problem of sensor networks (Cardei et al., IEEE INFOCOM 2005).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np
import scipy.sparse as sp

from gridran.types import BoolArray, FloatArray
from rapp.cooperation.highs import model_of, solver

SHORTFALL_WEIGHT = 3.0  # W: an hour that a phase falls short costs more than the main phase can gain by it


@dataclass(frozen=True)
class Stores:
    """What there is to spend: ``energy_kwh`` [N]; nothing is planned beyond ``max_h``. ``most_kw``
    [N] is what a site could draw until the next plan without running dry; the ``frail`` [N] will not last in their
    sleep either, so what they draw in it is not asked of them."""

    energy_kwh: FloatArray
    most_kw: FloatArray
    frail: BoolArray
    max_h: float


@dataclass(frozen=True)
class Offer:
    """The configurations of one phase: ``power_kw`` [C, N]; ``value`` [C] of an hour in each, 0 unless it is the main
    phase; ``least_h`` that the phase must last."""

    power_kw: FloatArray
    value: FloatArray
    least_h: float


@dataclass(frozen=True)
class Hours:
    """``each_h``: per phase the hours in each configuration [C]; ``price_per_kwh`` [N]."""

    each_h: tuple[FloatArray, ...]
    price_per_kwh: FloatArray


def hours(offers: Sequence[Offer], stores: Stores) -> Hours | None:
    """The best hours for ``offers``; None where the solver fails."""
    highs = solver()
    highs.passModel(_model(offers, stores))
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    solution = highs.getSolution()
    sites = len(stores.energy_kwh)
    value = np.maximum(np.asarray(solution.col_value), 0.0)
    price = np.maximum(-np.asarray(solution.row_dual)[:sites], 0.0)
    ends = np.cumsum([len(offer.value) for offer in offers])
    return Hours(tuple(np.split(value, ends)[: len(offers)]), price)


def bound_h(price_per_kwh: FloatArray, stores: Stores, least: Sequence[float], lasts_h: Sequence[float]) -> float:
    """The weak-duality bound on the main phase, which is the first. ``least`` [K] <= min_c π·P(c) of each phase comes
    from pricing; ``lasts_h`` [K] are their T_k (that of the main phase is not used)."""
    if least[0] <= 0.0:
        return stores.max_h
    kept = sum(cost * duration for cost, duration in zip(least[1:], lasts_h[1:], strict=True))
    return float(np.clip((price_per_kwh @ stores.energy_kwh - kept) / least[0], 0.0, stores.max_h))


def _model(offers: Sequence[Offer], stores: Stores) -> highspy.HighsLp:
    """Columns: the hours of every configuration, then the shortfall of every phase."""
    sites, phases = len(stores.energy_kwh), len(offers)
    power = np.vstack([offer.power_kw for offer in offers])
    phase = np.repeat(np.arange(phases), [len(offer.value) for offer in offers])
    matrix = sp.bmat(
        [
            [sp.csr_matrix(power.T), None],
            [sp.csr_matrix(phase == np.arange(phases)[:, None], dtype=np.float64), sp.identity(phases)],
            [sp.csr_matrix(np.ones((1, len(power)))), None],
        ],
        format="csr",
    )
    cost = np.concatenate([*(-offer.value for offer in offers), np.full(phases, SHORTFALL_WEIGHT)])
    least = [offer.least_h for offer in offers]
    lower = np.concatenate([np.full(sites, -np.inf), least, [-np.inf]])
    upper = np.concatenate([stores.energy_kwh, [np.inf], least[1:], [stores.max_h]])
    return model_of((matrix, lower, upper), cost, (np.zeros(len(cost)), np.full(len(cost), np.inf)))
