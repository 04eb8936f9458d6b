"""The live page as a service: it hears the emulator's O1, reads recorded runs, and serves both over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from console.reasons import Note
from console.web.app import Site, make_app
from console.web.board import Board
from console.web.frame import Point
from console.web.o1 import O1Client
from console.web.pace import PaceKeeper
from console.web.reader import Reader
from console.web.replay import points_of
from console.web.shelf import Shelf
from gridran.runtime.address import Address, listen_error, parse_address
from gridran.runtime.logs import configure_logs, get_log
from gridran.runtime.process import Forever, play
from gridran.runtime.service_config import WebConfig, read_config
from gridran.types import StepOutcome
from studies.recorder import JOURNAL_DIR, NETWORK_FILE
from studies.rundir import DAMAGE, read_notes, read_table

_STOP_S = 1.5
_TICK_S = 1.0
_BACKLOG = 128


class WebService(Forever):
    """One page, from ``start`` to ``stop``. ``board`` and ``pace`` are None where no emulator is watched."""

    def __init__(self, config: WebConfig) -> None:
        super().__init__()
        self._config, self._log = config, get_log()
        self.board: Board | None = None
        self.pace: PaceKeeper | None = None
        self._reader: Reader | None = None
        if config.connect.o1:
            self._watch()
        self._shelf = Shelf(config.runs.dir)
        site = Site(self._shelf, self.board, self.pace, self._notes, config.runs.live)
        app = make_app(site, config.listen.names, self._ticking)
        self._http = _Http(app, parse_address(config.listen.http))

    @property
    def address(self) -> Address:
        """Where it listens."""
        return self._http.address

    def start(self) -> None:
        """Listens, and begins to hear the emulator."""
        self._http.start()
        self._log.info("listening", http=str(self.address))
        if self._reader is not None:
            self._reader.start()

    def stop(self) -> bool:
        """Lets the browsers go and closes everything; whether that was done in time."""
        if self.board is not None:
            self.board.close()
        if self.pace is not None:
            self.pace.release()
        ended = self._http.stop()
        return ended and (self._reader is None or self._reader.stop())

    def _watch(self) -> None:
        config, self.board = self._config, Board()
        client = O1Client(config.connect.o1, config.transport, config.deadlines.call_s, config.limits.max_message_mib)
        self._reader = Reader(client, self.board, self._earlier, self._log)
        self.pace = PaceKeeper(client, self.board, self._log)

    def _notes(self) -> list[Note] | None:
        """What the services of the live run wrote, None where that cannot be had."""
        live = self._config.runs.live
        try:
            return read_notes(live / JOURNAL_DIR) if live else None
        except (*DAMAGE, OSError) as wrong:
            self._log.warning("the notes of the run are not known", why=str(wrong))
            return None

    def _earlier(self, outcome: StepOutcome) -> list[Point]:
        """The recorded timeline before ``outcome``, empty where it cannot be had."""
        live = self._config.runs.live
        try:
            points = points_of(read_table(live / NETWORK_FILE)) if live else []
        except (*DAMAGE, OSError) as wrong:
            self._log.warning("the periods before are not known", why=str(wrong))
            return []
        return [point for point in points if point[0] < outcome.time_h]

    @contextlib.asynccontextmanager
    async def _ticking(self, app: Starlette) -> AsyncIterator[None]:  # noqa: ARG002  # the shape of a lifespan
        """Looks now and then whether somebody still watches."""
        task = asyncio.create_task(self._tick())
        yield
        task.cancel()

    async def _tick(self) -> None:
        while self.pace is not None:
            await asyncio.to_thread(self.pace.tick, time.monotonic())
            await asyncio.sleep(_TICK_S)


class _Http:
    """An ASGI server in a thread of its own. ListenError where it cannot have its address."""

    def __init__(self, app: Starlette, wanted: Address) -> None:
        self._socket = _listening(wanted)
        self.address = Address(wanted.host, self._socket.getsockname()[1])
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, ws="none", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> bool:
        """Whether it ended in time."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(_STOP_S)
        self._socket.close()
        return not self._thread.is_alive()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])


def _listening(wanted: Address) -> socket.socket:
    opened = socket.socket(socket.AF_INET6 if ":" in wanted.host else socket.AF_INET)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((wanted.host, wanted.port))
        opened.listen(_BACKLOG)
    except OSError as error:
        opened.close()
        raise listen_error(wanted, error) from None
    return opened


def run(config: Path) -> int:
    """Runs as ``config`` says until it is stopped; the exit code."""

    def make() -> WebService:
        read = read_config(config, WebConfig)
        configure_logs("web", read.log.format, read.log.level)
        return WebService(read)

    return play("web", make)


class Replaying(WebService):
    """A page of recorded runs alone, which says where it is."""

    def start(self) -> None:
        """Listens and prints the address. DamagedRunError where the one run cannot be shown."""
        self._shelf.read_ahead()
        super().start()
        print(f"gridran web: {self._config.runs.dir} at http://{self.address}/ (Ctrl-C ends it)", flush=True)


def replay(config: WebConfig) -> int:
    """Serves the recorded runs of ``config`` until it is stopped; the exit code. DamagedRunError: see ``Replaying``."""

    def make() -> Replaying:
        configure_logs("web", level="warning")
        return Replaying(config)

    return play("gridran web", make)
