"""``gridran web`` where there is no run to show, or a broken one: one line, and no traceback for anybody."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from console.main import main
from console.web.app import Site, make_app
from console.web.shelf import Shelf

HOST = "http://127.0.0.1:8080"
Break = Callable[[Path], object]


def refusal(argv: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line with which a command is refused, its arguments being wrong."""
    try:
        code = main(argv)
    except SystemExit as left:
        code = int(left.code or 0)
    captured = capsys.readouterr()
    (said,) = captured.err.splitlines()
    assert (code, captured.out) == (2, "")
    return said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("file", "'file' is not a directory; give what was --out of gridran run, or a directory of several"),
        ("file/below", "there is no directory 'file/below'; give what was --out"),
        ("missing", "there is no directory 'missing'; give what was --out"),
        ("loop", "there is no directory 'loop'; give what was --out"),
        ("empty", "'empty' holds no run: there is no run.json in it; give what was --out"),
        ("x" * 300, "cannot be read: File name too long"),
    ],
)
def test_where_there_is_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    """What it is instead, and what is wanted."""
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("empty").mkdir()
    Path("loop").symlink_to("loop")
    refused = refusal(["web", name], capsys)
    assert refused.startswith("gridran web: argument DIR: ")
    assert said in refused


@pytest.mark.parametrize(
    "argv",
    [["web", "closed"], ["web", "closed/run"], ["web", "--config", "closed/web.toml"], ["run", "--out", "closed/x"]],
)
def test_a_directory_that_is_closed_to_us(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
    argv: list[str],
) -> None:
    """The path, and that it may not be read."""
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o755)
    Path("closed").mkdir(mode=0)
    request.getfixturevalue("stranger")
    assert f"{argv[-1]!r} cannot be read: Permission denied" in refusal(argv, capsys)


def write(name: str, content: str) -> Break:
    """Something else in the place of a file."""
    return lambda run: (run / name).write_text(content)


def line(name: str, index: int, text: str) -> Break:
    """Another line in a file."""

    def put(run: Path) -> None:
        lines = (run / name).read_text().splitlines()
        lines[index] = text
        (run / name).write_text("\n".join([*lines, ""]))

    return put


def cell(name: str, row: int, column: str, text: str) -> Break:
    """Another cell in a table."""

    def put(run: Path) -> None:
        header, *rows = (run / name).read_text().splitlines()
        cells = rows[row].split(",")
        cells[header.split(",").index(column)] = text
        line(name, row + 1, ",".join(cells))(run)

    return put


def facts(**changed: object) -> Break:
    """Another run.json."""
    return lambda run: (run / "run.json").write_text(json.dumps(json.loads((run / "run.json").read_text()) | changed))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (write("run.json", ""), "run.json: Expecting value"),
        (write("run.json", "[" * 100_000), "run.json: maximum recursion depth"),
        (write("run.json", "[]"), "run.json: it is no JSON object"),
        (facts(sites=[]), "run.json: it has no sites"),
        (facts(sites=[1] * 7), "TypeError"),
        (facts(hours_h=float("nan")), "not JSON compliant"),
        (write("network.csv", ""), "KeyError"),
        (write("network.csv", "a,b\n1\n"), "network.csv: zip()"),
        (lambda run: (run / "network.csv").write_bytes(b"\xff\xfe\n"), "network.csv: 'utf-8' codec"),
        (cell("network.csv", 100, "period", "x"), "network.csv: could not convert string to float: 'x'"),
        (cell("network.csv", 100, "time_h", "nan"), "not JSON compliant"),
        (cell("network.csv", 100, "sites_down", "inf"), "OverflowError"),
        (cell("timeline.csv", 700, "users_own", "nan"), "a count is no number"),
        (line("moments.jsonl", 10, '{"time_h": null}'), "TypeError"),
        (write("kpis.json", ""), "kpis.json: Expecting value"),
    ],
)
def test_a_broken_run_is_refused(
    run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: Break, said: str
) -> None:
    """The run, what is wrong with it, and what to do; among others it is listed, and the others are served."""
    for name in ("broken", "whole"):
        shutil.copytree(run_dir, tmp_path / name)
    damage(tmp_path / "broken")
    refused = refusal(["web", str(tmp_path / "broken"), "--listen", "127.0.0.1:0"], capsys)
    assert refused.startswith("gridran web: argument DIR: broken cannot be replayed: ")
    assert said in refused
    assert refused.endswith("its files are damaged, record it again")
    with TestClient(make_app(Site(Shelf(tmp_path))), base_url=HOST) as page:
        assert page.get("/api/page").json()["runs"] == ["broken", "whole"]
        assert page.get("/api/runs/whole").status_code == 200
        answer = page.get("/api/runs/broken")
        assert answer.status_code == 422
        assert said in answer.json()["error"]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cell("network.csv", 100, "period", "nan"), "cannot convert float NaN to integer"),
        (cell("timeline.csv", 700, "soc_frac", "nan"), "not JSON compliant"),
        (line("moments.jsonl", 10, '{"time_h": 0.84}'), "KeyError: 'ue_site'"),
    ],
)
def test_damage_further_on_is_said_when_it_is_met(run_dir: Path, tmp_path: Path, damage: Break, said: str) -> None:
    """Status 422 and one line, not an error of the server; what comes before it is shown."""
    broken = tmp_path / "broken"
    shutil.copytree(run_dir, broken)
    damage(broken)
    with TestClient(make_app(Site(Shelf(broken))), base_url=HOST) as page:
        assert page.get("/api/runs/broken/frames?first=0&end=60").status_code == 200
        answer = page.get("/api/runs/broken/frames?first=60&end=120")
    assert answer.status_code == 422
    assert said in answer.json()["error"]


def test_a_run_that_is_closed_to_us(
    run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Among others it is not listed; a file of it that is closed is named, with what to do."""
    monkeypatch.chdir(tmp_path)
    for name in ("closed", "half", "open"):
        shutil.copytree(run_dir, Path("runs") / name)
    for path in (tmp_path, *tmp_path.rglob("*")):
        path.chmod(0o755)
    Path("runs/closed").chmod(0)
    Path("runs/half/network.csv").chmod(0)
    shelf = Shelf(Path("runs"))
    request.getfixturevalue("stranger")
    with TestClient(make_app(Site(shelf)), base_url=HOST) as page:
        assert page.get("/api/page").json()["runs"] == ["half", "open"]
        answer = page.get("/api/runs/half")
    assert answer.status_code == 422
    assert "runs/half/network.csv: Permission denied; it must be a file that this user may read" in answer.text
