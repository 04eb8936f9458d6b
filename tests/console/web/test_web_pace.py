"""Who may hold a run, and that no run is held for nobody."""

from __future__ import annotations

import pytest

from console.web.board import Board
from console.web.live import Live, Node, Pace, Stage
from console.web.o1 import O1Error
from console.web.pace import UNWATCHED_S, PaceKeeper, PaceRequest, is_held, pace_request
from gridran.runtime.logs import get_log


class Emulator:
    """Answers as an emulator would; ``asked`` keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[bool | None, float | None]] = []
        self.gone = False
        self._pace = Pace(paused=False, speed=0.0)

    def pace(self, paused: bool | None = None, speed: float | None = None, deadline_s: float | None = None) -> Pace:
        if self.gone:
            raise O1Error(f"nobody answers within {deadline_s} s")
        self.asked.append((paused, speed))
        now = self._pace
        self._pace = Pace(now.paused if paused is None else paused, now.speed if speed is None else speed)
        return self._pace


@pytest.fixture
def emulator() -> Emulator:
    """An emulator in lockstep."""
    return Emulator()


@pytest.fixture
def keeper(emulator: Emulator, board: Board) -> PaceKeeper:
    """Keeps the pace of the run on ``board``."""
    return PaceKeeper(emulator, board, get_log())  # type: ignore[arg-type]  # all that it needs of a client


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"paused": true}', PaceRequest(True, None)),
        (b'{"speed": 60}', PaceRequest(None, 60.0)),
        (b'{"paused": false, "speed": 0}', PaceRequest(False, 0.0)),
    ],
)
def test_orders_are_read(body: bytes, expected: PaceRequest) -> None:
    """What is not given stays as it is."""
    assert pace_request(body) == expected


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "an object"),
        (b"{}", "an object"),
        (b'{"pause": true}', "an object"),
        (b'{"paused": 1}', "paused: must be true or false"),
        (b'{"speed": true}', "speed: must be a number"),
        (b'{"speed": "60"}', "speed: must be a number"),
        (b"[" * 1000, "not JSON"),
    ],
)
def test_nonsense_is_refused_in_one_line(body: bytes, said: str) -> None:
    """The line names the field."""
    with pytest.raises(ValueError, match=said):
        pace_request(body)


def test_a_pace_that_was_set_is_seen_by_all(keeper: PaceKeeper, board: Board) -> None:
    """The board has what the emulator answered."""
    keeper.set(PaceRequest(paused=True))
    assert board.live.pace == Pace(paused=True, speed=0.0)
    assert is_held(board.live)


def test_a_run_that_nobody_watches_goes_on_at_its_own_pace(
    keeper: PaceKeeper, board: Board, emulator: Emulator
) -> None:
    """A minute after the last browser has left, and not before; then it is left alone."""
    keeper.set(PaceRequest(paused=True, speed=1.0))
    keeper.tick(100.0)
    keeper.tick(100.0 + UNWATCHED_S - 1.0)
    assert board.live.pace == Pace(paused=True, speed=1.0)
    keeper.tick(100.0 + UNWATCHED_S)
    assert board.live.pace == Pace(paused=False, speed=0.0)
    keeper.tick(1000.0)
    assert len(emulator.asked) == 2


def test_a_page_that_leaves_lets_the_run_go(keeper: PaceKeeper, board: Board) -> None:
    """When the service stops, the run is not left paused."""
    keeper.set(PaceRequest(paused=True))
    keeper.release()
    assert board.live.pace == Pace(paused=False, speed=0.0)


def test_a_run_at_its_own_pace_is_never_touched(keeper: PaceKeeper, emulator: Emulator) -> None:
    """Nobody asked for anything: there is nothing to give back."""
    keeper.release()
    keeper.tick(0.0)
    keeper.tick(1e6)
    assert emulator.asked == []


def test_an_emulator_that_is_gone_is_no_fault(keeper: PaceKeeper, emulator: Emulator) -> None:
    """Giving the pace back to nobody is a warning at most."""
    keeper.set(PaceRequest(paused=True))
    emulator.gone = True
    keeper.release()


def test_only_a_run_that_goes_on_is_held(node: Node) -> None:
    """One that has ended cannot be."""
    assert not is_held(Live(node=node, stage=Stage.ENDED, pace=Pace(paused=True, speed=0.0)))
    assert not is_held(Live())
