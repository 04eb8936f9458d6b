"""The HTTP port of a service: metrics and health."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from prometheus_client import Counter

from gridran.runtime import health
from gridran.runtime.address import PortInUse
from gridran.runtime.metrics import MetricsServer, new_registry

HEALTH = "import sys; from gridran.runtime.health import main; sys.exit(main())"


class Service:
    """A service with one counter; ``ready`` as the test sets it."""

    def __init__(self) -> None:
        self.ready = False
        self.registry = new_registry()
        self.controls = Counter("gridran_xapp_controls", "Controls sent.", registry=self.registry)
        self.server = MetricsServer("127.0.0.1:0", self.registry, lambda: self.ready)
        self.server.start()

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://{self.server.address}{path}", timeout=5.0) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture
def service() -> Iterator[Service]:
    """A running HTTP port."""
    running = Service()
    yield running
    running.server.stop()


@pytest.mark.parametrize("path", ["/metrics", "/ric/v1/metrics", "/metrics?name[]=x"])
def test_metrics_are_served_on_both_paths(service: Service, path: str) -> None:
    """Prometheus text has the service's own metrics and those of the process."""
    service.controls.inc(3)
    status, text = service.get(path)
    assert status == 200
    assert "gridran_xapp_controls_total 3.0" in text
    assert "process_cpu_seconds_total" in text


def test_health_alive_and_ready(service: Service) -> None:
    """Alive at once; ready only when the service says so, and no longer when it stops saying so."""
    assert service.get("/ric/v1/health/alive") == (200, "alive\n")
    assert service.get("/ric/v1/health/ready") == (503, "not ready\n")
    service.ready = True
    assert service.get("/ric/v1/health/ready") == (200, "ready\n")
    service.ready = False
    assert service.get("/ric/v1/health/ready")[0] == 503


def test_unknown_path_is_not_found(service: Service) -> None:
    """Anything else is 404."""
    assert service.get("/")[0] == 404


def test_second_server_on_the_port_is_refused(service: Service) -> None:
    """A port in use is named in one line."""
    with pytest.raises(PortInUse, match=str(service.server.address)):
        MetricsServer(str(service.server.address), new_registry(), lambda: True)


def test_port_is_free_after_stop() -> None:
    """A stopped server gives its port back; one that never started can be stopped, too."""
    service = Service()
    service.server.stop()
    again = MetricsServer(str(service.server.address), new_registry(), lambda: True)
    again.stop()


def test_the_health_command_asks_a_service(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """0 where it is so, 1 and one line where not or where nobody answers, 2 for anything else."""
    address = str(service.server.address)
    assert health.main([address, "alive"]) == 0
    assert health.main([address, "ready"]) == 1
    service.ready = True
    assert health.main([address, "ready"]) == 0
    assert health.main(["127.0.0.1:9", "alive"]) == 1
    assert health.main([address, "well"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("gridran-health: ") for line in lines)


def test_the_health_command_asks_past_a_proxy(service: Service) -> None:
    """A proxy of the environment, here one that is not there, is for the world outside."""
    environment = {name: text for name, text in os.environ.items() if name.lower() != "no_proxy"}
    done = subprocess.run(
        [sys.executable, "-c", HEALTH, str(service.server.address), "alive"],
        env=environment | {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
