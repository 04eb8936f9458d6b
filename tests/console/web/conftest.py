"""A live run made for the test: a node of seven sites and some of its outcomes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from functools import partial
from types import ModuleType

import pytest
import structlog

from console.web.board import Board
from console.web.frame import point_of
from console.web.live import Live, Node, Pace, Stage
from gridran.types import StepOutcome


@pytest.fixture(autouse=True)
def logs_of_its_own() -> Iterator[None]:
    """A service that a test starts in this process must not leave its log's stream to the tests after it."""
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def signals_of_its_own() -> Iterator[None]:
    """Nor what such a service did to the signals that end it."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def node(synthetic: ModuleType) -> Node:
    """Seven sites in lockstep."""
    return Node("node-1", "small", synthetic.network(1), 0.0)


@pytest.fixture(scope="session")
def outcomes(synthetic: ModuleType, node: Node) -> list[StepOutcome]:
    """An hour of 60 users; modes change every quarter."""
    return list(synthetic.blackout(node.network, periods=120, ues=60))


@pytest.fixture
def board(node: Node, outcomes: list[StepOutcome]) -> Board:
    """A run of which three periods have been heard."""
    board = Board()
    board.begin(Live(node=node, stage=Stage.RUNNING, pace=Pace(paused=False, speed=0.0)))
    for outcome in outcomes[:3]:
        board.change(partial(Live.after, outcome=outcome), point_of(outcome))
    return board
