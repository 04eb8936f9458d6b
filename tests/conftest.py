"""What any test may ask for: scenarios, and the page of metrics. They are frozen, so one copy serves all tests."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from gridran import plugins
from gridran.scenario.loader import load_scenario
from gridran.scenario.params import Scenario
from gridran.types import Network

METRICS_PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"
_METRIC_ROW = re.compile(r"^\| `(gridran_\w+)` \|([^|]*)\|(.*)$", re.M)


@dataclass(frozen=True)
class Metric:
    """A row of docs/metrics.md. ``labels``: a histogram's have ``le`` among them; ``words``: what stands between
    backticks in its meaning."""

    labels: frozenset[str]
    words: frozenset[str]
    histogram: bool


@pytest.fixture(scope="session")
def written_metrics() -> dict[str, Metric]:
    """The metrics of docs/metrics.md by name."""
    rows = _METRIC_ROW.findall(METRICS_PAGE.read_text(encoding="utf-8"))
    return {name: _metric(labels, meaning) for name, labels, meaning in rows}


def _metric(labels: str, meaning: str) -> Metric:
    histogram = "(histogram)" in labels
    names = frozenset(re.findall(r"[a-z_]+", labels.replace("(histogram)", "le" if histogram else "")))
    return Metric(names, frozenset(re.findall(r"`(\w+)`", meaning)), histogram)


@pytest.fixture(scope="session")
def paper_scenario() -> Scenario:
    """The paper's scenario: 19 sites, 1,000 users."""
    return load_scenario("paper")


@pytest.fixture(scope="session")
def small_scenario() -> Scenario:
    """7 sites and 200 users, otherwise as the paper."""
    return load_scenario("small", {"traffic.ue_count": 200})


@pytest.fixture(scope="session")
def small_network(small_scenario: Scenario) -> Network:
    """The network of ``small_scenario``."""
    return small_scenario.network


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Installs a distribution with strategies for one test: name, entry points, modules by name; gives its folder."""
    known = set(sys.modules)
    site = tmp_path / "site"

    def add(distribution: str, strategies: Mapping[str, str], modules: Mapping[str, str]) -> Path:
        info = site / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        declared = [f"{name} = {value}" for name, value in strategies.items()]
        (info / "entry_points.txt").write_text("\n".join([f"[{plugins.GROUP}]", *declared, ""]))
        for name, source in modules.items():
            path = site.joinpath(*name.split(".")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source, encoding="utf-8")
        monkeypatch.syspath_prepend(site)
        _forget_plugins()
        return site

    yield add
    _forget_plugins()
    for name in set(sys.modules) - known:
        if str(site) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def _forget_plugins() -> None:
    for cached in (plugins.declared, plugins.loaded, plugins._imported):
        cached.cache_clear()
