"""The page as a service: with a real emulator, and as a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.web.events import Seen, events_of
from console.web.live import Pace, Stage
from console.web.pace import PaceRequest
from console.web.service import WebService
from emulator.service import EmulatorService
from gridran.runtime.address import parse_address
from gridran.runtime.certificates import make_certificates
from gridran.runtime.service_config import EmulatorConfig, WebConfig, read_config
from gridran.runtime.tls import Tls

PLAINTEXT = "[security]\nplaintext = true\n"
ENDED_S = 60.0


class Stack:
    """An emulator without its loops, which plays in lockstep and waits for nobody, and a page that watches it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[Any] = []

    def emulator(
        self, hours: float, address: str = "127.0.0.1:0", security: str = PLAINTEXT, speed: float = 0.0
    ) -> EmulatorService:
        run = f'scenario = "small"\nhours = {hours}\nspeed = {speed}\n'
        text = f'[run]\n{run}[listen]\ne2 = "{address}"\n[deadlines]\npeers_s = 1.5\n{security}'
        service = EmulatorService(read_config(self._written("emulator", text), EmulatorConfig))
        service.start()
        self.started.append(service)
        return service

    def page(self, o1: str, security: str = PLAINTEXT, runs: str = "") -> WebService:
        text = f'[listen]\nhttp = "127.0.0.1:0"\n[connect]\no1 = "{o1}"\n[runs]\n{runs}\n{security}'
        service = WebService(read_config(self._written("web", text), WebConfig))
        service.start()
        self.started.append(service)
        return service

    def _written(self, name: str, text: str) -> Path:
        path = self.folder / f"{name}.toml"
        path.write_text(text)
        return path


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """All that was started ends with the test."""
    made = Stack(tmp_path)
    yield made
    for service in reversed(made.started):
        service.stop()


def wait_for(condition: Callable[[], object], seconds: float = ENDED_S) -> None:
    """Until ``condition`` holds."""
    deadline_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def got(page: WebService, path: str) -> Any:
    """The JSON at a path of the page."""
    return httpx.get(f"http://{page.address}{path}", timeout=10.0).json()


def test_every_period_of_a_run_is_heard(stack: Stack) -> None:
    """The timeline is whole, the last frame is the last period, and the end is told with its reason."""
    emulator = stack.emulator(hours=0.5)
    page = stack.page(emulator.o1_address)
    board = page.board
    assert board is not None
    wait_for(lambda: board.live.stage is Stage.ENDED)
    points = board.news(-1, 0).points
    assert [round(point[0] * 120) for point in points] == list(range(60))
    chunks, _ = events_of(board.news(-1, 0), Seen())
    assert b'"period":59' in b"".join(chunks)
    assert "The run ended at 0.50 h" in b"".join(chunks).decode()
    assert got(page, "/api/live/sites/3/reasons")["lines"][0].startswith("site-3 at 0.49 h")


def test_a_run_is_held_and_let_go(stack: Stack) -> None:
    """Paused, no period comes; after that they come at the speed asked for; a page that stops gives the pace back."""
    emulator = stack.emulator(hours=24.0)
    page = stack.page(emulator.o1_address)
    board, keeper = page.board, page.pace
    assert board is not None
    assert keeper is not None
    wait_for(lambda: board.live.outcome is not None and board.live.pace is not None)
    keeper.set(PaceRequest(paused=True))
    time.sleep(0.4)
    held = board.live.outcome
    time.sleep(0.4)
    assert board.live.outcome is held
    keeper.set(PaceRequest(paused=False, speed=60.0))
    wait_for(lambda: board.live.outcome is not held)
    assert board.live.pace == Pace(paused=False, speed=60.0)
    page.stop()
    assert board.live.pace == Pace(paused=False, speed=0.0)


