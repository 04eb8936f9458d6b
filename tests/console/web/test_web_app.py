"""The page's HTTP side: what it answers, to whom, and whose orders it takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from console.web.app import FRAMES_MAX, STATIC, Site, make_app
from console.web.board import Board
from console.web.live import Pace, Stage
from console.web.o1 import O1Error, PaceRefusedError
from console.web.pace import PaceRequest
from console.web.shelf import Shelf

HOST = "http://127.0.0.1:8080"
OWN = {"Origin": HOST, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}


class Keeper:
    """Takes orders; ``fault`` is raised instead where it is set."""

    def __init__(self) -> None:
        self.asked: list[PaceRequest] = []
        self.fault: Exception | None = None

    def set(self, asked: PaceRequest) -> Pace:
        if self.fault is not None:
            raise self.fault
        self.asked.append(asked)
        return Pace(bool(asked.paused), asked.speed or 0.0)


@pytest.fixture
def keeper() -> Keeper:
    """Whom the page hands orders to."""
    return Keeper()


@pytest.fixture
def page(run_dir: Path, board: Board, keeper: Keeper) -> Iterator[TestClient]:
    """A page with a live run and a recorded one."""
    site = Site(Shelf(run_dir), board, keeper, list, run_dir)  # type: ignore[arg-type]  # all that the page needs of it
    with TestClient(make_app(site, ["page.example"]), base_url=HOST) as client:
        yield client


@pytest.fixture
def archive(run_dir: Path) -> Iterator[TestClient]:
    """A page of recorded runs alone."""
    with TestClient(make_app(Site(Shelf(run_dir))), base_url=HOST) as client:
        yield client


def error(answer: Any) -> str:
    """The one line in a refusal."""
    said = answer.json()["error"]
    assert "\n" not in said
    return str(said)


@pytest.mark.parametrize("path", ["/", "/static/main.js", "/api/page", "/api/runs/none", "/ric/v1/health/alive", "/no"])
def test_every_answer_is_strict(page: TestClient, path: str) -> None:
    """Pages, files, data and errors alike: nothing from elsewhere, nothing in a frame, no guessing of types."""
    headers = page.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_the_page_is_of_its_own_files_alone() -> None:
    """No inline script or style, and no address of another server in any file."""
    for file in STATIC.iterdir():
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/", "")
        assert "http://" not in text, file
        assert "https://" not in text, file
        assert "innerHTML" not in text, file
    index = (STATIC / "index.html").read_text(encoding="utf-8")
    assert index.count("<script") == index.count('<script type="module" src="/static/') == 1
    assert "<style" not in index
    assert "style=" not in index
    assert " on" not in "".join(part.partition(">")[0] for part in index.split("<"))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("localhost", 200),
        ("[::1]:8080", 200),
        ("192.0.2.7", 200),
        ("page.example:8080", 200),
        ("PAGE.example", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
    ],
)
def test_strangers_names_get_nothing(page: TestClient, host: str, status: int) -> None:
    """A name that was made to point here (DNS rebinding) is refused; addresses and the page's own names are not."""
    assert page.get("/api/page", headers={"Host": host}).status_code == status


def test_what_there_is_to_see(page: TestClient, archive: TestClient, run_dir: Path) -> None:
    """A live run where an emulator is watched, by which name one can look back on it, and the names of the recorded
    ones."""
    assert page.get("/api/page").json() == {"live": True, "record": run_dir.name, "runs": [run_dir.name]}
    assert archive.get("/api/page").json() == {"live": False, "record": None, "runs": [run_dir.name]}


def test_a_recorded_run_and_its_frames(archive: TestClient, run_dir: Path) -> None:
    """The run with its timeline, and any part of its frames."""
    run = archive.get(f"/api/runs/{run_dir.name}").json()
    assert (run["strategy"], run["ended"], len(run["points"]), len(run["ground"]["sites"])) == ("msrc", True, 240, 7)
    frames = archive.get(f"/api/runs/{run_dir.name}/frames?first=60&end=120").json()["frames"]
    assert [frames[0]["period"], frames[-1]["period"]] == [60, 119]


