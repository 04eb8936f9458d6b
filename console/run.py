"""``gridran run``: three services as processes of their own, and the live page, followed until the outage is over or
somebody stops it. Nobody needs the page: the run is the same without it."""

from __future__ import annotations

import math
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from console.children import Child, Children
from console.configs import SERVICES, WEB, Ports, RunRequest, free_ports, write_configs
from console.page import Page, web_problem
from console.progress import ProgressView, ShownProgress, event_of
from console.report import write_report
from console.table import print_kpis
from studies.rundir import kpis_so_far, read_run

EXIT_OK, EXIT_FAILED, EXIT_INTERRUPTED = 0, 1, 130
# SIGINT, too: a shell that starts us in the background has us ignore it. SIGHUP: the terminal was closed.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
POLL_S = 0.2
LAST_WORDS_S = 1.0
Command = Callable[[str, Path], Sequence[str]]


class ServiceEndedError(Exception):
    """A service ended before the run did."""


def service_command(service: str, config: Path) -> Sequence[str]:
    """What starts a service: the same as ``gridran SERVICE --config FILE``."""
    return (sys.executable, "-m", "console", service, "--config", str(config))


def run(request: RunRequest, command: Command = service_command) -> int:
    """Runs to the end and returns the exit code; whatever happens, no child outlives it and a report is made."""
    (request.out / "journal").mkdir(parents=True, exist_ok=True)
    (request.out / "state").mkdir(exist_ok=True)
    before = {number: signal.signal(number, _as_interrupt) for number in STOP_SIGNALS}
    try:
        code = _supervise(request, command)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return _conclude(request.out, code)


def _supervise(request: RunRequest, command: Command) -> int:
    ports = free_ports()
    configs = write_configs(request, ports)
    try:
        with Children(request.out / "logs") as children, ShownProgress(request.hours_h) as view:
            started = {
                name: children.start(name, command(name, configs[name]), name == "emulator") for name in SERVICES
            }
            page = _page(request, ports, children, command(WEB, configs[WEB])) if WEB in configs else None
            follow(started["emulator"], children, view, page)
    except ServiceEndedError as ended:
        print(f"gridran run: {ended}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        print("gridran run: stopped; what was written is kept", file=sys.stderr)
        return EXIT_INTERRUPTED
    return EXIT_OK


def _page(request: RunRequest, ports: Ports, children: Children, command: Sequence[str]) -> Page | None:
    """The live page; None, and a line that says why, where it cannot be had."""
    problem = web_problem()
    if problem:
        print(f"gridran run: {problem}, or give --no-web", file=sys.stderr)
        return None
    return Page(children.start(WEB, command, spare=True), ports, request.speed)


def follow(emulator: Child, children: Children, view: ProgressView, page: Page | None = None) -> None:
    """Shows the emulator's events until it says that the run has ended and exits.

    ServiceEndedError where a service goes before that, or the emulator fails after it.
    """
    events = _events_of(emulator.process.stdout)
    ended, deadline_s = False, math.inf
    while (event := _next(events)) is not None:
        if event:
            view.show(event)
            ended = ended or event["event"] == "end"
        if page is not None:
            page.check()
        dead = children.dead()
        if ended or dead is None or dead is emulator:
            continue
        # Its last events may still be on their way: a service may leave once the emulator has said "end".
        deadline_s = min(deadline_s, time.monotonic() + LAST_WORDS_S)
        if time.monotonic() >= deadline_s:
            raise ServiceEndedError(_obituary(dead))
    emulator.process.wait()
    if not ended or emulator.process.returncode != 0:
        raise ServiceEndedError(_obituary(emulator))


def _next(events: queue.Queue[dict[str, Any] | None]) -> dict[str, Any] | None:
    """The next event, an empty one where none came, None where none will come."""
    try:
        return events.get(timeout=POLL_S)
    except queue.Empty:
        return {}


def _events_of(pipe: IO[str] | None) -> queue.Queue[dict[str, Any] | None]:
    """The events of a pipe as they come, then None. Read by a thread, so that the reader can watch processes too."""
    events: queue.Queue[dict[str, Any] | None] = queue.Queue()

    def read() -> None:
        for line in pipe or ():
            event = event_of(line)
            if event is not None:
                events.put(event)
        events.put(None)

    threading.Thread(target=read, daemon=True).start()
    return events


def _obituary(child: Child) -> str:
    code = child.process.returncode
    return f"{child.name} ended with exit code {code}: {child.last_words} (see {child.log})"


def _conclude(out: Path, code: int) -> int:
    """Makes the report of whatever was recorded and prints the table."""
    try:
        found = read_run(out)
    except (ValueError, KeyError, TypeError) as missing:
        print(f"gridran run: no report: {missing}", file=sys.stderr)
        return code or EXIT_FAILED
    report = write_report(out)
    if found.period_count:
        print_kpis(kpis_so_far(found))
    print(f"report: {report}")
    return code


def _as_interrupt(*_: object) -> None:
    raise KeyboardInterrupt
