"""A real Prometheus scrapes three real services, and every panel of every dashboard has something to show."""

from __future__ import annotations

import json
import math
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.children import Children
from console.configs import SERVICES, RunRequest, free_ports, write_configs
from console.run import service_command
from deploy.grafana.source.queries import Asked, asked

PROMETHEUS = Path(__file__).parents[2] / "deploy" / "prometheus"
SPEED = 120.0  # a plan every 7.5 s, so that there are several within the test
HOURS_H = 1.5
PATIENCE_S = 40.0
UNKNOWN_TO_MSRC = "gridran_rapp_bound_survival_seconds"  # its gap is proven, not a bound on survival: NaN
Tool = Callable[[str], str]


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus, asked over HTTP."""

    address: str

    def has_data(self, one: Asked) -> bool:
        """Some series of the expression has a value now; a number, unless it is one that msrc cannot know."""
        values = [float(series["value"][1]) for series in self._ask(one.expr)]
        return any(not math.isnan(value) or UNKNOWN_TO_MSRC in one.expr for value in values)

    def _ask(self, expr: str) -> list[dict[str, Any]]:
        url = f"http://{self.address}/api/v1/query?{urllib.parse.urlencode({'query': expr})}"
        try:
            with urllib.request.urlopen(url, timeout=10.0) as answer:
                found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
                return found
        except urllib.error.HTTPError as error:
            pytest.fail(f"{expr}: {error.read().decode()}")
        except (urllib.error.URLError, TimeoutError):
            return []  # it is still starting


def with_metrics(config: Path, address: str) -> Path:
    """The configuration of a service, with its metrics on ``address``."""
    text, key = config.read_text(encoding="utf-8"), f'[listen]\nhttp = "{address}"\n'
    config.write_text(text.replace("[listen]\n", key) if "[listen]\n" in text else f"{text}\n{key}", encoding="utf-8")
    return config


def scraping(addresses: dict[str, str], folder: Path) -> Path:
    """The committed configuration, with services on loopback in the place of their names."""
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
    config["rule_files"] = [str(PROMETHEUS / pattern) for pattern in config["rule_files"]]
    for job in config["scrape_configs"]:
        job["static_configs"] = [{"targets": [addresses[job["job_name"]]]}]
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


@pytest.fixture
def prometheus(prometheus_tool: Tool, tmp_path: Path) -> Iterator[Prometheus]:
    """Emulator, rApp and xApp with seven sites and accelerated time, scraped by a Prometheus of this test's own."""
    program = prometheus_tool("prometheus")
    ports, web = free_ports(), f"127.0.0.1:{free_ports().e2}"
    addresses = dict(
        zip(SERVICES, (f"127.0.0.1:{port}" for port in list(vars(free_ports()).values())[:3]), strict=True)
    )
    for folder in ("journal", "state"):
        (tmp_path / folder).mkdir()
    configs = write_configs(RunRequest("small", "msrc", "medium", 1, HOURS_H, SPEED, tmp_path), ports)
    with Children(tmp_path / "logs") as children:
        for name in SERVICES:
            children.start(name, service_command(name, with_metrics(configs[name], addresses[name])))
        storage, listen = f"--storage.tsdb.path={tmp_path}/data", f"--web.listen-address={web}"
        children.start("prometheus", [program, f"--config.file={scraping(addresses, tmp_path)}", storage, listen])
        yield Prometheus(web)
        dead = children.dead()
        assert dead is None, f"{dead.name}: {dead.last_words}" if dead else ""


def test_every_panel_has_data(prometheus: Prometheus) -> None:
    """Within a run of an hour and a half every expression gives a number at least once."""
    missing = [one for one in asked() if not one.shows_alerts]
    deadline_s = time.monotonic() + PATIENCE_S
    while missing and time.monotonic() < deadline_s:
        time.sleep(2.0)
        missing = [one for one in missing if not prometheus.has_data(one)]
    assert not missing, "no data for:\n" + "\n".join(f"{one.dashboard}, {one.panel}: {one.expr}" for one in missing)