def test_the_emulator_judges_a_speed(stack: Stack) -> None:
    """A speed that the run cannot have is refused in the emulator's own line, and nothing changes."""
    page = stack.page(stack.emulator(hours=24.0).o1_address)
    board, keeper = page.board, page.pace
    assert board is not None
    assert keeper is not None
    wait_for(lambda: board.live.outcome is not None)
    headers = {"Origin": f"http://{page.address}", "Content-Type": "application/json"}
    for speed in ("-1", "0.001", "100001", "1e999", "NaN", "9" * 400):
        order = f'{{"paused": true, "speed": {speed}}}'
        answer = httpx.post(f"http://{page.address}/api/live/pace", content=order, headers=headers, timeout=10.0)
        assert answer.status_code == 400
        assert re.fullmatch(r"speed: \S+ is not between 0\.01 and 100000", answer.json()["error"])
    assert keeper.set(PaceRequest()) == Pace(paused=False, speed=0.0)


def test_an_emulator_that_comes_back_is_a_new_run(stack: Stack) -> None:
    """Lost is said, with the time; the next run is followed without anybody doing anything."""
    emulator = stack.emulator(hours=24.0)
    page = stack.page(emulator.o1_address)
    board = page.board
    assert board is not None
    wait_for(lambda: board.live.outcome is not None)
    first = board.live.node
    emulator.stop()
    wait_for(lambda: board.live.stage in (Stage.BROKEN, Stage.ENDED))
    stack.emulator(hours=24.0, address=str(parse_address(emulator.o1_address)))
    wait_for(lambda: board.live.node is not first and board.live.outcome is not None)
    assert board.live.stage is Stage.RUNNING


def test_it_waits_for_an_emulator_and_says_so(stack: Stack) -> None:
    """Nobody there: alive, not ready, and the address is in the words."""
    page = stack.page("127.0.0.1:9")
    board = page.board
    assert board is not None
    wait_for(lambda: board.live.why)
    assert "127.0.0.1:9: nobody answers there" in board.live.why
    assert httpx.get(f"http://{page.address}/ric/v1/health/ready").status_code == 503


def test_a_run_that_is_over_is_called_so(stack: Stack) -> None:
    """Who comes to an emulator whose run has ended is told that, and leaves it in peace."""
    emulator = stack.emulator(hours=0.02)
    assert emulator.wait() == 0
    page = stack.page(emulator.o1_address)
    board = page.board
    assert board is not None
    wait_for(lambda: board.live.stage is Stage.ENDED)
    assert "it was over when this page came to it" in board.live.why
    assert board.live.outcome is None


def security(tls: Tls) -> str:
    """The [tls] table of a role."""
    return f'[tls]\ncertificate = "{tls.certificate}"\nkey = "{tls.key}"\nauthority = "{tls.authority}"\n'


@pytest.mark.parametrize(("role", "may"), [("operator", True), ("observer", False)])
def test_with_certificates_only_an_operator_holds_the_run(stack: Stack, tmp_path: Path, role: str, may: bool) -> None:
    """mTLS: both roles watch; the pace is known to the operator alone, so an observer's page offers no control."""
    files = make_certificates(tmp_path / "certificates")
    emulator = stack.emulator(hours=24.0, security=security(files["emulator"]))
    page = stack.page(emulator.o1_address, security(files[role]))
    board = page.board
    assert board is not None
    wait_for(lambda: board.live.outcome is not None)
    assert (board.live.pace is not None) == may


def test_a_late_page_has_the_timeline_from_the_files(stack: Stack, run_dir: Path) -> None:
    """What it did not hear it reads where the run is recorded, and says by which name one can look back on it."""
    emulator = stack.emulator(hours=24.0, speed=1200.0)
    time.sleep(2.5)
    page = stack.page(emulator.o1_address, runs=f'dir = "{run_dir.parent}"\nlive = "{run_dir}"')
    board = page.board
    assert board is not None
    wait_for(lambda: board.live.outcome is not None)
    points = board.news(-1, 0).points
    assert board.live.heard_h > 0.0
    assert points[0][0] == 0.0
    times_h = [point[0] for point in points]
    assert times_h == sorted(times_h)
    assert got(page, "/api/page")["record"] == run_dir.name


