"""``gridran run`` as a parent: with children made for the test in place of the services."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from console.configs import RunRequest, free_ports, write_configs
from console.run import run

HELPERS = Path(__file__).parents[1]

EMULATOR = f"""
import signal, sys, time, tomllib
sys.path.insert(0, {str(HELPERS)!r})
from pathlib import Path
import synthetic_outcomes as synthetic
from console.sink import RunSink, SinkConfig
from gridran.scenario.params import Scenario
def stop(*_): raise KeyboardInterrupt
signal.signal(signal.SIGTERM, stop)
asked = tomllib.loads(Path(sys.argv[1]).read_text())["run"]
sink = RunSink(SinkConfig(asked["strategy"], asked["load"], asked["seed"], asked["hours"], Path(asked["out"])))
network = synthetic.network(1)
sink.begin(Scenario("tiny", network))
try:
    for outcome in synthetic.blackout(network, periods=100000, ues=20):
        time.sleep(float(sys.argv[2]))
        if sink.period(outcome, 5.0):
            break
except KeyboardInterrupt:
    pass
sink.end()
"""
IDLE = "import time\nwhile True: time.sleep(1)"
DYING = "import sys, time\ntime.sleep(0.3)\nprint('no such scenario', file=sys.stderr)\nsys.exit(3)"


def fake(pace_s: float = 0.0, **programs: str) -> object:
    """A command for each service: the made-up emulator, and idle applications unless told otherwise."""

    def command(service: str, config: Path) -> Sequence[str]:
        program = programs.get(service, EMULATOR if service == "emulator" else IDLE)
        return (sys.executable, "-c", program, str(config), str(pace_s))

    return command


def request(out: Path, hours_h: float = 0.5) -> RunRequest:
    return RunRequest("", "msrc", "medium", 1, hours_h, 0.0, out)


def test_a_run_leaves_everything_that_the_contract_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0; kpis.json, timeline.csv and .parquet, report.html; progress and the table on stdout."""
    assert run(request(tmp_path), fake()) == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert {"kpis.json", "timeline.csv", "timeline.parquet", "report.html", "network.csv"} <= names
    text = capsys.readouterr().out
    assert "0.50 h of 0.5 h" in text
    assert "survival_h" in text
    assert json.loads((tmp_path / "kpis.json").read_text())["sim_h"] == pytest.approx(0.5)


