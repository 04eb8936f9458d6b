"""Which awake sites can help a given set of sleeping ones, under either reading of (20)-(23).

Theory of operation. With chosen links a helper picks at most K_max of the sleepers that it covers: a b-matching, found
by augmenting paths. With literal links a helper is linked to everybody helped in its neighbourhood, so a site with
more than K_max such neighbours cannot help at all; the helpers are a cover of the sleepers, found by depth-first search
and then extended by whoever else may help, since every further helper widens the reach.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gridran.radio.coverage import kappa_frac
from gridran.types import BoolArray, IntArray, Network
from rapp.cooperation.variables import link_pairs

Links = list[tuple[int, int]]
MAX_STEPS = 200  # of the depth-first search: patterns that need more are given up


class Pairing:
    """The links of one network, asked again and again by the local search."""

    def __init__(self, network: Network, dead: BoolArray) -> None:
        self.literal = network.cooperation.links == "literal"
        self._limit = network.cooperation.max_links
        self._dead = dead
        helper, helped = link_pairs(network)
        count = network.site_count
        self.neighbours = tuple(_nearest_first(network, site, helper[helped == site]) for site in range(count))
        pairs = [(site, int(near)) for site in range(count) for near in self.neighbours[site]]
        self.near_pairs: IntArray = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        self._helped = tuple(_nearest_first(network, site, helped[helper == site]) for site in range(count))
        self._near = np.zeros((count, count), dtype=np.bool_)
        self._near[helper, helped] = True
        self._covers: BoolArray = self._near & (kappa_frac(network) >= network.cooperation.kappa_min_frac)

    def links(self, helpers: BoolArray, sleepers: BoolArray) -> Links | None:
        """(helper, sleeper) links by which ``helpers`` [N] can help all ``sleepers`` [N], or None."""
        return self._cover(helpers, sleepers) if self.literal else self._matching(helpers, sleepers)

    def most_links(self, helpers: BoolArray, helped: BoolArray) -> tuple[BoolArray, Links]:
        """The sites [N] of ``helped`` that ``helpers`` [N] can help at the same time, and the links by which they do:
        all of them where that is possible, else one is added after another."""
        links = self.links(helpers, helped)
        if links is not None:
            return helped, links
        if self.literal:
            return self._grown_cover(helpers, helped)
        _, left_out = _matched(np.flatnonzero(helped).tolist(), self.neighbours, helpers, self._limit)
        kept = helped.copy()
        kept[left_out] = False
        return kept, self._matching(helpers, kept) or []

    def _grown_cover(self, helpers: BoolArray, helped: BoolArray) -> tuple[BoolArray, Links]:
        """With literal links a site that is helped counts at every helper near it, so it may be one too many there."""
        kept, chosen = np.zeros_like(helped), np.zeros_like(helped)
        for site in np.flatnonzero(helped).tolist():
            kept[site] = True
            silent = kept | self._dead
            lawful = (wider for wider in self._covering(site, helpers, chosen) if self._within_limit(wider, silent))
            found = next(lawful, None)
            if found is None:
                kept[site] = False
            else:
                chosen = found
        silent = kept | self._dead
        return kept, [(int(h), int(s)) for h in np.flatnonzero(chosen) for s in np.flatnonzero(self._near[h] & silent)]

    def _covering(self, site: int, helpers: BoolArray, chosen: BoolArray) -> Iterator[BoolArray]:
        """``chosen`` [N] where one of them covers ``site``, else ``chosen`` and each of ``helpers`` that does."""
        if (chosen & self._covers[:, site]).any():
            yield chosen
            return
        for helper in self.neighbours[site].tolist():
            if helpers[helper] and self._covers[helper, site]:
                wider = chosen.copy()
                wider[helper] = True
                yield wider

    def _within_limit(self, chosen: BoolArray, silent: BoolArray) -> bool:
        """Whether helpers ``chosen`` [N], linked to all that is ``silent`` [N] near them, keep K_max on both ends."""
        linked = self._near[chosen] & silent
        return bool((linked.sum(axis=1) <= self._limit).all() and (linked.sum(axis=0) <= self._limit).all())

    def helpers(self, awake: BoolArray, helped: BoolArray, first: BoolArray) -> BoolArray | None:
        """The sites [N] of ``awake`` that help when all of ``helped`` [N] are, or None where they cannot: those of
        ``first`` [N] that have a silent site to take over from (5), and others only where it takes them."""
        if not self.literal:
            wanted, others = np.flatnonzero(awake & first).tolist(), np.flatnonzero(awake & ~first).tolist()
            for order in (wanted, wanted + others):
                taken, _ = _matched(order, self._helped, helped | self._dead, self._limit)
                helping = np.zeros_like(awake)
                helping[[helper for linked in taken.values() for helper in linked]] = True
                if not _matched(np.flatnonzero(helped).tolist(), self.neighbours, helping, self._limit)[1]:
                    return helping
        links = self.links(awake, helped)
        if links is None:
            return None
        helping = np.zeros_like(awake)
        helping[[helper for helper, _ in links]] = True
        return helping

    def _matching(self, helpers: BoolArray, sleepers: BoolArray) -> Links | None:
        """A link for every sleeper with at most K_max on each helper, and one for each helper that can have one; None
        where a sleeper has none."""
        taken, left_out = _matched([int(s) for s in np.flatnonzero(sleepers)], self.neighbours, helpers, self._limit)
        if left_out:
            return None
        return self._with_idle_helpers([(h, s) for h, linked in taken.items() for s in linked], helpers, sleepers)

    def _with_idle_helpers(self, links: Links, helpers: BoolArray, sleepers: BoolArray) -> Links:
        """``links`` and one for every helper that has none yet, where a silent site near it may have one more: only a
        helping site reaches beyond its nominal coverage (5)."""
        degree = np.bincount(np.array([s for _, s in links], dtype=np.int64), minlength=len(sleepers))
        busy = {helper for helper, _ in links}
        more: Links = []
        for helper in (int(h) for h in np.flatnonzero(helpers) if int(h) not in busy):
            silent = [
                s for s in self._helped[helper].tolist() if (sleepers[s] or self._dead[s]) and degree[s] < self._limit
            ]
            if silent:
                degree[silent[0]] += 1
                more.append((helper, silent[0]))
        return links + more

    def _cover(self, helpers: BoolArray, sleepers: BoolArray) -> Links | None:
        """The links of helpers that cover every sleeper while no site has more than K_max, or None."""
        helped: BoolArray = sleepers | self._dead
        degree = (self._near & helped).sum(axis=1)
        able = np.flatnonzero(helpers & (degree >= 1) & (degree <= self._limit))
        chosen = _dfs_cover(
            self._covers[able] & sleepers, self._near[able] & helped, np.flatnonzero(sleepers), self._limit
        )
        if chosen is None:
            return None
        return [(int(able[h]), int(s)) for h in chosen for s in np.flatnonzero(self._near[able[h]] & helped)]


def _matched(
    sites: Sequence[int], partners: Sequence[IntArray], able: BoolArray, limit: int
) -> tuple[dict[int, list[int]], list[int]]:
    """One of its ``partners`` for each of ``sites``, at most ``limit`` on each that is ``able`` [N] (augmenting paths,
    so one that was placed stays placed): who each partner has, and who is left out."""
    taken: dict[int, list[int]] = {int(partner): [] for partner in np.flatnonzero(able)}

    def moved_on(partner: int, seen: set[int]) -> bool:
        """Make room at a full partner by finding another one for a site that it has."""
        for other in list(taken[partner]):
            if place(other, seen):
                taken[partner].remove(other)
                return True
        return False

    def place(site: int, seen: set[int]) -> bool:
        """Give ``site`` a partner that this search has not ``seen`` yet."""
        for partner in (int(p) for p in partners[site]):
            if partner not in taken or partner in seen:
                continue
            seen.add(partner)
            if len(taken[partner]) < limit or moved_on(partner, seen):
                taken[partner].append(site)
                return True
        return False

    return taken, [site for site in sites if not place(site, set())]


def _nearest_first(network: Network, site: int, others: IntArray) -> IntArray:
    order = np.argsort(network.site_distance_m[site, others], kind="stable")
    return np.asarray(others[order], dtype=np.int64)


def _dfs_cover(covers: BoolArray, links: BoolArray, sleepers: IntArray, limit: int) -> list[int] | None:
    """Rows of ``covers`` [H, N] that together cover all ``sleepers`` while no column of their ``links`` [H, N] has more
    than ``limit``, as many rows as fit; None where there are none, or none within ``MAX_STEPS``."""
    steps = 0

    def fits(chosen: list[int], row: int) -> bool:
        return bool(((links[chosen].sum(axis=0) + links[row])[links[row]] <= limit).all())

    def extend(chosen: list[int]) -> list[int] | None:
        """A cover that contains ``chosen``: the sleeper with the fewest helpers left decides next."""
        nonlocal steps
        steps += 1
        open_sleepers = [s for s in sleepers if not covers[chosen, s].any()]
        if not open_sleepers:
            return chosen
        options = {s: [int(r) for r in np.flatnonzero(covers[:, s]) if fits(chosen, int(r))] for s in open_sleepers}
        for row in min(options.values(), key=len):
            found = extend([*chosen, row]) if steps < MAX_STEPS else None
            if found is not None:
                return found
        return None

    cover = extend([])
    if cover is None:
        return None
    for row in range(len(links)):
        if row not in cover and fits(cover, row):
            cover.append(row)
    return cover
