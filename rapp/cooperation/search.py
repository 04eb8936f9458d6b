"""A local search over which sites sleep: a good pattern in some milliseconds, where the exact search begins.

Theory of operation. All toggles and all swaps of an awake site with a sleeping one near it are evaluated at once, and
the best that keeps the links of (19)-(24) is made, until none helps. Assisted mode is left to the exact search that
follows (``refine``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray, SiteMode
from rapp.cooperation.evaluate import Evaluated, Tables, evaluate, tables
from rapp.cooperation.objective import Scales, scales
from rapp.cooperation.pairing import Links, Pairing
from rapp.cooperation.variables import Problem

MAX_ROUNDS = 60

Cost = Callable[[BoolArray, Evaluated], FloatArray]
"""(awake [M, N], what these patterns draw and leave) -> cost [M]."""


@dataclass(frozen=True)
class Space:
    """The patterns of one problem: what they draw, and which of them have their links."""

    table: Tables
    pairing: Pairing

    @property
    def problem(self) -> Problem:
        return self.table.problem

    @cached_property
    def alive(self) -> BoolArray:
        return np.asarray(self.table.problem.alive > 0, dtype=np.bool_)

    def settled(self, awake: BoolArray) -> BoolArray:
        """``awake`` [N] as far as it is open who is."""
        return np.where(self.problem.open, awake, self.problem.decided_mode != SiteMode.DEEP_SLEEP) & self.alive

    def links(self, awake: BoolArray) -> Links | None:
        """Links by which the awake sites of one pattern [N] help all live sleepers, or None."""
        silent = self.problem.helped_elsewhere
        return self.pairing.links(awake & self.alive & ~silent, ~awake & self.alive & ~silent)

    def reaching(self, awake: BoolArray) -> BoolArray:
        """Sites [M, N] that serve beyond their nominal coverage in the patterns ``awake`` [M, N]: with chosen links
        every awake one; with literal links few can help, so there it matters which."""
        if not self.pairing.literal:
            return awake
        helping = np.zeros_like(awake)
        for m, pattern in enumerate(awake):
            helping[m, [helper for helper, _ in self.links(pattern) or []]] = True
        return helping

    def drawn(self, awake: BoolArray) -> Evaluated:
        """What the patterns ``awake`` [M, N] draw and leave, each with its links."""
        return evaluate(self.table, awake, self.reaching(awake))


def space(problem: Problem) -> Space:
    return Space(tables(problem), Pairing(problem.network, problem.alive == 0))


def search(problem: Problem, patterns: Space, start_mode: IntArray | None = None) -> IntArray:
    """A mode pattern [N], a local optimum of the model's objective under toggles and swaps, from ``start_mode`` or
    from everybody awake, whichever ends better."""
    scale = scales(problem)
    starts = [np.ones(problem.network.site_count, dtype=np.bool_)]
    if start_mode is not None:
        starts.append((start_mode != SiteMode.DEEP_SLEEP) | (problem.alive == 0))
    if not problem.open.all():
        starts = [patterns.settled(start) for start in starts]

    def cost(awake: BoolArray, drawn: Evaluated) -> FloatArray:
        return objective(problem, scale, awake, drawn)

    best = min((descend(patterns, cost, awake) for awake in starts), key=lambda found: found[0])
    return modes(patterns, best[1])


def descend(patterns: Space, cost: Cost, awake: BoolArray) -> tuple[float, BoolArray]:
    """Cost and pattern [N] after the best move has been made again and again until none helps."""
    now = float(_costs(patterns, cost, awake[None])[0]) if patterns.links(awake) is not None else np.inf
    for _ in range(MAX_ROUNDS):
        moves = _moves(patterns, awake)
        values = _costs(patterns, cost, moves)
        better = (int(m) for m in np.argsort(values, kind="stable") if values[m] < now - 1e-9)
        move = next((m for m in better if patterns.links(moves[m]) is not None), None)
        if move is None:
            break
        now, awake = float(values[move]), moves[move]
    return now, awake


def modes(patterns: Space, awake: BoolArray) -> IntArray:
    """Modes [N] of an awake pattern: linked helpers help, sleepers sleep, the rest stay normal."""
    alive = patterns.alive
    mode = np.full(len(awake), int(SiteMode.NORMAL), dtype=np.int64)
    mode[~awake | ~alive] = int(SiteMode.DEEP_SLEEP)
    for helper, _ in patterns.links(awake) or []:
        mode[helper] = int(SiteMode.HELPING)
    return np.where(patterns.problem.decided_mode == SiteMode.ASSISTED, int(SiteMode.ASSISTED), mode)


def objective(problem: Problem, scale: Scales, awake: BoolArray, drawn: Evaluated) -> FloatArray:
    """The model's objective (18) of each pattern [M]."""
    alive = problem.alive > 0
    draining = (problem.drains > 0) & alive
    rate = drawn.power_kw[:, draining] / problem.energy_kwh[draining]
    s = rate.max(axis=1) if draining.any() else np.zeros(len(awake))
    known = problem.previous_mode >= 0
    was_asleep = problem.previous_mode == SiteMode.DEEP_SLEEP
    switches = (known & (was_asleep != (~awake & alive))).sum(axis=1)
    unserved = drawn.unserved_frac @ problem.points.weight
    cost = scale.s * s + drawn.power_kw @ scale.site_kw + scale.switch * switches + scale.unserved * unserved
    return np.asarray(cost, dtype=np.float64)


def _costs(patterns: Space, cost: Cost, awake: BoolArray) -> FloatArray:
    if not patterns.pairing.literal:
        return cost(awake, evaluate(patterns.table, awake))
    linked = np.array([patterns.links(pattern) is not None for pattern in awake], dtype=np.bool_)
    return np.where(linked, cost(awake, patterns.drawn(awake)), np.inf)


def _moves(patterns: Space, awake: BoolArray) -> BoolArray:
    """All toggles of a live site, and all swaps of an awake site with a sleeping one near it, [M, N]; no site that was
    decided on."""
    open_sites = patterns.alive & patterns.problem.open
    toggled = np.flatnonzero(open_sites)
    woken, silenced = patterns.pairing.near_pairs.T
    possible = (open_sites & ~awake)[woken] & (open_sites & awake)[silenced]
    moves = np.repeat(awake[None], len(toggled) + int(possible.sum()), axis=0)
    moves[np.arange(len(toggled)), toggled] ^= True
    swap = np.arange(len(toggled), len(moves))
    moves[swap, woken[possible]] = True
    moves[swap, silenced[possible]] = False
    return moves
