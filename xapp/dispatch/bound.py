"""What carriers can be worth at most, and what moves between sites, without solving for either.

Theory of operation. (27) at a site with given carriers is a program over few scarce things: its carriers and its power.
At any prices for them each user buys what is worth more to it than it costs on the cheapest carrier, and the surplus of
all users plus the price of everything there is bounds what the site can reach (weak duality). A price that is right for
one set of carriers is a guess for another, and every guess gives a bound: some guesses, and most sets need no program.
Over several sites, each solved on its own, the same holds for who is served where: what users would save at the prices
elsewhere bounds the gain of all moves.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from gridran.types import BoolArray, FloatArray
from xapp.dispatch.bandwidth import TIE_COST_PER_KW, Shares, needs, segments


@dataclass(frozen=True)
class Wants:
    """What users [M] of one site take for their whole demand, ``blocks`` and ``kw`` [M, B] of each carrier that is
    ``usable`` [M, B], and the ``width`` and ``slope`` [M, S] of their utility."""

    usable: BoolArray
    blocks: FloatArray
    kw: FloatArray
    width: FloatArray
    slope: FloatArray


def wants_of(problem: Shares) -> Wants:
    """Of a problem with one site and one option for each user."""
    blocks, kw = (each[:, 0] for each in needs(problem))
    return Wants(problem.rate_mbps[:, 0] > 0, blocks, kw, *segments(problem))


def most(
    wants: Wants, sets: BoolArray, power_limit_kw: FloatArray, carrier_price: FloatArray, power_price: FloatArray
) -> FloatArray:
    """What the program can reach at most [P, K] on the carriers of each of ``sets`` [K, B] within ``power_limit_kw``
    [K]: a bound at any prices >= 0, ``carrier_price`` [P, B] of a whole carrier and ``power_price`` [P] of a kW."""
    cost = carrier_price[:, None] * wants.blocks + (power_price[:, None, None] + TIE_COST_PER_KW) * wants.kw
    cheapest = _least(np.where(sets[:, None] & wants.usable, cost[:, None], np.inf))
    reach = carrier_price @ sets.T
    for width, slope in zip(wants.width.T, wants.slope.T, strict=True):
        reach += np.maximum(slope - cheapest, 0.0) @ width
    paid = power_price > 0.0  # what costs nothing may be without limit
    reach[paid] += power_price[paid, None] * power_limit_kw
    return np.asarray(reach, dtype=np.float64)


def most_gained(problem: Shares, here: BoolArray, carrier_price: FloatArray, power_price: FloatArray) -> float:
    """By how much utility, less the ``move_cost`` of options, can grow at most when users may leave the options that
    are ``here`` [M, C], from what is best there; at the prices [N, B] and [N] of that best. Where minimum rates were
    given up to find it they are prices of another program, and this is no bound."""
    blocks, kw = needs(problem)
    site = np.maximum(problem.site, 0)
    cost = carrier_price[site] * blocks + (power_price[site] + problem.power_cost_per_kw)[..., None] * kw
    usable = (problem.rate_mbps > 0) & (problem.site >= 0)[..., None]
    option_cost = _least(np.where(usable, cost, np.inf))
    if problem.move_cost is not None:
        option_cost = option_cost + problem.move_cost
    cheapest, staying = _least(option_cost), _least(np.where(here, option_cost, np.inf))
    width, slope = segments(problem)
    surplus = [(np.maximum(slope - each[:, None], 0.0) * width).sum() for each in (cheapest, staying)]
    return float(surplus[0] - surplus[1])


def _least(values: FloatArray) -> FloatArray:
    """Along the last axis, value by value: it has a handful, and numpy is slowest there."""
    return np.asarray(functools.reduce(np.minimum, np.moveaxis(values, -1, 0)), dtype=np.float64)
