"""The compose stack of deploy/ as tests drive it: up, down, faults, and questions to its Prometheus."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

DEPLOY = Path(__file__).parents[3] / "deploy"
# Grafana's image is not needed to know that a dashboard's expressions return data.
SERVICES = ("emulator", "xapp", "rapp", "web", "prometheus")
_UP_S, _CALL_S = 240.0, 60.0
SPEED, HOURS = 240.0, 6.0
_OPENS = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2.0)
    print("open")
except OSError as error:
    print(error)
"""
_DEFAULTS = dict(
    line.split("=", 1)
    for line in (DEPLOY / ".env").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)


class StackError(AssertionError):
    """The stack did not do what a test waits for."""


class Stack:
    """One project of compose, with ``settings`` over those of deploy/.env."""

    def __init__(self, project: str, settings: dict[str, str]) -> None:
        self._project, self._environment = project, os.environ | settings
        self.prometheus = f"http://127.0.0.1:{settings['PROMETHEUS_PORT']}"
        self.web = f"http://127.0.0.1:{settings['WEB_PORT']}"

    def up(self) -> None:
        """Builds the image and waits until all services are healthy."""
        self.compose("--profile", "monitoring", "up", "--build", "--wait", "--detach", *SERVICES, timeout_s=_UP_S)

    def down(self) -> None:
        """Ends everything and forgets its volumes."""
        self.compose("--profile", "monitoring", "down", "--volumes", "--timeout", "5", timeout_s=_UP_S)

    def compose(self, *arguments: str, timeout_s: float = _CALL_S) -> str:
        """What ``docker compose ARGUMENTS`` prints; StackError with its last lines where it fails."""
        return self._run(["docker", "compose", "--project-name", self._project, *arguments], timeout_s)

    def disconnect(self, service: str, network: str) -> None:
        """Takes a service from a network; its other networks stay."""
        self._run(["docker", "network", "disconnect", f"{self._project}_{network}", self._container(service)], _CALL_S)

    def connect(self, service: str, network: str) -> None:
        """Brings it back."""
        wanted = ["--alias", service, f"{self._project}_{network}", self._container(service)]
        self._run(["docker", "network", "connect", *wanted], _CALL_S)

    def inspect(self, service: str) -> dict[str, Any]:
        """What the engine knows of a service's container."""
        found: list[dict[str, Any]] = json.loads(self._run(["docker", "inspect", self._container(service)], _CALL_S))
        return found[0]

    def crash(self, service: str) -> None:
        """Kills the service's processes from inside its container, all but the init that started them. A kill by the
        engine counts as stopped by hand, and what was stopped by hand the engine does not start again."""
        with contextlib.suppress(StackError):  # the container ends, perhaps before its caller has an answer
            self.compose("exec", "-T", service, "python", "-c", "import os, signal; os.kill(-1, signal.SIGKILL)")

    def opens(self, service: str, address: str) -> bool:
        """Whether a process in the service's container can open a connection to HOST:PORT."""
        said = self.compose("exec", "-T", service, "python", "-c", _OPENS, *address.rsplit(":", 1))
        return said.strip() == "open"

    def over_base_mb(self) -> float:
        """By how much gridran's image is larger than the one that it is made from."""
        sizes = []
        for variable in ("GRIDRAN_IMAGE", "PYTHON_IMAGE"):
            image = self._environment.get(variable) or _DEFAULTS[variable]
            sizes.append(int(self._run(["docker", "image", "inspect", "--format", "{{.Size}}", image], _CALL_S)))
        return (sizes[0] - sizes[1]) / 1e6

    def page(self, path: str) -> Any:
        """What the web service answers with."""
        return _json(self.web + path)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The present samples of an expression."""
        answer = _json(f"{self.prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        if answer["data"]["resultType"] == "scalar":
            return [{"metric": {}, "value": answer["data"]["result"]}]
        samples: list[dict[str, Any]] = answer["data"]["result"]
        return samples

    def value(self, expression: str) -> float:
        """The only sample of an expression, NaN where there is none."""
        samples = self.query(expression)
        return float(samples[0]["value"][1]) if len(samples) == 1 else float("nan")

    def fires(self, alert: str, severity: str = "critical|warning") -> bool:
        """Whether an alert fires now."""
        return bool(self.query(f'ALERTS{{alertname="{alert}",severity=~"{severity}",alertstate="firing"}}'))

    def _container(self, service: str) -> str:
        return f"{self._project}-{service}-1"

    def _run(self, command: Sequence[str], timeout_s: float) -> str:
        done = subprocess.run(
            command, cwd=DEPLOY, env=self._environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )
        if done.returncode != 0:
            words = "\n".join((done.stdout + done.stderr).splitlines()[-25:])
            raise StackError(f"{' '.join(command)} ended with {done.returncode}:\n{words}")
        return done.stdout


def wait_until(what: str, holds: Callable[[], bool], within_s: float) -> float:
    """Waits until ``holds``; the seconds that it took. StackError says ``what`` did not come true."""
    began_s = time.monotonic()
    while True:
        try:
            if holds():
                return time.monotonic() - began_s
        except OSError:
            pass  # nobody listens yet
        if time.monotonic() - began_s > within_s:
            raise StackError(f"not within {within_s:g} s: {what}")
        time.sleep(0.25)


def _json(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=10.0) as answer:  # noqa: S310 - http
        found: dict[str, Any] = json.load(answer)
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session", name="eventually")
def _eventually() -> Callable[[str, Callable[[], bool], float], float]:
    """Waits until something holds, and fails with what did not come true."""
    return wait_until


@pytest.fixture(scope="session", name="stack")
def _stack() -> Iterator[Stack]:
    """The stack, playing a medium outage of seven sites with ``msrc``; skipped where nobody asked for it."""
    if os.environ.get("GRIDRAN_DEPLOY") != "1":
        pytest.skip("needs a container engine and minutes: make deploy-test")
    settings = {
        "SCENARIO": "small", "STRATEGY": "msrc", "LOAD": "medium", "SEED": "1",
        "SPEED": f"{SPEED:g}", "HOURS": f"{HOURS:g}", "RUN": "latest",
        "WEB_PORT": str(_free_port()), "PROMETHEUS_PORT": str(_free_port()),
    }  # fmt: skip
    stack = Stack("gridran-test", settings)
    stack.down()
    try:
        stack.up()
        yield stack
        sys.stdout.write(stack.compose("logs", "--no-color", "--tail", "40", *SERVICES))  # shown where a test failed
    finally:
        stack.down()
