"""The thread that hears the emulator. It takes every report at once, since in lockstep the run would wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from console.web.board import Board
from console.web.frame import Point, point_of
from console.web.live import Live, Node, Stage
from console.web.o1 import O1Client, O1Error, PaceRefusedError
from gridran.runtime.grpc import backoff_s
from gridran.types import StepOutcome

_STOP_S = 1.0
_BACKOFF_S = (0.1, 1.0)  # soon, since a run does not wait for its page
Earlier = Callable[[StepOutcome], list[Point]]


class Reader:
    """Follows one run after the other on ``client``'s node and keeps ``board`` up to date, from ``start`` to ``stop``.

    ``earlier`` gives the points of the periods before an outcome, where somebody recorded them.
    """

    def __init__(self, client: O1Client, board: Board, earlier: Earlier, log: Any) -> None:
        self._client, self._board, self._earlier, self._log = client, board, earlier, log
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name="o1", daemon=True)
        self._known = False

    def start(self) -> None:
        """Begins in a thread."""
        self._thread.start()

    def stop(self) -> bool:
        """Ends it; whether it ended in time. The client is closed."""
        self._stop.set()
        self._client.close()
        self._thread.join(_STOP_S)
        return not self._thread.is_alive()

    def _read(self) -> None:
        waits_s = backoff_s(*_BACKOFF_S)
        while not self._stop.is_set():
            try:
                if self._follow(self._client.describe()):
                    waits_s = backoff_s(*_BACKOFF_S)
                why = "the emulator ended the stream"
            except O1Error as error:
                why = str(error)
            except ValueError:  # gRPC's own words for a channel that ``stop`` has closed
                return
            self._board.change(partial(_broken, why=why))
            self._stop.wait(next(waits_s))

    def _follow(self, node: Node) -> bool:
        """Hears the run until its stream ends; whether there was anything to hear."""
        board = self._board
        if board.live.node is None or board.live.node.node_id != node.node_id:
            board.begin(Live(node=node, stage=Stage.RUNNING))
            self._log.info("watching", managed_element=node.node_id, scenario=node.scenario)
        elif board.live.stage is Stage.ENDED:
            return False
        board.update(stage=Stage.RUNNING, why="")
        self._learn_pace()
        self._known = False
        for heard in self._client.outcomes(node):
            if isinstance(heard, str):
                board.update(stage=Stage.ENDED, why=heard)
            else:
                self._add(heard)
        if not self._known and board.live.stage is not Stage.ENDED:
            board.update(stage=Stage.ENDED, why="it was over when this page came to it")
        return self._known

    def _add(self, outcome: StepOutcome) -> None:
        before = [] if self._known else self._missing(outcome)
        self._known = True
        self._board.change(lambda live: live.after(outcome), *before, point_of(outcome))

    def _missing(self, outcome: StepOutcome) -> list[Point]:
        """The points between the last one and ``outcome``, as far as they were recorded."""
        if outcome.period == 0:
            return []
        points = self._board.news(-1, 0).points
        last_h = points[-1][0] if points else -1.0
        return [point for point in self._earlier(outcome) if last_h + 1e-6 < point[0] < outcome.time_h - 1e-6]

    def _learn_pace(self) -> None:
        try:
            self._board.update(pace=self._client.pace())
        except (O1Error, PaceRefusedError) as error:
            self._log.warning("the pace is not known", why=str(error))


def _broken(live: Live, why: str) -> Live:
    """``live`` without its emulator. A run that has ended stays ended; one that never began is waited for."""
    if live.stage is Stage.ENDED:
        return live
    return replace(live, stage=Stage.WAITING if live.node is None else Stage.BROKEN, why=why)
