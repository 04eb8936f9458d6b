"""The metrics contract as data, the committed rules, and promtool."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
SERVICE_CLASSES = {"emergency", "voice", "essential", "best_effort"}
ALWAYS = {"job", "instance"}  # Prometheus adds them to every series
_METRIC = re.compile(r"(?<![\w:])(gridran_[a-z0-9_]+)(?:\{([^}]*)\})?")
_RECORDED = re.compile(r"\b\w+:gridran_\w+:\w+")
_MATCHER = re.compile(r"""(\w+)\s*(?:=~|!~|!=|=)\s*["']([^"']*)["']""")


@dataclass(frozen=True)
class Contract:
    """docs/metrics.md, by ``written_metrics``, and the series that the rules record."""

    metrics: dict[str, Any]
    recorded: frozenset[str]

    def faults(self, expr: str) -> Iterator[str]:
        """What ``expr`` asks for that nobody promises."""
        for name, matchers in _METRIC.findall(expr):
            metric = self._metric(name)
            if metric is None:
                yield f"{name} is not in docs/metrics.md"
            else:
                yield from (f"{name}: {fault}" for fault in _label_faults(metric, matchers))
        yield from (f"{name} is not recorded" for name in _RECORDED.findall(expr) if name not in self.recorded)

    def _metric(self, name: str) -> Any:
        if name in self.metrics and not self.metrics[name].histogram:
            return self.metrics[name]
        base = self.metrics.get(re.sub(r"_(bucket|sum|count)$", "", name))
        return base if base is not None and base.histogram else None


def _label_faults(metric: Any, matchers: str) -> Iterator[str]:
    words = metric.words | (SERVICE_CLASSES if "service_class" in metric.labels else set())
    for label, value in _MATCHER.findall(matchers):
        if label not in metric.labels | ALWAYS:
            yield f"has no label {label}"
        elif label not in {"site", "band"} | ALWAYS and not set(value.split("|")) <= words:
            yield f"label {label} is never {value!r}"


def rules(kind: str) -> list[dict[str, Any]]:
    """The committed rules, ``kind``: record or alert."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(PROMETHEUS.glob("rules/*.yml"))]
    every = [rule for file in files for group in file["groups"] for rule in group["rules"]]
    return [rule for rule in every if kind in rule]


@pytest.fixture(scope="session")
def rules_of() -> Callable[[str], list[dict[str, Any]]]:
    """The committed rules by kind: record or alert."""
    return rules


@pytest.fixture(scope="session")
def contract(written_metrics: dict[str, Any]) -> Contract:
    """What expressions may ask for."""
    return Contract(written_metrics, frozenset(rule["record"] for rule in rules("record")))


@pytest.fixture(scope="session")
def prometheus_tool() -> Callable[[str], str]:
    """The path of a program of the Debian package prometheus; without it the test is skipped, or fails if required."""

    def find(program: str) -> str:
        found = shutil.which(program)
        if found is None:
            why = f"{program} is not installed: apt-get install prometheus"
            pytest.fail(why) if os.environ.get("GRIDRAN_PROMETHEUS") == "required" else pytest.skip(why)
        return found

    return find


@pytest.fixture(scope="session")
def promtool(prometheus_tool: Callable[[str], str]) -> Callable[..., str]:
    """Runs promtool and returns what it said; the test fails with that where promtool does."""

    def run(*arguments: str | Path) -> str:
        done = subprocess.run(
            [prometheus_tool("promtool"), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
