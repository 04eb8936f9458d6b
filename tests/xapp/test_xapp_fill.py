"""The constructive test of whether everybody fits."""

from __future__ import annotations

import numpy as np
import pytest

from gridran.types import FloatArray, IntArray
from xapp.dispatch.fill import Rows, fill, queues, try_all

SITES, USERS, BANDS = 3, 27, 4


def drawn(seed: int) -> tuple[Rows, FloatArray, IntArray, FloatArray, FloatArray]:
    """Users of sites, rates [M, B], some of them 0, carrier orders [G, B], two targets [T, M], draw per unit of blocks
    [G, B]; one site has a single user."""
    rng = np.random.default_rng(seed)
    first = np.array([0, 14, 15])
    rows = Rows(np.repeat(np.arange(SITES), np.diff(first, append=USERS)), first)
    rate = rng.uniform(2.0, 60.0, (USERS, BANDS)) * (rng.random((USERS, BANDS)) < 0.7)
    order = np.argsort(rng.random((SITES, BANDS)), axis=1)
    target = rng.uniform(0.0, 6.0, USERS) * np.array([1.0, 0.8])[:, None]
    return rows, rate, order, target, rng.uniform(0.1, 2.0, (SITES, BANDS))


def by_site(rows: Rows, per_user: FloatArray) -> FloatArray:
    """Sums [T, G, B] of [T, M, B]."""
    return np.stack([per_user[:, rows.group == site].sum(axis=1) for site in range(SITES)], axis=1)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("number", range(2**BANDS))
def test_the_search_over_all_sets_agrees_with_each_set_alone(seed: int, number: int) -> None:
    """A state of the search carries its target exactly where filling that set does, and at the same draw."""
    rows, rate, order, (target, _), load_kw = drawn(seed)
    mbps_kw = np.array([0.02, 0.01, 0.0, 0.0])
    queue = queues(rows, rate, order)
    on = np.zeros((SITES, BANDS), dtype=np.bool_)
    np.put_along_axis(on, order, np.broadcast_to(number >> np.arange(BANDS) & 1 == 1, order.shape), axis=1)
    given = fill(queue, target[None], on)
    carried, draw_kw = try_all(queue, target, load_kw, mbps_kw)
    blocks = by_site(rows, np.divide(given, rate, out=np.zeros_like(given), where=rate > 0))[0]
    enough = given[0].sum(axis=1) >= target * (1 - 1e-9)
    assert carried[number].tolist() == [bool(enough[rows.group == site].all()) for site in range(SITES)]
    assert draw_kw[number] == pytest.approx((blocks * load_kw).sum(axis=1) + by_site(rows, given)[0] @ mbps_kw)


@pytest.mark.parametrize("seed", range(4))
def test_a_fill_is_an_allocation(seed: int) -> None:
    """Nobody gets more than asked for or anything on a carrier that is off or unheard; no carrier is overbooked; and
    what is not given to somebody is missing because the carriers that this user hears are full."""
    rows, rate, order, target, _ = drawn(seed)
    on = np.random.default_rng(seed).random((SITES, BANDS)) < 0.6
    given = fill(queues(rows, rate, order), target, on)
    blocks = by_site(rows, np.divide(given, rate, out=np.zeros_like(given), where=rate > 0))
    short = given.sum(axis=2) < target * (1 - 1e-9)
    assert (given >= 0).all()
    assert (given.sum(axis=2) <= target * (1 + 1e-12)).all()
    assert not given[:, ~(on[rows.group] & (rate > 0))].any()
    assert (blocks <= 1 + 1e-12).all()
    free = (blocks < 1 - 1e-9)[:, rows.group] & on[rows.group] & (rate > 0)
    assert not (short & free.any(axis=2)).any()


def test_a_site_fills_as_if_it_were_alone() -> None:
    """What a site gives its users does not depend on who else is in the row."""
    rows, rate, order, target, _ = drawn(1)
    on = np.ones((SITES, BANDS), dtype=np.bool_)
    given = fill(queues(rows, rate, order), target, on)
    for site in range(SITES):
        own = np.flatnonzero(rows.group == site)
        alone = queues(Rows(np.zeros(own.size, dtype=np.int64), np.array([0])), rate[own], order[[site]])
        assert fill(alone, target[:, own], on[[site]]) == pytest.approx(given[:, own])
