"""Where the search for the best rates begins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridran.types import FloatArray, IntArray
from xapp.dispatch import bandwidth
from xapp.dispatch.bandwidth import Shares
from xapp.dispatch.sharing import subset
from xapp.dispatch.simplex import AT_LOWER, AT_UPPER, BASIC, Program, Solution, Start
from xapp.dispatch.start import Flows, cheapest, start_of

USERS = 4


def flows_of(user: IntArray, blocks: FloatArray, **more: FloatArray) -> Flows:
    """Flows at one site with one carrier that, if nothing else is said, cost no power."""
    nothing, zero = np.zeros(len(user)), np.zeros(len(user), dtype=np.int64)
    return Flows(
        **{  # type: ignore[arg-type]
            "user": user,
            "site": zero,
            "carrier": zero,
            "blocks": blocks,
            "kw": nothing,
            "cost": nothing,
            "begin_mbps": nothing,
            **more,
        }
    )


def begun(flows: Flows) -> Start:
    """The start with a segment for each user and two resources."""
    return start_of(flows, np.arange(USERS), USERS, 2)


def test_the_first_of_the_cheapest_flows_of_each_user() -> None:
    """Of equal costs the first; users without flows have none."""
    user = np.array([0, 0, 2, 2, 2, 5])
    assert cheapest(user, np.array([2.0, 1.0, 3.0, 3.0, 4.0, 7.0])).tolist() == [1, 2, 5]


def test_without_flows_or_costs_there_is_no_cheapest() -> None:
    """Nothing to choose from, and nothing that is a number: nobody's."""
    assert cheapest(np.zeros(0, dtype=np.int64), np.zeros(0)).size == 0
    assert cheapest(np.array([0, 0, 1]), np.full(3, np.nan)).size == 0


def test_everybody_begins_in_full() -> None:
    """A basis with as many basic columns as rows; who hears nothing asks for nothing."""
    start = begun(flows_of(np.array([0, 0, 3, 3]), np.array([0.3, 0.2, 0.4, 0.5])))
    assert start.column[:4].tolist() == [AT_LOWER, BASIC, BASIC, AT_LOWER]
    assert np.flatnonzero(start.column[4:] == AT_UPPER).tolist() == [0, 3]
    assert np.flatnonzero(start.row == AT_LOWER).tolist() == [0, 3]
    assert np.count_nonzero(start.column == BASIC) + np.count_nonzero(start.row == BASIC) == len(start.row)


@pytest.mark.parametrize("dear", ["blocks", "kw", "cost"])
def test_blocks_power_and_costs_of_moves_count(dear: str) -> None:
    """Of two flows that differ in one of them the search begins with the cheaper one."""
    flows = replace(flows_of(np.zeros(2, dtype=np.int64), np.full(2, 0.5)), **{dear: np.array([0.6, 0.5])})
    assert begun(flows).column[:2].tolist() == [AT_LOWER, BASIC]


def test_rates_at_hand_come_before_costs() -> None:
    """Users that have some begin on the flow with most of them, the others at least cost."""
    blocks = np.array([0.2, 0.3, 0.2, 0.3])
    start = begun(flows_of(np.array([0, 0, 1, 1]), blocks, begin_mbps=np.array([1.0, 2.0, 0.0, 0.0])))
    assert start.column[:4].tolist() == [AT_LOWER, BASIC, BASIC, AT_LOWER]


def problem_of(begin_mbps: FloatArray) -> Shares:
    """Two users who may each be served by either of two sites with two carriers."""
    return Shares(
        demand_mbps=np.ones(2),
        min_rate_mbps=np.zeros(2),
        weight=np.ones(2),
        service_class=np.full(2, 3, dtype=np.int64),
        reward=np.zeros(2),
        held=np.zeros(2, dtype=np.bool_),
        site=np.tile([0, 1], (2, 1)),
        rate_mbps=np.array([[[9.0, 8.0], [7.0, 6.0]]] * 2),
        power_limit_kw=np.ones(2),
        load_kw=np.ones((2, 2)),
        mbps_kw=np.zeros(2),
        segments=1,
        begin_mbps=begin_mbps,
    )


def test_a_program_begins_with_the_rates_that_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """User 0 on the second carrier of site 0, user 1 on the first of site 1, wherever the best carrier is."""
    starts = []

    def solved(program: Program, start: Start) -> Solution:
        starts.append(start.column)
        return Solution(np.zeros(len(program.cost)), np.zeros(len(program.row_lower)))

    monkeypatch.setattr(bandwidth, "solved", solved)
    begin_mbps = np.zeros((2, 2, 2))
    begin_mbps[0, 0, 1] = begin_mbps[1, 1, 0] = 0.5
    bandwidth.share(problem_of(begin_mbps))
    bandwidth.share(subset(problem_of(begin_mbps), np.array([1])))
    assert [np.flatnonzero(column == BASIC).tolist() for column in starts] == [[1, 6], [2]]
