"""Server-sent events: how the live run reaches a browser, at most ten frames a second."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from console.web.board import Board, News
from console.web.frame import frame_of, ground_of
from console.web.live import Live, words

GAP_S = 0.1
BEAT_S = 10.0
RETRY_MS = 2000


@dataclass(frozen=True)
class Seen:
    """What a browser has been told: of which run, how many points, which period, and the last state in words."""

    run: int = -1
    points: int = 0
    period: int = -1
    state: str = ""


def sse(event: str, data: object) -> bytes:
    """One event. ``data`` as compact JSON, which has no line breaks."""
    return f"event: {event}\ndata: {compact(data)}\n\n".encode()


def compact(data: object) -> str:
    """JSON without spaces; ValueError where a number is none."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False)


def events_of(news: News, seen: Seen) -> tuple[list[bytes], Seen]:
    """The events that bring a browser up to date, and what it has seen then."""
    events: list[bytes] = []
    if news.run != seen.run:
        seen = Seen(news.run, 0, -1, seen.state)
        events.append(sse("run", _run(news.live)))
    if news.points or _has_new_frame(news.live, seen):
        events.append(sse("frame", _frame(news, seen)))
    state = compact(state_of(news.live))
    if state != seen.state:
        events.append(f"event: state\ndata: {state}\n\n".encode())
    period = -1 if news.live.outcome is None else news.live.outcome.period
    return events, Seen(news.run, seen.points + len(news.points), period, state)


def state_of(live: Live) -> dict[str, Any]:
    """The stage, the same in words, and the pace, None where it is not known. ``lockstep``: the run may go as fast as
    both loops answer."""
    pace = None if live.pace is None else {"paused": live.pace.paused, "speed": live.pace.speed}
    lockstep = live.node is not None and live.node.speed == 0.0
    return {"stage": live.stage.value, "words": words(live), "pace": pace, "lockstep": lockstep}


async def live_events(board: Board, gap_s: float = GAP_S, beat_s: float = BEAT_S) -> AsyncIterator[bytes]:
    """Events until the board is closed or the browser leaves. A beat now and then tells it that somebody is there."""
    seen, change = Seen(), -1
    with board.watched() as bell:
        yield f"retry: {RETRY_MS}\n\n".encode()
        while True:
            bell.clear()
            news = board.news(seen.run, seen.points)
            if news.change != change:
                change = news.change
                events, seen = events_of(news, seen)
                yield b"".join(events)
            if board.closed:
                return
            await asyncio.sleep(gap_s)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(bell.wait(), beat_s)
                continue
            yield sse("beat", {})


def _run(live: Live) -> dict[str, Any] | None:
    """What the browser needs before the first frame; None while nobody has answered."""
    if live.node is None:
        return None
    return {"scenario": live.node.scenario, "ground": ground_of(live.node.network)}


def _has_new_frame(live: Live, seen: Seen) -> bool:
    return live.outcome is not None and live.outcome.period != seen.period


def _frame(news: News, seen: Seen) -> dict[str, Any]:
    """The newest frame, None where it is known, and all points since the last one."""
    live = news.live
    fresh = live.outcome is not None and live.node is not None and _has_new_frame(live, seen)
    frame = frame_of(live.outcome, live.node.network) if fresh and live.outcome and live.node else None
    return {"frame": frame, "points": news.points}
