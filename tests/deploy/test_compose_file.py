"""The compose file and the settings beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
Services = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def services() -> Services:
    """The services of compose.yaml by name."""
    found: Services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    return found


def defaults() -> dict[str, str]:
    """The settings of .env."""
    lines = (DEPLOY / ".env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_whatever_stays_up_is_asked_whether_it_is_well(services: Services) -> None:
    """Every service but the one-shot has a health check, so that `up --wait` waits for it."""
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"certificates"}


def test_the_file_and_its_settings_agree_on_images(services: Services) -> None:
    """What stands in .env is also what holds without it."""
    for name, service in services.items():
        variable, _, default = service["image"].removeprefix("${").removesuffix("}").partition(":-")
        assert defaults()[variable] == default, name


def test_the_dashboards_were_checked_for_the_grafana_that_is_started() -> None:
    """Image and types have the same version."""
    package = json.loads((DEPLOY / "grafana" / "types" / "package.json").read_text(encoding="utf-8"))
    assert defaults()["GRAFANA_IMAGE"] == f"grafana/grafana:{package['devDependencies']['@grafana/schema']}"
