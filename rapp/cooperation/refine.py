"""A local search over modes and carriers at the cost that the exact model gives them.

Theory of operation. A move switches a carrier, hands one over, or lets a site sleep, wake, help, be assisted, or change
places with a sleeper near it; who helps follows. The prices of the decision in force say of every move how cheap it can
be at most (``prices``), so only those that may pay are solved, the most promising first, and the first that does pay is
made. It ends where no move pays, or after ``MAX_SOLVES``.
"""

from __future__ import annotations

import numpy as np

from gridran.types import BoolArray, IntArray, Network, SiteMode
from rapp.cooperation.flows import Flows
from rapp.cooperation.program import Decisions
from rapp.cooperation.search import Space

MAX_SOLVES = 400
_PAYS_FRAC = 1e-4
NORMAL, HELPING, ASSISTED, SLEEP = (int(m) for m in SiteMode)

Move = tuple[IntArray, BoolArray]  # mode [N] and band_on [N, B]


def refined(flows: Flows, patterns: Space, starts: Decisions) -> tuple[float, Decisions]:
    """The cost of the best decision found from the cheapest of ``starts``, and that decision (of one)."""
    moves_of, beyond = _Moves(patterns), dict[bytes, float]()
    cost_of = [flows.solve(starts.one(number)) for number in range(len(starts.mode))]
    best = starts.one(int(np.argmin(cost_of)))
    cost, last = flows.solve(best), flows.solves + MAX_SOLVES
    while np.isfinite(cost) and flows.solves < last:
        better = _first_that_pays(flows, best, cost, moves_of(best.mode[0], best.band_on[0]), beyond, last)
        if better is None:
            break
        cost, best = better
    return cost, best


def _first_that_pays(
    flows: Flows, now: Decisions, cost: float, moves: Decisions, beyond: dict[bytes, float], last: int
) -> tuple[float, Decisions] | None:
    """The first of ``moves`` from ``now`` that costs less than its ``cost``, and what it costs. The most promising come
    first; a move that was tried before, from wherever, is thought to be as far ``beyond`` its bound as it was then."""
    bound = flows.prices(now, cost).at_least(moves)
    changes = np.packbits(moves.columns() != now.columns(), axis=1)
    names = [change.tobytes() for change in changes]
    enough = cost * (1.0 - _PAYS_FRAC)
    for number in np.argsort(bound + [beyond.get(name, 0.0) for name in names], kind="stable").tolist():
        if bound[number] >= enough or flows.solves >= last:
            continue
        move = moves.one(number)
        found = flows.solve(move)
        if found < enough:
            return found, move
        beyond[names[number]] = min(found, 2.0 * cost) - bound[number]
    return None


def settled(patterns: Space, mode: IntArray) -> IntArray | None:
    """Modes [N] with the same sites asleep and assisted as in ``mode`` [N] and helpers for them, those of ``mode`` as
    far as they can be; None where there are none."""
    alive = patterns.alive
    helped = ((mode == ASSISTED) | (mode == SLEEP)) & alive
    helping = patterns.pairing.helpers(alive & ~helped, helped & ~patterns.problem.helped_elsewhere, mode == HELPING)
    if helping is None:
        return None
    linked = np.where(helped, mode, NORMAL)
    linked[helping], linked[~alive] = HELPING, SLEEP
    return linked


def permitted(network: Network, mode: IntArray, band_on: BoolArray) -> BoolArray:
    """``band_on`` [M, N, B] without the carriers that sites may not have on in their ``mode`` [M, N] (24)-(25)."""
    allowed = (mode != SLEEP)[..., None] & (_kept_assisted(network) | (mode != ASSISTED)[..., None])
    return np.asarray(band_on & allowed, dtype=np.bool_)


