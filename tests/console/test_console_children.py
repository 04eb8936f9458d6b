"""The processes that the console starts: what they are told, and which of them are needed."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from console.children import Children

TOLD = "import json, os; print(json.dumps(dict(os.environ)))"


def test_settings_of_the_shell_stay_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked for stands in the services' files: no GRIDRAN variable of the shell may say otherwise."""
    for name in ("GRIDRAN_RUN_SPEED", "GRIDRAN_LOG_LEVEL", "GRIDRAN_PARENT"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("OF_SOMEBODY_ELSE", "stays")
    with Children(tmp_path) as children:
        child = children.start("child", (sys.executable, "-c", TOLD))
        child.process.wait(30.0)
        told = json.loads(child.last_words)
    ours = {name: text for name, text in told.items() if name.startswith("GRIDRAN_")}
    assert ours == {"GRIDRAN_PARENT": str(os.getpid())}
    assert told["OF_SOMEBODY_ELSE"] == "stays"


def test_a_spare_child_may_go(tmp_path: Path) -> None:
    """Only one that the others need is reported dead."""
    with Children(tmp_path) as children:
        spare = children.start("spare", (sys.executable, "-c", ""), spare=True)
        spare.process.wait(30.0)
        assert children.dead() is None
        needed = children.start("needed", (sys.executable, "-c", ""))
        needed.process.wait(30.0)
        assert children.dead() is needed
