"""The page's configuration, and the arguments of ``gridran web``."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from console.main import main
from gridran.runtime.service_config import ConfigError, WebConfig, read_config

LIVE = '[listen]\nhttp = "127.0.0.1:0"\n[connect]\no1 = "127.0.0.1:50061"\n[security]\nplaintext = true\n'


def written(folder: Path, text: str) -> Path:
    """A configuration file."""
    path = folder / "web.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_live_page_and_an_archive(tmp_path: Path) -> None:
    """An emulator or a directory is enough; a page of files alone speaks no gRPC and so needs no [security]."""
    read = read_config(written(tmp_path, LIVE), WebConfig)
    assert (read.connect.o1, read.runs.dir, read.listen.names) == ("127.0.0.1:50061", None, ())
    archive = '[listen]\nhttp = "0.0.0.0:8080"\nnames = ["page.example"]\n[runs]\ndir = "."\n'
    read = read_config(written(tmp_path, archive), WebConfig)
    assert (read.listen.http, read.runs.dir, read.grpc_addresses()) == ("0.0.0.0:8080", tmp_path, {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[listen]\nhttp = "127.0.0.1:0"\n', "connect.o1, runs.dir: give at least one of them"),
        ('[connect]\no1 = "127.0.0.1:1"\n', "listen: is missing"),
        (LIVE.replace("127.0.0.1:0", "here"), "listen.http: 'here' is not an address"),
        (LIVE.replace("127.0.0.1:50061", "emulator:50061"), "connect.o1: emulator:50061: plaintext is for loopback"),
        (LIVE.replace("plaintext = true", ""), "security: give [tls], or plaintext = true"),
        (LIVE + "[runs]\ndirectory = 'x'\n", "runs.directory: is not a known key"),
        (LIVE + "[runs]\ndir = 'none'\n", "runs.dir: no such directory"),
        (LIVE + "[run]\nseed = 1\n", "run: is not a known key"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(
    tmp_path: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """File, key and fault; the command exits with 2."""
    path = written(tmp_path, text)
    with pytest.raises(ConfigError, match=r"web\.toml: ") as refused:
        read_config(path, WebConfig)
    assert said in str(refused.value)
    assert main(["web", "--config", str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("web: ")
    assert said in line


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        ([], "DIR --config"),
        (["no-such-dir"], "DIR: there is no directory 'no-such-dir'"),
        (["--config", "no-such-file"], "--config"),
        (["DIR", "--config", "FILE"], "--config: not allowed with"),
        (["DIR", "--listen", "here"], "--listen: 'here' is not an address"),
        (["--config", "FILE", "--listen", "127.0.0.1:0"], "--listen: goes with DIR"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_2(
    argv: list[str], named: str, run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line names the argument."""
    given = {"DIR": str(run_dir), "FILE": str(written(tmp_path, LIVE))}
    try:
        code = main(["web", *(given.get(word, word) for word in argv)])
    except SystemExit as left:
        code = int(left.code or 0)
    (line,) = capsys.readouterr().err.splitlines()
    assert code == 2
    assert named in line


def test_a_port_in_use_is_one_line_and_exit_2(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another server's port is named, and nothing is printed as if the page were there."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        assert main(["web", str(run_dir), "--listen", address]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"cannot listen on {address}: the port is in use" in captured.err


def test_without_the_extra_it_says_how_to_get_it(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line with the command, and exit 1: nothing is wrong with the arguments."""
    monkeypatch.setattr("console.page._NEEDED", ("starlette", "no_such_server"))
    assert main(["web", str(run_dir)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "gridran web: no live page: no_such_server not installed, pip install 'gridran[web]'"
