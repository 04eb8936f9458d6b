"""The command line: one-line errors that name the argument, exit codes, and a quick --help."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from console import arguments
from console.main import main
from studies import recorder


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (["run", "--out", "x", "--load", "huge"], "--load"),
        (["run", "--out", "x", "--load", "-1"], "--load"),
        (["run", "--out", "x", "--load", "nan"], "--load"),
        (["run", "--out", "x", "--strategy", "none-such"], "--strategy"),
        (["run", "--out", "x", "--seed", "1.5"], "--seed"),
        (["run", "--out", "x", "--hours", "0"], "--hours"),
        (["run", "--out", "x", "--hours", "0.001"], "--hours"),
        (["run", "--out", "/dev/null/x"], "--out"),
        (["run", "--out", ""], "--out: the path is empty"),
        (["run", "--out", "x", "--speed", "fast"], "--speed"),
        (["run"], "--out"),
        (["emulator"], "--config"),
        (["emulator", "--config", "no-such-file"], "--config"),
        (["web", "no-such-dir"], "DIR"),
        (["web", ""], "DIR: the path is empty"),
        (["study", "x", "--trials", "0", "--out", "x"], "--trials"),
        (["study", "x", "--jobs", "2", "--dask", "a:1", "--out", "x"], "--dask"),
        (["study", "no-such-study", "--out", "x"], "no such study 'no-such-study'"),
        (["bench", "no-such-bench", "--out", "x"], "no such bench 'no-such-bench'"),
        (["explain", "x", "--site", "1", "--at", "-1"], "--at"),
        (["explain", "no-such-dir", "--site", "1", "--at", "1"], "DIR"),
        (["explain", "", "--site", "1", "--at", "1"], "DIR: the path is empty"),
        (["scenario", "check", "no-such-file"], "FILE"),
        (["no-such-command"], "COMMAND"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_2(
    argv: list[str], named: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is wrong, one line on stderr names it, nothing is written, and the exit code is 2."""
    monkeypatch.chdir(tmp_path)
    try:
        code = main(argv)
    except SystemExit as left:
        code = int(left.code or 0)
    captured = capsys.readouterr()
    assert code == 2
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert named in captured.err
    assert list(tmp_path.iterdir()) == []


def test_out_that_is_a_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--out must not be a file."""
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit) as left:
        main(["run", "--out", str(tmp_path / "file")])
    assert left.value.code == 2
    assert "--out" in capsys.readouterr().err


def test_explain_prints_and_exits_0(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A good question has an answer on stdout."""
    assert main(["explain", str(run_dir), "--site", "2", "--at", "0.5"]) == 0
    assert capsys.readouterr().out.startswith("site-02 at 0.50 h")


def test_help_loads_nothing_heavy() -> None:
    """``gridran --help`` imports no numpy, gRPC, duckdb, rich or jinja2."""
    heavy = "{'numpy', 'grpc', 'duckdb', 'rich', 'jinja2', 'highspy', 'scipy', 'matplotlib', 'starlette'}"
    call = "import sys, console.main as m\ntry: m.main(['--help'])\nexcept SystemExit: pass\n"
    program = f"{call}assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


def test_a_run_is_known_by_the_file_that_is_recorded() -> None:
    """The arguments, which import nothing heavy, name it once more."""
    assert arguments.RUN_FILE == recorder.RUN_FILE


def test_every_subcommand_has_help() -> None:
    """Each command of the contract explains itself."""
    for command in ("run", "emulator", "rapp", "xapp", "web", "study", "bench", "explain", "scenario"):
        with pytest.raises(SystemExit) as left:
            main([command, "--help"])
        assert left.value.code == 0


def test_the_module_is_the_command() -> None:
    """``python -m console`` behaves like ``gridran``."""
    done = subprocess.run([sys.executable, "-m", "console", "bench", "x", "--out", "y"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("gridran bench:")
    assert shutil.which("gridran") is None or done.stdout == ""