def test_reasons_are_those_of_explain(archive: TestClient, page: TestClient, run_dir: Path) -> None:
    """The recorded run's and the live one's sentences."""
    recorded = archive.get(f"/api/runs/{run_dir.name}/sites/3/reasons?period=60").json()["lines"]
    assert recorded[0].startswith("site-03 at 0.50 h: ")
    assert page.get("/api/live/sites/2/reasons").json()["lines"][0].startswith("site-02 at 0.02 h: in normal mode")


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/api/runs/none", 404, "no such run"),
        ("/api/runs/%2e%2e", 404, ""),
        ("/api/runs/RUN/frames", 400, "first: must be a whole number"),
        ("/api/runs/RUN/frames?first=0", 400, "end: must be a whole number"),
        ("/api/runs/RUN/frames?first=-1&end=3", 400, "first: must be a whole number"),
        (f"/api/runs/RUN/frames?first=0&end={FRAMES_MAX + 1}", 400, "at most 240 frames"),
        ("/api/runs/RUN/sites/9/reasons?period=0", 404, "no such site"),
        ("/api/runs/RUN/sites/0/reasons?period=99999", 404, "no such site or period"),
        ("/api/live/sites/99/reasons", 404, "no such site"),
        ("/static/../app.py", 404, ""),
        ("/static/%2e%2e/app.py", 404, ""),
    ],
)
def test_bad_questions_are_answered_in_one_line(
    page: TestClient, run_dir: Path, path: str, status: int, said: str
) -> None:
    """The right status, what is wrong, and nothing of the question repeated as markup."""
    answer = page.get(path.replace("RUN", run_dir.name))
    assert answer.status_code == status
    assert said in error(answer)
    assert answer.headers["content-type"] == "application/json"


def test_the_page_takes_its_own_orders(page: TestClient, keeper: Keeper) -> None:
    """A request of the page's own script sets the pace and gets it back."""
    answer = page.post("/api/live/pace", headers=OWN, content=b'{"paused": true}')
    assert answer.json() == {"paused": True, "speed": 0.0}
    assert keeper.asked == [PaceRequest(paused=True)]


@pytest.mark.parametrize(
    "changed",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": ""},
    ],
)
def test_other_sites_orders_are_not_taken(page: TestClient, keeper: Keeper, changed: dict[str, str]) -> None:
    """Another origin, or a form that any site can send: 403, and the run goes on as it does."""
    answer = page.post("/api/live/pace", headers=OWN | changed, content=b'{"paused": true}')
    assert answer.status_code == 403
    assert error(answer)
    assert keeper.asked == []


@pytest.mark.parametrize(
    ("fault", "body", "status", "said"),
    [
        (None, b'{"speed": "fast"}', 400, "speed: must be a number"),
        (None, b"x" * 5000, 400, "longer than 1024 bytes"),
        (PaceRefusedError("speed: 0 is for lockstep runs"), b'{"speed": 0}', 400, "for lockstep runs"),
        (O1Error("h:1: nobody answers there"), b'{"paused": true}', 503, "does not answer"),
    ],
)
def test_orders_that_cannot_be_followed(
    page: TestClient, keeper: Keeper, fault: Exception | None, body: bytes, status: int, said: str
) -> None:
    """Nonsense, a pace that the run cannot have, and an emulator that is gone are told apart."""
    keeper.fault = fault
    answer = page.post("/api/live/pace", headers=OWN, content=body)
    assert answer.status_code == status
    assert said in error(answer)


def test_an_archive_has_no_live_side(archive: TestClient) -> None:
    """Without an emulator there is nothing to hear and nobody to give orders to."""
    for path in ("/api/live/events", "/api/live/sites/0/reasons"):
        assert archive.get(path).status_code == 404
    assert archive.post("/api/live/pace", headers=OWN, content=b'{"paused": true}').status_code == 404
    assert archive.get("/api/live/pace").status_code == 405


def test_health(page: TestClient, archive: TestClient, board: Board) -> None:
    """Ready while the emulator is connected, whoever asks by whatever name; an archive always is."""
    assert page.get("/ric/v1/health/ready").status_code == 200
    board.update(stage=Stage.BROKEN)
    assert page.get("/ric/v1/health/ready").status_code == 503
    assert page.get("/ric/v1/health/alive", headers={"Host": "web:8080"}).text == "alive\n"
    assert archive.get("/ric/v1/health/ready").status_code == 200