@pytest.mark.parametrize("network", ["", "period,time_h\n0,x\n", "a,b\n1\n"])
def test_a_broken_record_of_the_live_run_is_no_fault_of_the_page(stack: Stack, tmp_path: Path, network: str) -> None:
    """Who comes late to a run whose files are damaged does without them."""
    journal = tmp_path / "live" / "journal"
    journal.mkdir(parents=True)
    (journal / "rapp.jsonl").write_text('{"time_h": null}\n')
    (tmp_path / "live" / "network.csv").write_text(network)
    emulator = stack.emulator(hours=24.0, speed=1200.0)
    time.sleep(2.5)
    page = stack.page(emulator.o1_address, runs=f'live = "{tmp_path}/live"')
    board = page.board
    assert board is not None
    wait_for(lambda: board.live.outcome is not None)
    assert board.live.heard_h > 0.0
    assert got(page, "/api/live/sites/3/reasons")["lines"][0].startswith("site-3 at ")


def test_a_directory_is_served_as_a_process(run_dir: Path) -> None:
    """``gridran web DIR`` prints its address, answers there, and ends with 0 and without a word on SIGTERM."""
    command = [sys.executable, "-m", "console", "web", str(run_dir), "--listen", "127.0.0.1:0"]
    page = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert page.stdout is not None
    said = page.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+/", said)
    assert found is not None, said
    assert httpx.get(f"{found[0]}api/page", timeout=10.0).json() == {
        "live": False,
        "record": None,
        "runs": [run_dir.name],
    }
    page.send_signal(signal.SIGTERM)
    _, errors = page.communicate(timeout=10)
    assert (page.returncode, errors) == (0, "")


def run(out: Path, *more: str) -> subprocess.Popen[str]:
    """A real run of the small scenario."""
    command = [sys.executable, "-m", "console", "run", "small", "--strategy", "msrc", "--out", str(out), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def is_ready(url: str) -> bool:
    """Whether the page there listens and has its emulator."""
    try:
        return httpx.get(f"{url}ric/v1/health/ready", timeout=10.0).status_code == 200
    except httpx.TransportError:
        return False


def processes_of(out: Path, service: str) -> list[int]:
    """Process ids of a run's service, by its configuration."""
    wanted, found = str(out / "config" / f"{service}.toml"), []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if wanted.encode() in words:
                found.append(int(entry.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_page_that_is_killed_while_it_holds_a_run_changes_nothing(tmp_path: Path) -> None:
    """Paused by the page, which then dies by kill -9: one line, the run goes on, ends with 0 and leaves all files.

    At that speed the run would take fifteen seconds, and the page has as long to come.
    """
    out = tmp_path / "run"
    going = run(out, "--hours", "1", "--speed", "240")
    assert going.stderr is not None
    url = going.stderr.readline().rpartition(" ")[2].strip()
    wait_for(lambda: is_ready(url))
    order = {"paused": True, "speed": 1}
    answer = httpx.post(f"{url}api/live/pace", json=order, headers={"Origin": url.rstrip("/")}, timeout=10.0)
    assert answer.json() == order
    time.sleep(0.5)
    held = (out / "network.csv").read_text()
    time.sleep(0.5)
    assert (out / "network.csv").read_text() == held
    (page,) = processes_of(out, "web")
    os.kill(page, signal.SIGKILL)
    _, errors = going.communicate(timeout=ENDED_S)
    assert going.returncode == 0
    assert errors.startswith("gridran run: the live page ended with exit code -9, the run goes on (see ")
    assert json.loads((out / "kpis.json").read_text())["sim_h"] == pytest.approx(1.0)