@pytest.mark.parametrize("service", ["rapp", "xapp", "emulator"])
def test_a_dying_service_is_one_clear_line(service: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1; the line names the service, its exit code, its last words and its log; nobody is left behind."""
    code = run(request(tmp_path, 24.0), fake(0.02, **{service: DYING}))
    lines = [line for line in capsys.readouterr().err.splitlines() if "exit code" in line]
    assert code == 1
    assert len(lines) == 1
    assert lines[0].startswith(f"gridran run: {service} ended with exit code 3: no such scenario (see ")


def with_page(out: Path, hours_h: float = 0.5) -> RunRequest:
    return RunRequest("", "msrc", "medium", 1, hours_h, 0.0, out, web=True)


def test_the_page_is_said_once_and_ends_with_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its address is one line on stderr; all else is as without it."""
    assert run(with_page(tmp_path), fake()) == 0
    (line,) = capsys.readouterr().err.splitlines()
    port = tomllib.loads((tmp_path / "config" / "web.toml").read_text())["listen"]["http"].rpartition(":")[2]
    assert line == f"gridran run: watch it at http://127.0.0.1:{port}/"
    assert json.loads((tmp_path / "kpis.json").read_text())["sim_h"] == pytest.approx(0.5)


def test_a_dying_page_does_not_end_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says so, and the run comes to its end with exit code 0."""
    assert run(with_page(tmp_path, 2.0), fake(0.01, web=DYING)) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if "the live page ended" in line]
    assert len(said) == 1
    assert said[0].startswith("gridran run: the live page ended with exit code 3, the run goes on (see ")
    assert json.loads((tmp_path / "kpis.json").read_text())["sim_h"] == pytest.approx(2.0)


def test_without_the_extra_the_run_goes_on_without_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says that there is no page and how to get it; the exit code is that of the run."""
    monkeypatch.setattr("console.page._NEEDED", ("no_such_server",))
    assert run(with_page(tmp_path), fake()) == 0
    (line,) = capsys.readouterr().err.splitlines()
    missing = "no live page: no_such_server not installed, pip install 'gridran[web]'"
    assert line == f"gridran run: {missing}, or give --no-web"


PARENT = """
import os, sys
from pathlib import Path
from console.configs import RunRequest
from console.run import run
def command(service, config):
    program = Path(sys.argv[2] if service == "emulator" else sys.argv[3]).read_text()
    return (sys.executable, "-c", program, str(config), "0.02")
sys.exit(run(RunRequest("", "msrc", "medium", 1, 24.0, 0.0, Path(sys.argv[1])), command))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_every_process_and_keeps_what_was_written(number: signal.Signals, tmp_path: Path) -> None:
    """Children end, kpis.json and report.html are made of the periods so far, exit code 130."""
    out = tmp_path / "run"
    (tmp_path / "emulator.py").write_text(EMULATOR)
    pid_file = tmp_path / "pids"
    (tmp_path / "idle.py").write_text(f"import os\nopen({str(pid_file)!r}, 'a').write(f'{{os.getpid()}}\\n')\n{IDLE}")
    arguments = [str(out), str(tmp_path / "emulator.py"), str(tmp_path / "idle.py")]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    wait_for(lambda: (out / "network.csv").is_file() and (out / "network.csv").read_text().count("\n") > 5)
    wait_for(lambda: pid_file.is_file() and len(pid_file.read_text().split()) == 2)
    parent.send_signal(number)
    _, errors = parent.communicate(timeout=30)
    assert parent.returncode == 130
    assert b"stopped" in errors
    assert not any(alive(int(pid)) for pid in pid_file.read_text().split())
    assert json.loads((out / "kpis.json").read_text())["sim_h"] < 24.0
    assert (out / "report.html").is_file()


STRANDED = """
import sys
from pathlib import Path
from console.children import Children
child = "import os, time; from console.services import end_with_parent as tie; tie(); print(os.getpid(), flush=True)"
started = Children(Path(sys.argv[1])).start("child", (sys.executable, "-c", child + "; time.sleep(60)"))
started.process.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_a_killed_parent_takes_its_services_with_it(tmp_path: Path) -> None:
    """kill -9 of ``gridran run`` leaves no service behind."""
    parent = subprocess.Popen([sys.executable, "-c", STRANDED, str(tmp_path)])
    log = tmp_path / "child.log"
    wait_for(lambda: log.is_file() and log.read_text().strip().isdecimal())
    parent.kill()
    parent.wait()
    wait_for(lambda: not alive(int(log.read_text())))


def alive(pid: int) -> bool:
    """Whether the process runs; one that ended and was not yet collected does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"


def wait_for(condition: object, seconds: float = 30.0) -> None:
    deadline_s = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def test_configs_meet_on_the_same_ports(tmp_path: Path) -> None:
    """The rApp and the xApp are told where the emulator and the xApp listen, all on loopback."""
    paths = write_configs(request(tmp_path), free_ports())
    assert "web" not in paths
    web = tomllib.loads(write_configs(with_page(tmp_path), free_ports())["web"].read_text())
    assert web["runs"]["live"] == str(tmp_path)
    emulator, rapp, xapp = (tomllib.loads(paths[name].read_text()) for name in ("emulator", "rapp", "xapp"))
    assert rapp["connect"]["o1"] == emulator["listen"]["o1"]
    assert rapp["connect"]["a1"] == xapp["listen"]["a1"]
    assert xapp["connect"]["e2"] == emulator["listen"]["e2"]
    assert all(address.startswith("127.0.0.1:") for address in emulator["listen"].values())
    assert emulator["run"]["hours"] == 0.5
