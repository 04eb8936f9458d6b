"""``gridran study``: exit codes, one-line errors, progress, and what is left when somebody stops it."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from types import ModuleType

import pytest

from console.main import main
from console.trial_progress import PLAIN_EVERY_S, BarOfTrials, LinesOfTrials, duration
from studies import registry
from studies.registry import StudyError, StudyRequest


def given(monkeypatch: pytest.MonkeyPatch, run: registry.Study) -> None:
    """A study called ``mine``."""
    module = ModuleType("mine_study")
    module.__dict__["mine"] = run
    monkeypatch.setitem(sys.modules, "mine_study", module)
    monkeypatch.setitem(registry.STUDIES, "mine", "mine_study:mine")


def test_arguments_reach_the_study(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every option of the contract arrives, and DIR is made."""
    asked: list[StudyRequest] = []
    given(monkeypatch, asked.append)
    out = tmp_path / "a" / "b"
    assert main(["study", "mine", "--trials", "4", "--jobs", "2", "--quick", "--resume", "--out", str(out)]) == 0
    (request,) = asked
    assert (request.out, request.trials, request.jobs, request.dask) == (out, 4, 2, "")
    assert request.quick
    assert request.resume
    assert out.is_dir()


def test_a_study_that_fails_is_one_line_and_exits_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback; what to do is in the line."""

    def fails(request: StudyRequest) -> None:
        raise StudyError("trial 'x' failed;\nmend it")

    given(monkeypatch, fails)
    assert main(["study", "mine", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "gridran study: trial 'x' failed; mend it\n"


@pytest.mark.parametrize("address", ["local:0", "local:x", "no-such-protocol://x"])
def test_a_cluster_that_cannot_be_had_is_a_bad_argument(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line that names --dask, exit 2, and earlier trials stay where they are."""
    pytest.importorskip("distributed")
    kept = tmp_path / "msrc-survival.cells.jsonl"
    kept.write_text('{"key": "a"}\n')
    assert main(["study", "msrc-survival", "--dask", address, "--out", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("gridran study: argument --dask:")
    assert len(captured.err.splitlines()) == 1
    assert kept.read_text() == '{"key": "a"}\n'


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_study_ends_its_workers_and_exits_130(number: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C in the middle of trials that take long: one line, soon, and the cells file can be read."""
    command = [sys.executable, "-m", "console", "study", "msrc-survival", "--trials", "1", "--out", str(tmp_path)]
    study = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert study.stdout is not None
    assert study.stdout.readline().startswith("15 trials")
    time.sleep(1.0)
    study.send_signal(number)
    _, said = study.communicate(timeout=20.0)
    assert study.returncode == 130
    assert said == "gridran study: stopped; finished trials are kept, --resume goes on from there\n"
    for line in (tmp_path / "msrc-survival.cells.jsonl").read_text().splitlines():
        assert "key" in json.loads(line)


def test_lines_come_now_and_then_and_for_the_last_trial() -> None:
    """One at the start, one for every stretch of time, and the last; with how long it may still take."""
    file, clock = io.StringIO(), count(0.0, PLAIN_EVERY_S / 2.0)
    lines = LinesOfTrials(file, lambda: next(clock))
    lines.begin(6, 2)
    for seed in range(4):
        lines.advance(f"msrc, seed {seed}", 7.0)
    lines.close()
    assert file.getvalue().splitlines() == [
        "6 trials, 2 of them already there",
        "4 of 6 trials in 15 s, about 15 s left; last: msrc, seed 1 (7.0 s)",
        "6 of 6 trials in 30 s; last: msrc, seed 3 (7.0 s)",
    ]


def test_the_bar_can_begin_twice() -> None:
    """A study with a second stage begins again; closing is always allowed."""
    bar = BarOfTrials()
    bar.close()
    for total in (1, 2):
        bar.begin(total, 0)
        bar.advance("x", 1.0)
    bar.close()


@pytest.mark.parametrize(("seconds", "text"), [(42.4, "42 s"), (185.0, "3 min 05 s"), (7800.0, "2 h 10 min")])
def test_durations_are_words(seconds: float, text: str) -> None:
    """Seconds, minutes or hours, whichever is readable."""
    assert duration(seconds) == text
