"""Damaged files and full disks: one line, or a loop that goes on; never a traceback, never a thread that is gone."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from console.explain import explain
from gridran.runtime.journal import Journal, JournalError
from gridran.runtime.notefile import NoteFile
from xapp.decider import Decider

CONFIG = """
[run]
scenario = "small"
out = "OUT"
{run}
[listen]
e2 = "127.0.0.1:0"
[security]
plaintext = true
"""


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[run", ""),
        (CONFIG.format(run='seed = "x"'), "run.seed"),
        (CONFIG.format(run="hours = [1]"), "run.hours"),
        (CONFIG.format(run="sed = 1"), "run.sed"),
        (CONFIG.format(run='strategy = "none-such"'), "none-such"),
    ],
)
def test_the_emulator_refuses_a_bad_configuration_in_one_line(text: str, named: str, tmp_path: Path) -> None:
    """``gridran emulator`` reads where to record before the service does: that, too, says one line and exits with 2."""
    config = tmp_path / "emulator.toml"
    config.write_text(text)
    command = [sys.executable, "-m", "console", "emulator", "--config", str(config)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # ours
    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert named in ended.stderr
    assert list(tmp_path.iterdir()) == [config]


def test_a_file_that_is_no_journal_is_named(tmp_path: Path) -> None:
    """Junk, another program's tables and a journal that another process holds: one line with the path."""
    junk, other = tmp_path / "junk.sqlite", tmp_path / "other.sqlite"
    junk.write_bytes(b"no database" * 500)
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE fact (x)")
    for path in (junk, other, tmp_path):
        with pytest.raises(JournalError, match=str(path)):
            Journal(path)


def test_a_damaged_policy_in_the_journal_is_as_good_as_none(loop_of: Any) -> None:
    """The xApp starts all the same; before, the bytes of a broken policy kept it from ever starting again."""
    loop = loop_of()
    with Journal(loop.folder / "xapp.sqlite") as journal:
        journal.put("policy", b"\xff\xff\xff")
    emulator = loop.emulator(3)
    loop.xapp()
    loop.rapp()
    assert emulator.wait() == 0
    assert loop.recorder.strategies() == ["msrc"] * 3


def test_the_fast_loop_survives_a_journal_that_fails(loop_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk at one report: no control is sent that is not journalled, and the next report is answered."""
    loop = loop_of()
    report, failures = Decider.report, iter([True])

    def failing(self: Decider, snapshot: Any) -> Any:
        if snapshot.period == 2 and next(failures, False):
            raise sqlite3.OperationalError("database or disk is full")
        return report(self, snapshot)

    monkeypatch.setattr(Decider, "report", failing)
    emulator = loop.emulator(40, speed=150.0)  # a period lasts 0.2 s
    xapp = loop.xapp()
    loop.rapp()
    assert emulator.wait() == 0
    assert loop.recorder.latency_ms[2] is None
    assert any(latency_ms is not None for latency_ms in loop.recorder.latency_ms[3:])
    assert xapp.registry.get_sample_value("gridran_xapp_loop_faults_total") == 1.0


def test_a_torn_note_does_not_swallow_the_next(tmp_path: Path) -> None:
    """Killed in the middle of a line, the restarted service begins a line of its own."""
    path = tmp_path / "notes.jsonl"
    path.write_text('{"time_h": 1.0, "ap')
    with NoteFile(path, "xapp") as notes:
        notes.write(2.0, "kind", {"a": 1})
        notes.write(3.0, "kind", {"a": 2})
    torn, *whole = path.read_text().splitlines()
    assert torn == '{"time_h": 1.0, "ap'
    assert [json.loads(line)["time_h"] for line in whole] == [2.0, 3.0]


def test_a_full_disk_costs_a_note_and_no_control(loop_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notes are for people: every one of them refused, the network is controlled all the same."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(NoteFile, "write", full)
    loop = loop_of()
    assert loop.all_three(3).wait() == 0
    assert loop.recorder.strategies() == ["msrc"] * 3


@pytest.mark.parametrize("text", ["[]", "{}", '{"sites": null}', "{"])
def test_a_damaged_run_is_explained_in_one_line(text: str, tmp_path: Path) -> None:
    """``gridran explain`` of it is a bad argument, DIR, not a traceback."""
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(ValueError, match="DIR"):
        explain(tmp_path, "0", 0.0)
