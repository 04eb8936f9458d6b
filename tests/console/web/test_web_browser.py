"""The live page in a real browser: a run that goes on, then its replay, on a desk and on a phone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from studies.recorder import RunFacts, RunRecorder

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
REQUIRED = os.environ.get("GRIDRAN_BROWSER") == "required"
SHOTS = Path(__file__).parents[3] / "out" / "screenshots"
WIDTHS = ((1280, 900), (390, 844))
PATIENCE_S = 120.0
LEAST_FRAMES_PER_S = 20.0
COUNT_DRAWS = """
window.draws = 0;
const clear = CanvasRenderingContext2D.prototype.clearRect;
CanvasRenderingContext2D.prototype.clearRect = function (...box) { window.draws++; return clear.apply(this, box); };
"""

pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists() and not REQUIRED, reason=f"there is no {CHROMIUM}: apt-get install chromium"
)
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium."""
    playwright = pytest.importorskip("playwright.sync_api") if not REQUIRED else _playwright()
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield opened
        opened.close()


def _playwright() -> Any:
    import playwright.sync_api

    return playwright.sync_api


@pytest.fixture
def open_page(browser: Any) -> Iterator[Open]:
    """Opens an address at a width; nothing may go wrong in the page's own scripts, or be fetched from elsewhere."""
    contexts, wrong = [], []

    def opened(url: str, width: int = 1280, height: int = 900, scheme: str = "light", **options: Any) -> Any:
        viewport = {"width": width, "height": height}
        context = browser.new_context(viewport=viewport, color_scheme=scheme, **options)
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(COUNT_DRAWS)
        page.on("console", lambda said: print(said.text))  # noqa: T201  # for whoever reads why a test failed
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: asked.url.startswith(url) or wrong.append(asked.url))
        page.set_default_timeout(1000.0 * PATIENCE_S)
        load(page, url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def load(page: Any, url: str) -> None:
    """Until the sites are there: a machine whose network interfaces come and go makes Chromium drop what it loads."""
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        page.goto(url)
        try:
            page.wait_for_selector("#marks a.site", timeout=10_000.0)
        except Exception:
            assert time.monotonic() < deadline_s
        else:
            return


def soon(condition: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    """Waits until ``condition`` holds."""
    deadline_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def heard(url: str) -> bool:
    """Whether the page there has heard of a few periods."""
    try:
        answer = httpx.get(f"{url}api/live/sites/0/reasons", timeout=10.0)
    except httpx.TransportError:
        return False
    at_h = re.search(r" at ([\d.]+) h", answer.text)
    return answer.status_code == 200 and at_h is not None and float(at_h[1]) >= 0.02


def order(url: str, paused: bool) -> None:
    """Holds the run there, or lets it go."""
    answer = httpx.post(f"{url}api/live/pace", json={"paused": paused}, headers={"Origin": url.rstrip("/")})
    assert answer.status_code == 200


def insist(act: Callable[[], object], page: Any, words: str) -> None:
    """Acts until the page's words begin with ``words``: an order may be lost on a machine as ``load`` knows it."""
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        act()
        try:
            soon(lambda: page.inner_text("#words").startswith(words), 10.0)
        except AssertionError:
            assert time.monotonic() < deadline_s, page.inner_text("#words")
        else:
            return


def shot(page: Any, name: str) -> None:
    """Keeps a picture for whoever wants to look."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(SHOTS / f"{name}.png"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, subprocess.Popen[str]]]:
    """A real run of the paper's 19 sites and 1,000 users with its page: directory, address, process. It is held after
    some periods."""
    out = tmp_path_factory.mktemp("live") / "blackout"
    words = ("run", "paper", "--hours", "8", "--strategy", "lifetime", "--out", str(out))
    run = subprocess.Popen([sys.executable, "-m", "console", *words], stderr=subprocess.PIPE, text=True)
    assert run.stderr is not None
    url = run.stderr.readline().rpartition(" ")[2].strip()
    soon(lambda: heard(url))
    order(url, paused=True)
    yield out, url, run
    run.terminate()
    run.communicate(timeout=30.0)


def test_a_run_is_watched_held_and_hurried(running: tuple[Path, str, subprocess.Popen[str]], open_page: Open) -> None:
    """All sites are there; a sleeping one says who carries its users; space holds the run, and a speed hurries it."""
    out, url, run = running
    page = open_page(url)
    assert page.locator("#marks a.site").count() == 19
    assert page.locator("#sites li").count() == 19
    asleep = page.locator("#marks a.site[aria-label*='deep sleep']").first
    name = str(asleep.get_attribute("aria-label")).partition(",")[0]
    asleep.focus()
    page.keyboard.press("Enter")
    soon(lambda: "its users are carried by" in page.inner_text("#panel-why"))
    assert page.inner_text("#panel-title") == name
    assert "The plan at 0.00 h moved it from normal to deep sleep" in page.inner_text("#panel-why")
    time.sleep(0.3)
    shot(page, "live-site")
    page.keyboard.press("Escape")
    assert not page.locator("#panel").is_visible()
    assert page.inner_text("#words").startswith("Paused.")
    look_back(page)
    insist(lambda: page.keyboard.press("Space"), page, "Live, as fast as both loops answer.")
    insist(lambda: page.keyboard.press("Space"), page, "Paused.")
    time.sleep(1.0)
    held = page.inner_text("#clock")
    time.sleep(1.5)
    assert page.inner_text("#clock") == held
    insist(lambda: page.get_by_label("Play").click(), page, "Live, as fast as both loops answer.")
    insist(lambda: page.locator("#speeds label", has_text="1200").click(), page, "Live, at 1200 times real time.")
    shot(page, "live")
    page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[1], strict=True)))
    time.sleep(0.3)
    shot(page, "live-390")
    insist(lambda: page.locator("#speeds label", has_text="max").click(), page, "Live, as fast as both loops answer.")
    soon(lambda: page.inner_text("#words").startswith("The run ended at 8.00 h"), 3 * PATIENCE_S)
    soon(lambda: run.poll() is not None)
    assert run.returncode == 0
    assert (out / "report.html").is_file()
    soon(lambda: "replay the run with: gridran web DIR" in page.inner_text("#words"))


def look_back(page: Any) -> None:
    """By key to the beginning, the reasons with it, and by button to the present; what is played meets it, too."""
    assert not page.locator("#live").is_visible()
    present = page.inner_text("#clock")
    page.keyboard.press("Home")
    soon(lambda: page.inner_text("#clock") == "0 h 00 min")
    assert page.inner_text("#words") == "Looking back, paused. Press Live for the present."
    page.locator("#sites a").nth(2).click()
    soon(lambda: "site-2 at 0.00 h" in page.inner_text("#panel-why"))
    page.keyboard.press("Escape")
    shot(page, "live-back")
    page.locator("#live").click()
    soon(lambda: page.inner_text("#clock") == present)
    assert page.inner_text("#words").startswith("Paused.")
    page.keyboard.press("Home")
    soon(lambda: page.inner_text("#clock") == "0 h 00 min")
    page.locator("#speeds label", has_text="3600").click()
    page.get_by_label("Play").click()
    soon(lambda: page.inner_text("#words").startswith("Paused."))
    assert page.inner_text("#clock") == present
    assert not page.locator("#live").is_visible()
    page.evaluate("document.activeElement.blur()")


def recorded(synthetic: ModuleType, out: Path, rings: int, periods: int, users: int) -> Path:
    network = synthetic.network(rings)
    with RunRecorder(out, RunFacts("msrc", "medium", 1, periods / 120, "paper", network)) as recorder:
        for outcome in synthetic.blackout(network, periods=periods, ues=users):
            recorder.add(outcome)
    return out


@pytest.fixture(scope="module")
def crowded(synthetic: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded hour and a half of 19 sites and 1,000 users."""
    return recorded(synthetic, tmp_path_factory.mktemp("crowded") / "crowd", rings=2, periods=180, users=1000)


@pytest.fixture(scope="module")
def large(synthetic: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded half hour of 127 sites and 6,700 users."""
    return recorded(synthetic, tmp_path_factory.mktemp("large") / "large", rings=6, periods=60, users=6700)


@pytest.fixture
def replayed() -> Iterator[Callable[[Path], str]]:
    """Starts ``gridran web DIR`` and gives its address."""
    started: list[subprocess.Popen[str]] = []

    def serve(directory: Path) -> str:
        command = [sys.executable, "-m", "console", "web", str(directory), "--listen", "127.0.0.1:0"]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert started[-1].stdout is not None
        found = re.search(r"http://\S+", started[-1].stdout.readline())
        assert found is not None
        return found[0]

    yield serve
    for one in started:
        one.terminate()
        one.communicate(timeout=10.0)


def test_a_finished_run_is_replayed(
    running: tuple[Path, str, subprocess.Popen[str]], open_page: Open, replayed: Callable[[Path], str]
) -> None:
    """Seeking by click and by key moves the clock and the reasons; space plays and holds; the end is said."""
    out, url, run = running
    if run.poll() is None:  # the test that watches it to its end went to another worker
        order(url, paused=False)
    soon(lambda: run.poll() is not None, 3 * PATIENCE_S)
    page = open_page(replayed(out))
    page.keyboard.press("Space")
    soon(lambda: page.inner_text("#words").endswith("paused."))
    page.keyboard.press("Home")
    soon(lambda: page.inner_text("#clock") == "0 h 00 min")
    page.keyboard.press("ArrowRight")
    soon(lambda: page.inner_text("#clock") == "0 h 05 min")
    box = page.locator("#track").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    soon(lambda: re.fullmatch(r"3 h 5\d min", page.inner_text("#clock")))
    page.locator("#sites a").nth(2).click()
    soon(lambda: re.match(r"site-2 at 3\.[89]", page.inner_text("#panel-why")))
    page.keyboard.press("Escape")
    page.keyboard.press("End")
    soon(lambda: page.inner_text("#words") == "Replay of blackout: the run ended here.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_it_fits_desks_and_phones(
    crowded: Path, open_page: Open, replayed: Callable[[Path], str], width: int, height: int, scheme: str
) -> None:
    """Nothing is wider than the screen, in light and dark; pictures of the page and of a site are kept."""
    page = open_page(replayed(crowded), width, height, scheme)
    box = page.locator("#track").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.7, box["y"] + 20)
    page.keyboard.press("Space")
    soon(lambda: page.inner_text("#words").endswith("paused."))
    time.sleep(0.7)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shot(page, f"replay-{width}-{scheme}")
    page.locator("#sites a").nth(4).click()
    soon(lambda: "site-04 at" in page.inner_text("#panel-why"))
    time.sleep(0.3)
    shot(page, f"replay-{width}-{scheme}-site")


@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_a_large_network_fits_too(
    large: Path, open_page: Open, replayed: Callable[[Path], str], width: int, height: int
) -> None:
    """With 127 sites the whole map stands above the timeline, nothing is wider than the screen and no site's name is
    cut; on a desk the list of sites scrolls by itself."""
    page = open_page(replayed(large), width, height)
    soon(lambda: page.inner_text("#clock") != "–")
    page.keyboard.press("Space")
    soon(lambda: page.inner_text("#words").endswith("paused."))
    assert page.locator("#marks a.site").count() == page.locator("#sites li").count() == 127
    box, timeline = (page.locator(name).bounding_box() for name in ("#box", "#timeline"))
    assert box["y"] >= 0.0
    assert box["y"] + box["height"] <= timeline["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("[...document.querySelectorAll('#sites .label')].every((e) => e.scrollWidth <= e.clientWidth)")
    if width > 980:
        assert page.evaluate("document.documentElement.scrollHeight") <= height
        assert page.evaluate("document.getElementById('sites').scrollHeight") > height
    shot(page, f"large-{width}")
    page.locator("#marks a.site").nth(40).focus()
    page.keyboard.press("Enter")
    soon(lambda: "site-40 at" in page.inner_text("#panel-why"))
    assert page.locator("#marks a.site .name:visible").all_text_contents() == ["40"]
    shot(page, f"large-{width}-site")


def test_a_thousand_users_move_smoothly(crowded: Path, open_page: Open, replayed: Callable[[Path], str]) -> None:
    """At least 20 pictures a second, the median of three stretches of three seconds."""
    page = open_page(replayed(crowded))
    rates = []
    for _ in range(3):
        page.keyboard.press("Home")
        begun, at_ms = page.evaluate("[window.draws, performance.now()]")
        time.sleep(3.0)
        ended, to_ms = page.evaluate("[window.draws, performance.now()]")
        rates.append((ended - begun) / (to_ms - at_ms) * 1000.0)
    print(f"1,000 users: {', '.join(f'{rate:.1f}' for rate in rates)} frames a second")  # noqa: T201  # what it measures
    assert sorted(rates)[1] >= LEAST_FRAMES_PER_S


def test_a_tab_that_was_hidden_goes_on_where_it_was(
    crowded: Path, open_page: Open, replayed: Callable[[Path], str]
) -> None:
    """A minute without a picture at 3,600 times real time is not a minute of playing: 60 h of the run."""
    script = """async () => {
      const { ReplaySource } = await import("/static/replay.js");
      const played = { playing: true, last_ms: 0, time_h: 0, end_h: 99, speed: 3600 };
      ReplaySource.prototype.advance.call(played, 60000, true);
      return played.time_h;
    }"""
    assert 0.0 < open_page(replayed(crowded)).evaluate(script) <= 0.5


def test_a_closed_live_page_asks_for_no_more(crowded: Path, open_page: Open, replayed: Callable[[Path], str]) -> None:
    """Who lost the server and then went to another run has no stream that would keep a held run held."""
    script = """async () => {
      const { LiveSource } = await import("/static/live.js");
      let opened = 0;
      window.EventSource = class extends EventSource { constructor(url) { super(url); opened++; } };
      const live = new LiveSource(null);
      live.events.close();
      live.lose();
      live.close();
      await new Promise((done) => setTimeout(done, 3500));
      return opened;
    }"""
    assert open_page(replayed(crowded)).evaluate(script) == 1


def test_who_wants_stillness_gets_it(crowded: Path, open_page: Open, replayed: Callable[[Path], str]) -> None:
    """With reduced motion nobody glides: one picture for a period, not sixty a second."""
    page = open_page(replayed(crowded), reduced_motion="reduce")
    page.locator("#speeds label", has_text=re.compile(r"^60 ")).click()
    time.sleep(0.5)
    begun = page.evaluate("window.draws")
    time.sleep(3.0)
    assert page.evaluate("window.draws") - begun <= 12


def test_a_lost_server_is_said(crowded: Path, open_page: Open, tmp_path: Path) -> None:
    """When the page's server goes, what is not loaded is not made up: the page says that the connection is lost."""
    copy = tmp_path / "copy"
    shutil.copytree(crowded, copy)
    command = [sys.executable, "-m", "console", "web", str(copy), "--listen", "127.0.0.1:0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    found = re.search(r"http://\S+", server.stdout.readline())
    assert found is not None
    page = open_page(found[0])
    server.terminate()
    server.communicate(timeout=10.0)
    page.keyboard.press("End")
    soon(lambda: "Connection to the page’s server lost" in page.inner_text("#words"))
