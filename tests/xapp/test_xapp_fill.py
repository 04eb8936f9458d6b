"""The constructive test of whether everybody fits."""

from __future__ import annotations

import numpy as np
import pytest

from gridran.types import FloatArray, IntArray
from xapp.dispatch.fill import fill, queues, try_all

SITES, USERS, BANDS = 3, 9, 4


def drawn(seed: int) -> tuple[FloatArray, IntArray, FloatArray, FloatArray]:
    """Rates [G, M, B], some of them 0, carrier orders [G, B], two targets [T, G, M], draw per unit of blocks [G, B]."""
    rng = np.random.default_rng(seed)
    rate = rng.uniform(2.0, 60.0, (SITES, USERS, BANDS)) * (rng.random((SITES, USERS, BANDS)) < 0.7)
    order = np.argsort(rng.random((SITES, BANDS)), axis=1)
    target = rng.uniform(0.0, 6.0, (SITES, USERS)) * np.array([1.0, 0.8])[:, None, None]
    return rate, order, target, rng.uniform(0.1, 2.0, (SITES, BANDS))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("number", range(2**BANDS))
def test_the_search_over_all_sets_agrees_with_each_set_alone(seed: int, number: int) -> None:
    """A state of the search carries its target exactly where filling that set does, and at the same draw."""
    rate, order, target, load_kw = drawn(seed)
    mbps_kw = np.array([0.02, 0.01, 0.0, 0.0])
    queue = queues(rate, order)
    on = np.zeros((SITES, BANDS), dtype=np.bool_)
    np.put_along_axis(on, order, np.broadcast_to(number >> np.arange(BANDS) & 1 == 1, order.shape), axis=1)
    given = fill(queue, target, on)
    carried, draw_kw = try_all(queue, target, load_kw, mbps_kw)
    blocks = np.divide(given, rate, out=np.zeros_like(given), where=rate > 0).sum(axis=2)
    assert np.array_equal(carried[number], (given.sum(axis=3) >= target * (1 - 1e-9)).all(axis=2))
    assert draw_kw[number] == pytest.approx((blocks * load_kw).sum(axis=2) + given.sum(axis=2) @ mbps_kw)


@pytest.mark.parametrize("seed", range(4))
def test_a_fill_is_an_allocation(seed: int) -> None:
    """Nobody gets more than asked for or anything on a carrier that is off or unheard; no carrier is overbooked; and
    what is not given to somebody is missing because the carriers that this user hears are full."""
    rate, order, target, _ = drawn(seed)
    on = np.random.default_rng(seed).random((SITES, BANDS)) < 0.6
    given = fill(queues(rate, order), target, on)
    blocks = np.divide(given, rate, out=np.zeros_like(given), where=rate > 0).sum(axis=2)
    short = given.sum(axis=3) < target * (1 - 1e-9)
    assert (given >= 0).all()
    assert (given.sum(axis=3) <= target * (1 + 1e-12)).all()
    assert not given[:, ~(on[:, None, :] & (rate > 0))].any()
    assert (blocks <= 1 + 1e-12).all()
    free = (blocks < 1 - 1e-9)[:, :, None, :] & on[:, None, :] & (rate > 0)
    assert not (short & free.any(axis=3)).any()
