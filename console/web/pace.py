"""What an operator may ask of a run's pace, and who takes it back: a run must not stand still for nobody."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from console.web.board import Board
from console.web.live import Live, Pace, Stage
from console.web.o1 import O1Client, O1Error, PaceRefusedError

UNWATCHED_S = 60.0
_RELEASE_DEADLINE_S = 0.5


@dataclass(frozen=True)
class PaceRequest:
    """What is None stays."""

    paused: bool | None = None
    speed: float | None = None


def pace_request(body: bytes) -> PaceRequest:
    """The request in a JSON object with ``paused``, ``speed`` or both. ValueError says in one line what is wrong.

    How fast a run can go is the emulator's to say."""
    try:
        asked = json.loads(body, parse_int=float)  # no number is too long for a float
    except (ValueError, RecursionError):
        raise ValueError("the body is not JSON") from None
    if not isinstance(asked, dict) or not asked or set(asked) - {"paused", "speed"}:
        raise ValueError('the body must be an object with "paused", "speed" or both')
    paused, speed = asked.get("paused"), asked.get("speed")
    if paused is not None and not isinstance(paused, bool):
        raise ValueError("paused: must be true or false")
    if speed is not None and not isinstance(speed, float):
        raise ValueError("speed: must be a number")
    return PaceRequest(paused, speed)


def own_pace(live: Live) -> Pace | None:
    """The pace that the run was started with, None while it is not known."""
    return None if live.node is None else Pace(paused=False, speed=live.node.speed)


def is_held(live: Live) -> bool:
    """Whether somebody has changed the pace of a run that goes on."""
    return live.stage is Stage.RUNNING and live.pace is not None and live.pace != own_pace(live)


class PaceKeeper:
    """Sets the pace for those who watch, and gives it back when nobody has watched for ``UNWATCHED_S``.

    ``tick`` is called now and then with the monotonic time."""

    def __init__(self, client: O1Client, board: Board, log: Any) -> None:
        self._client, self._board, self._log = client, board, log
        self._watched_s: float | None = None
        self._lock = threading.Lock()

    def set(self, asked: PaceRequest) -> Pace:
        """The pace from now on. O1Error, PaceRefusedError."""
        with self._lock:
            pace = self._client.pace(asked.paused, asked.speed)
            self._board.update(pace=pace)
            return pace

    def tick(self, now_s: float) -> None:
        """Gives the pace back where nobody has watched for long enough."""
        if self._board.watchers or self._watched_s is None or not is_held(self._board.live):
            self._watched_s = now_s
        elif now_s - self._watched_s >= UNWATCHED_S:
            self._watched_s = now_s
            self.release()

    def release(self) -> None:
        """The run goes on as it was started, where that is not so already."""
        live = self._board.live
        own = own_pace(live)
        if own is None or not is_held(live):
            return
        self._quietly(lambda: self._client.pace(own.paused, own.speed, _RELEASE_DEADLINE_S))

    def _quietly(self, set_pace: Callable[[], Pace]) -> None:
        try:
            self._board.update(pace=set_pace())
            self._log.info("nobody watches: the run goes on at its own pace")
        except (O1Error, PaceRefusedError, ValueError) as error:
            self._log.warning("the run's pace could not be given back", why=str(error))