class _Moves:
    """All moves from one decision after another; who helps is remembered, since most moves leave the modes alone."""

    def __init__(self, patterns: Space) -> None:
        self._patterns = patterns
        self._kept = _kept_assisted(patterns.problem.network)
        self._open = patterns.alive & patterns.problem.open
        self._settled: dict[bytes, IntArray | None] = {}

    def __call__(self, mode: IntArray, band_on: BoolArray) -> Decisions:
        awake = self._patterns.alive & (mode != SLEEP)
        moves: list[Move] = []
        for site in np.flatnonzero(awake).tolist():
            moves += [(mode, carriers) for carriers in self._carriers(mode, band_on, site)]
            moves += [(changed, band_on) for changed in self._helping(mode, site)]
        for site in np.flatnonzero(self._open).tolist():
            moves += self._turned(mode, band_on, site)
        for woken, silenced in self._patterns.pairing.near_pairs.tolist():
            if self._open[woken] and self._open[silenced] and awake[silenced] and not awake[woken]:
                moves += self._swapped(mode, band_on, woken, silenced)
        return Decisions(
            np.array([changed for changed, _ in moves], dtype=np.int64).reshape(-1, *mode.shape),
            np.array([carriers for _, carriers in moves], dtype=np.bool_).reshape(-1, *band_on.shape),
        )

    def _carriers(self, mode: IntArray, band_on: BoolArray, site: int) -> list[BoolArray]:
        """One carrier of an awake site switched, or one handed over to another."""
        on, number = band_on[site], np.arange(band_on.shape[1])
        allowed = self._kept if mode[site] == ASSISTED else np.ones_like(on)
        found = []
        for band in np.flatnonzero(allowed):
            if on.sum() > 1 or not on[band]:
                found.append(_with(band_on, site, on ^ (number == band)))
            others = np.flatnonzero(allowed[:band] & (on[:band] != on[band]))
            found += [_with(band_on, site, on ^ (number == band) ^ (number == other)) for other in others]
        return found

    def _helping(self, mode: IntArray, site: int) -> list[IntArray]:
        """An awake site stops helping, or helps, or does so in the place of another."""
        if mode[site] == HELPING:
            options = [self._changed(mode, {site: NORMAL})]
        elif mode[site] == NORMAL:
            others = [int(helper) for helper in np.flatnonzero(mode == HELPING)]
            options = [self._changed(mode, {site: HELPING})]
            options += [self._changed(mode, {site: HELPING, other: NORMAL}) for other in others]
        else:
            options = []
        return [changed for changed in options if changed is not None and changed[site] != mode[site]]

    def _turned(self, mode: IntArray, band_on: BoolArray, site: int) -> list[Move]:
        """A site goes to sleep, or wakes with one carrier; one that is awake is assisted, or no longer."""
        kept = self._kept
        options: list[tuple[int, BoolArray]] = []
        if mode[site] == SLEEP:
            options += [(HELPING, np.arange(len(kept)) == band) for band in range(len(kept))]
        else:
            options.append((SLEEP, np.zeros_like(kept)))
            options.append((HELPING, band_on[site]) if mode[site] == ASSISTED else (ASSISTED, kept & band_on[site]))
        found: list[Move] = []
        for turned, carriers in options:
            changed = self._changed(mode, {site: turned})
            if changed is not None and (turned == SLEEP or carriers.any()):
                found.append((changed, _with(band_on, site, carriers)))
        return found

    def _swapped(self, mode: IntArray, band_on: BoolArray, woken: int, silenced: int) -> list[Move]:
        """A sleeper and an awake site change places, and carriers."""
        changed = self._changed(mode, {woken: HELPING, silenced: SLEEP})
        if changed is None:
            return []
        carriers = _with(band_on, woken, band_on[silenced])
        return [(changed, _with(carriers, silenced, np.zeros(band_on.shape[1], dtype=np.bool_)))]

    def _changed(self, mode: IntArray, changes: dict[int, int]) -> IntArray | None:
        changed = mode.copy()
        for site, turned in changes.items():
            changed[site] = turned
        key = changed.tobytes()
        if key not in self._settled:
            self._settled[key] = settled(self._patterns, changed)
        return self._settled[key]


def _kept_assisted(network: Network) -> BoolArray:
    """The carriers [B] that an assisted site may have on (25)."""
    low = network.low_bands
    return low if network.cooperation.assisted_bands == "low" else ~low


def _with(band_on: BoolArray, site: int, carriers: BoolArray) -> BoolArray:
    changed = band_on.copy()
    changed[site] = carriers
    return changed
