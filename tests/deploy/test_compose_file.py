"""The compose file and the settings beside it."""

from __future__ import annotations

import json
import tomllib
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


def config(service: str) -> dict[str, Any]:
    """The configuration of a service in containers."""
    return tomllib.loads((DEPLOY / "config" / f"{service}.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("interface", "server", "clients"),
    [("e2", "emulator", ["xapp"]), ("o1", "emulator", ["rapp", "web"]), ("a1", "xapp", ["rapp"])],
)
def test_an_interface_is_served_on_its_own_network_alone(
    services: Services, interface: str, server: str, clients: list[str]
) -> None:
    """Its server listens on a name that exists on that network only, and those who may use it are all who are there."""
    address = config(server)["listen"][interface]
    networks = services[server]["networks"]
    named = [name for name, on in networks.items() if address.partition(":")[0] in (on.get("aliases") or [])]
    assert named == [interface]
    assert [config(client)["connect"][interface] for client in clients] == [address] * len(clients)
    there = {name for name, service in services.items() if interface in service.get("networks", [])}
    assert there == {server, *clients}


def test_the_page_is_where_no_other_container_can_ask_it(services: Services) -> None:
    """It may hold the clock of the run, so it listens on a name of a network that is its own, and only there."""
    address, networks = config("web")["listen"]["http"], services["web"]["networks"]
    named = [name for name, on in networks.items() if address.partition(":")[0] in (on.get("aliases") or [])]
    assert named == ["page"]
    assert {name for name, service in services.items() if "page" in service.get("networks", [])} == {"web"}
    assert address in services["web"]["healthcheck"]["test"]


@pytest.mark.parametrize("service", ["emulator", "xapp", "rapp"])
def test_metrics_are_for_those_who_collect_them_alone(services: Services, service: str) -> None:
    """A service serves them, and its health, on a name that exists only on the network that it shares with Prometheus
    and nobody else; its own health check asks there. Prometheus knows it by no other network."""
    address, network = config(service)["listen"]["http"], f"watch-{service}"
    networks = services[service]["networks"]
    named = [name for name, on in networks.items() if address.partition(":")[0] in (on.get("aliases") or [])]
    assert named == [network]
    assert {name for name, other in services.items() if network in other.get("networks", [])} == {service, "prometheus"}
    assert set(networks) & set(services["prometheus"]["networks"]) == {network}
    assert services[service]["healthcheck"]["test"] == ["CMD", "gridran-health", address, "alive"]


def test_no_port_serves_two_interfaces() -> None:
    """E2, O1 and A1 can be told apart by whoever filters ports."""
    listen = [config("emulator")["listen"]["e2"], config("emulator")["listen"]["o1"], config("xapp")["listen"]["a1"]]
    assert len({address.rpartition(":")[2] for address in listen}) == 3


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
