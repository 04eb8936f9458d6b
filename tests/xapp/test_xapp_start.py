"""Where the search for the best rates begins."""

from __future__ import annotations

import numpy as np

from gridran.types import FloatArray, IntArray
from xapp.dispatch.simplex import AT_LOWER, AT_UPPER, BASIC
from xapp.dispatch.start import Flows, Start, cheapest, start_of

USERS = 10


def flows_of(user: IntArray, site: IntArray, blocks: FloatArray, mbps: FloatArray | None = None) -> Flows:
    """Flows at sites with one carrier each that cost no power."""
    nothing = np.zeros(len(user))
    return Flows(user, site, site, blocks, nothing, nothing, nothing if mbps is None else mbps)


def begun(flows: Flows, sites: int) -> Start:
    """The start where carriers are empty, with a segment for each user."""
    return start_of(flows, np.arange(USERS), USERS, np.ones(sites), np.full(sites, np.inf))


def test_the_first_of_the_cheapest_flows_of_each_user() -> None:
    """Of equal costs the first; users without flows have none."""
    user = np.array([0, 0, 2, 2, 2, 5])
    assert cheapest(user, np.array([2.0, 1.0, 3.0, 3.0, 4.0, 7.0])).tolist() == [1, 2, 5]


def test_at_one_site_everybody_begins_where_the_fewest_blocks_are_needed() -> None:
    """A basis with as many basic columns as rows; who hears nothing asks for nothing."""
    user = np.array([0, 0, 3, 3])
    start = begun(flows_of(user, np.zeros(4, dtype=np.int64), np.array([0.3, 0.2, 0.4, 0.5])), sites=1)
    assert start.column[:4].tolist() == [AT_LOWER, BASIC, BASIC, AT_LOWER]
    assert np.flatnonzero(start.column[4:] == AT_UPPER).tolist() == [0, 3]
    assert np.flatnonzero(start.row == AT_LOWER).tolist() == [0, 3]
    assert np.count_nonzero(start.column == BASIC) + np.count_nonzero(start.row == BASIC) == len(start.row)


def test_rates_at_hand_come_before_costs() -> None:
    """Users that have some begin on the flow with most of them, the others at least cost."""
    user, blocks = np.array([0, 0, 1, 1]), np.array([0.2, 0.3, 0.2, 0.3])
    start = begun(flows_of(user, np.zeros(4, dtype=np.int64), blocks, np.array([1.0, 2.0, 0.0, 0.0])), sites=1)
    assert start.column[:4].tolist() == [AT_LOWER, BASIC, BASIC, AT_LOWER]


def test_with_a_choice_of_sites_not_everybody_begins_at_the_best_one() -> None:
    """Ten users of whom each takes 0.3 of one carrier, or more of another one: both carriers are begun with,
    and the second with those to whom it costs the least more."""
    user, site = np.repeat(np.arange(USERS), 2), np.tile([0, 1], USERS)
    dearer = np.linspace(1.05, 40.0, USERS)
    start = begun(flows_of(user, site, (0.3 * np.column_stack([np.ones(USERS), dearer])).ravel()), sites=2)
    elsewhere = start.column[: 2 * USERS].reshape(USERS, 2)[:, 1] == BASIC
    assert 0 < np.count_nonzero(elsewhere) < USERS
    assert (np.diff(elsewhere.astype(np.int64)) <= 0).all()
