"""The page's HTTP side: routes to files, recorded runs and the live run. No state of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Lifespan

from console.explain import explained
from console.reasons import Note, reasons
from console.web.board import WATCHERS_MAX, Board
from console.web.events import compact, live_events
from console.web.live import Stage, site_facts
from console.web.o1 import O1Error, PaceRefusedError
from console.web.pace import PaceKeeper, pace_request
from console.web.replay import Replay
from console.web.security import Guard, refusal
from console.web.shelf import DamagedRunError, Shelf, reading
from gridran.runtime.metrics_paths import ALIVE_PATH, READY_PATH

STATIC = Path(__file__).parent / "static"
FRAMES_MAX = 240
BODY_MAX = 1024


@dataclass(frozen=True)
class Site:
    """What the page is made of. ``board`` and ``pace`` are None where no emulator is watched; ``notes`` reads what the
    services of the live run wrote, None where that is not at hand; ``record`` is where it is recorded, None where that
    is not known."""

    shelf: Shelf
    board: Board | None = None
    pace: PaceKeeper | None = None
    notes: Callable[[], Sequence[Note] | None] = lambda: None
    record: Path | None = None

    def ready(self) -> bool:
        """Connected to the emulator, or with no need to be."""
        return self.board is None or self.board.live.stage is Stage.RUNNING


def make_app(site: Site, names: Collection[str] = (), lifespan: Lifespan[Starlette] | None = None) -> Starlette:
    """The application. ``names``: host names besides localhost and addresses in digits that it goes by; ``lifespan``:
    what goes on while it serves."""
    api = _Api(site)
    routes = [
        Route("/", _index),
        Route("/api/page", api.page),
        Route("/api/live/events", api.events),
        Route("/api/live/sites/{index:int}/reasons", api.live_reasons),
        Route("/api/live/pace", api.set_pace, methods=["POST"]),
        Route("/api/runs/{name}", api.run),
        Route("/api/runs/{name}/frames", api.frames),
        Route("/api/runs/{name}/sites/{index:int}/reasons", api.run_reasons),
        Route(ALIVE_PATH, _said("alive")),
        Route(READY_PATH, api.ready),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    middleware = [
        Middleware(Guard, names=names, public=(ALIVE_PATH, READY_PATH)),
        Middleware(GZipMiddleware, minimum_size=2048),
    ]
    return Starlette(
        routes=routes, middleware=middleware, exception_handlers={HTTPException: _error}, lifespan=lifespan
    )


class _Api:
    """The endpoints, as functions of the site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def page(self, request: Request) -> Response:  # noqa: ARG002  # the shape of an endpoint
        """What there is to see; ``record``: the name under which the live run can be looked back on."""
        site = self._site
        record = site.shelf.name_of(site.record) if site.board is not None else None
        return _json({"live": site.board is not None, "record": record, "runs": site.shelf.names()})

    def run(self, request: Request) -> Response:
        """A recorded run but for its frames."""
        with self._replay(request) as replay:
            return _json({"name": request.path_params["name"], **replay.overview()})

    def frames(self, request: Request) -> Response:
        """Frames ``first`` up to ``end``, at most ``FRAMES_MAX``."""
        first, end = (_whole(request, key) for key in ("first", "end"))
        if end - first > FRAMES_MAX:
            raise HTTPException(400, f"end: at most {FRAMES_MAX} frames at once")
        with self._replay(request, end) as replay:
            return _json({"frames": replay.frames(first, end)})

    def run_reasons(self, request: Request) -> Response:
        """Why a site was as it was in a period of a recorded run."""
        index, period = request.path_params["index"], _whole(request, "period")
        with self._replay(request, period + 1) as replay:
            if index >= len(replay.run.site_ids) or period >= replay.run.period_count:
                raise HTTPException(404, "the run has no such site or period")
            return _json({"lines": explained(replay.run, index, period)})

    def live_reasons(self, request: Request) -> Response:
        """Why a site is as it is."""
        facts = site_facts(self._board().live, request.path_params["index"])
        if facts is None:
            raise HTTPException(404, "the run has no such site, or has not begun")
        return _json({"lines": reasons(facts, self._site.notes())})

    async def events(self, request: Request) -> Response:  # noqa: ARG002  # the shape of an endpoint
        """The live run as server-sent events."""
        board = self._board()
        if board.watchers >= WATCHERS_MAX:
            raise HTTPException(503, f"{WATCHERS_MAX} browsers watch already")
        headers = {"X-Accel-Buffering": "no"}
        return StreamingResponse(live_events(board), media_type="text/event-stream", headers=headers)

    async def set_pace(self, request: Request) -> Response:
        """Holds the live run, or lets it go faster or slower."""
        if self._site.pace is None:
            raise HTTPException(404, "no live run is watched here")
        why_not = refusal(request.headers)
        if why_not:
            raise HTTPException(403, why_not)
        try:
            asked = pace_request(await _body(request))
            pace = await run_in_threadpool(self._site.pace.set, asked)
        except (PaceRefusedError, ValueError) as wrong:
            raise HTTPException(400, str(wrong)) from None
        except O1Error as error:
            raise HTTPException(503, f"the emulator does not answer: {error}") from None
        return _json({"paused": pace.paused, "speed": pace.speed})

    def ready(self, request: Request) -> Response:  # noqa: ARG002  # the shape of an endpoint
        """Health: 503 while the emulator is not connected."""
        return PlainTextResponse("ready\n") if self._site.ready() else PlainTextResponse("not ready\n", 503)

    def _board(self) -> Board:
        if self._site.board is None:
            raise HTTPException(404, "no live run is watched here")
        return self._site.board

    @contextmanager
    def _replay(self, request: Request, periods: int | None = None) -> Iterator[Replay]:
        """The run of that name with its first ``periods``, all so far where that is None. HTTPException 404: there is
        none, 422: its files do not give what is asked of them."""
        name = request.path_params["name"]
        try:
            replay = self._site.shelf.replay(name, periods)
            with reading(name):
                yield replay
        except KeyError:
            raise HTTPException(404, "there is no such run") from None
        except DamagedRunError as wrong:
            raise HTTPException(422, str(wrong)) from None


def _index(request: Request) -> Response:  # noqa: ARG001  # the shape of an endpoint
    return FileResponse(STATIC / "index.html")


def _said(text: str) -> Callable[[Request], Response]:
    return lambda _request: PlainTextResponse(f"{text}\n")


def _json(content: Any) -> Response:
    return Response(compact(content), media_type="application/json")


async def _error(request: Request, error: Exception) -> Response:  # noqa: ARG001  # the shape of a handler
    status, said = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "an error")
    return Response(compact({"error": said}), status, media_type="application/json")


def _whole(request: Request, key: str) -> int:
    """A whole number of the query. HTTPException 400 names the key."""
    text = request.query_params.get(key, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise HTTPException(400, f"{key}: must be a whole number of at least 0")
    return int(text)


async def _body(request: Request) -> bytes:
    """The request's body. ValueError where it is longer than an order ever is."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > BODY_MAX:
            raise ValueError(f"the body is longer than {BODY_MAX} bytes")
    return body
