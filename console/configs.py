"""The configuration files that ``gridran run`` writes for its services, TOML under DIR/config."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path

SERVICES = ("emulator", "rapp", "xapp")
WEB = "web"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class RunRequest:
    """What ``gridran run`` was asked for. ``scenario``: shipped name or file, empty for the paper's; ``speed``: times
    real time, 0 is as fast as possible; ``web``: with the live page."""

    scenario: str
    strategy: str
    load: str
    seed: int
    hours_h: float
    speed: float
    out: Path
    web: bool = False


@dataclass(frozen=True)
class Ports:
    """Loopback ports: E2-like and O1-like on the emulator, A1-like on the xApp, HTTP of the live page."""

    e2: int
    o1: int
    a1: int
    web: int


def free_ports() -> Ports:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(4)]
    try:
        for one in sockets:
            one.bind((LOOPBACK, 0))
        return Ports(*(one.getsockname()[1] for one in sockets))
    finally:
        for one in sockets:
            one.close()


def write_configs(request: RunRequest, ports: Ports) -> dict[str, Path]:
    """Writes one file per service and returns their paths by service name."""
    directory = request.out / "config"
    directory.mkdir(parents=True, exist_ok=True)
    paths = {}
    for service in (*SERVICES, WEB) if request.web else SERVICES:
        paths[service] = directory / f"{service}.toml"
        paths[service].write_text(_toml(_tables(service, request, ports)), encoding="utf-8")
    return paths


Tables = dict[str, dict[str, str | int | float | bool]]


def _tables(service: str, request: RunRequest, ports: Ports) -> Tables:
    e2, o1, a1, http = (f"{LOOPBACK}:{port}" for port in (ports.e2, ports.o1, ports.a1, ports.web))
    out = request.out.resolve()
    run: dict[str, str | int | float | bool] = {
        "scenario": request.scenario,
        "strategy": request.strategy,
        "load": request.load,
        "seed": request.seed,
        "hours": request.hours_h,
        "speed": request.speed,
    }
    tables: dict[str, Tables] = {
        "emulator": {"run": run | {"out": str(out)}, "listen": {"e2": e2, "o1": o1}},
        "rapp": {"run": run, "connect": {"o1": o1, "a1": a1}},
        "xapp": {"run": run, "listen": {"a1": a1}, "connect": {"e2": e2}},
        WEB: {"listen": {"http": http}, "connect": {"o1": o1}, "runs": {"dir": str(out), "live": str(out)}},
    }
    state = {"db": str(out / "state" / f"{service}.sqlite"), "journal": str(out / "journal" / f"{service}.jsonl")}
    security: dict[str, str | int | float | bool] = {"plaintext": True}
    return tables[service] | ({"state": {**state}} if service in ("rapp", "xapp") else {}) | {"security": security}


def _toml(tables: Tables) -> str:
    """TOML of flat tables. A JSON string, number or bool is one in TOML too."""
    lines = []
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items()), ""]
    return "\n".join(lines)
