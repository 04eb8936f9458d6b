"""docs/howto/watch-a-run.md: its commands and its configuration are right."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from console.arguments import parser
from gridran.runtime.service_config import WebConfig, read_config

PAGE = (Path(__file__).parents[3] / "docs" / "howto" / "watch-a-run.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks in ``language``."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)


def test_the_commands_are_understood(run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every ``gridran`` line of the page passes the command line's own checks, beside a run that was recorded."""
    shutil.copytree(run_dir, tmp_path / "out" / "blackout")
    monkeypatch.chdir(tmp_path)
    lines = [line for block in blocks("") for line in block.splitlines() if "bin/gridran " in line]
    assert len(lines) == 3
    for line in lines:
        parser().parse_args(shlex.split(line)[1:])


def test_the_configuration_is_read(tmp_path: Path) -> None:
    """The file of the page is one that the service starts with."""
    (text,) = blocks("toml")
    (tmp_path / "out").mkdir()
    path = tmp_path / "web.toml"
    path.write_text(text, encoding="utf-8")
    read = read_config(path, WebConfig)
    assert read.runs.live == tmp_path / "out" / "blackout"
    assert read.grpc_addresses() == {"connect.o1": "127.0.0.1:50061"}
