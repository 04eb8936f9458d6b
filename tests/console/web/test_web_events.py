"""Server-sent events: nothing queued, no timeline point lost, every state in words."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from console.web.board import WATCHERS_MAX, Board, TooManyWatchersError
from console.web.events import Seen, events_of, live_events
from console.web.frame import point_of
from console.web.live import Live, Node, Stage
from gridran.types import StepOutcome


def hear(board: Board, outcome: StepOutcome) -> None:
    """One more period, as the reader adds it."""
    board.change(lambda live: live.after(outcome), point_of(outcome))


def parsed(chunks: list[bytes]) -> list[tuple[str, Any]]:
    """(event, data) of every event in a stream."""
    blocks = [block for block in b"".join(chunks).decode().split("\n\n") if block.startswith("event: ")]
    lines = [block.split("\n") for block in blocks]
    assert all(len(two) == 2 and two[1].startswith("data: ") for two in lines)
    return [(event.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for event, data in lines]


def told(board: Board, seen: Seen) -> tuple[list[tuple[str, Any]], Seen]:
    """What a browser that has seen ``seen`` is told."""
    chunks, after = events_of(board.news(seen.run, seen.points), seen)
    return parsed(chunks), after


def test_a_newcomer_gets_the_run_the_newest_frame_and_the_whole_timeline(board: Board) -> None:
    """First the ground, then one frame with all points so far, then the state."""
    events, _ = told(board, Seen())
    assert [name for name, _ in events] == ["run", "frame", "state"]
    assert len(events[0][1]["ground"]["sites"]) == 7
    assert events[1][1]["frame"]["period"] == 2
    assert len(events[1][1]["points"]) == 3
    assert events[2][1] == {
        "stage": "running",
        "words": "Live, as fast as both loops answer.",
        "pace": {"paused": False, "speed": 0.0},
        "lockstep": True,
    }


def test_a_slow_browser_skips_frames_but_no_point(board: Board, outcomes: list[StepOutcome]) -> None:
    """After forty periods it is told the last one, with forty points; then nothing until something happens."""
    _, seen = told(board, Seen())
    for outcome in outcomes[3:43]:
        hear(board, outcome)
    ((name, data),), seen = told(board, seen)
    assert (name, data["frame"]["period"], len(data["points"])) == ("frame", 42, 40)
    assert told(board, seen)[0] == []


def test_another_run_begins_afresh(board: Board, node: Node, outcomes: list[StepOutcome]) -> None:
    """An emulator that was started again is a new run with a timeline of its own."""
    _, seen = told(board, Seen())
    board.begin(Live(node=node, stage=Stage.RUNNING))
    hear(board, outcomes[0])
    events, _ = told(board, seen)
    assert [name for name, _ in events] == ["run", "frame", "state"]
    assert len(events[1][1]["points"]) == 1


def test_a_change_of_state_is_told_without_a_frame(board: Board) -> None:
    """The end of a run comes as words."""
    _, seen = told(board, Seen())
    board.update(stage=Stage.ENDED, why="lost")
    (state,), _ = told(board, seen)
    assert state[0] == "state"
    assert state[1]["words"].startswith("The run ended at 0.03 h: the network was lost")


def test_a_stream_ends_with_its_board_and_beats_until_then(board: Board) -> None:
    """While nothing happens the browser hears a beat; the last words come before the stream ends."""

    async def listen() -> list[bytes]:
        chunks = []
        async for chunk in live_events(board, gap_s=0.0, beat_s=0.05):
            chunks.append(chunk)
            if b"event: beat" in chunk:
                board.update(stage=Stage.ENDED, why="hours")
                board.close()
        return chunks

    chunks = asyncio.run(asyncio.wait_for(listen(), 10.0))
    names = [name for name, _ in parsed(chunks)]
    assert chunks[0].startswith(b"retry: ")
    assert names == ["run", "frame", "state", "beat", "state"]
    assert board.watchers == 0


def test_news_from_a_thread_wake_the_browser_up(board: Board, outcomes: list[StepOutcome]) -> None:
    """A period heard by the reader's thread reaches a waiting stream at once, not with the next beat."""

    async def second_frame() -> int:
        periods = []
        async for chunk in live_events(board, gap_s=0.0, beat_s=30.0):
            frames = [data["frame"] for name, data in parsed([chunk]) if name == "frame"]
            periods += [frame["period"] for frame in frames]
            if len(periods) == 1 and frames:
                await asyncio.to_thread(hear, board, outcomes[3])
            if len(periods) == 2:
                return periods[1]
        return -1

    assert asyncio.run(asyncio.wait_for(second_frame(), 10.0)) == 3


def test_there_are_only_so_many_watchers(board: Board) -> None:
    """Whoever comes after the last seat is sent away, and a seat that was left is free."""

    async def fill() -> None:
        from contextlib import ExitStack

        with ExitStack() as seats:
            for _ in range(WATCHERS_MAX):
                seats.enter_context(board.watched())
            with pytest.raises(TooManyWatchersError, match="64 browsers"):
                seats.enter_context(board.watched())
        with board.watched():
            assert board.watchers == 1

    asyncio.run(fill())
