"""Real services on loopback, as objects of the test's own process: seven sites, 150 users, short plan periods."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator.service import EmulatorService
from gridran.runtime.asked import scenario_of
from gridran.runtime.service_config import EmulatorConfig, RappConfig, XappConfig, read_config
from gridran.runtime.tls import Tls
from gridran.scenario.params import Scenario
from gridran.types import Dispatch, StepOutcome
from rapp.service import RappService
from xapp.service import XappService

SCENARIO = """
name = "loop"
[sites]
rings = 1
isd_m = 500.0
[traffic]
ue_count = 150
hotspot_count = 3
[time]
plan_period_min = {plan_period_min}
[planning]
demand_points = 40
policy_lifetime_min = {policy_lifetime_min}
"""
PERIOD_H = 30.0 / 3600.0
PEERS_S = 20.0


class Recorder:
    """A sink that keeps every outcome and runs ``after[k]`` when period ``k`` is over, in the simulation's thread."""

    def __init__(self) -> None:
        self.outcomes: list[StepOutcome] = []
        self.latency_ms: list[float | None] = []
        self.after: dict[int, Callable[[], object]] = {}

    def begin(self, scenario: Scenario) -> None:
        """Nothing to open."""

    def period(self, outcome: StepOutcome, control_latency_ms: float | None) -> bool:
        self.outcomes.append(outcome)
        self.latency_ms.append(control_latency_ms)
        self.after.get(outcome.period, lambda: None)()
        return False

    def end(self) -> None:
        """Nothing to close."""

    def strategies(self) -> list[str]:
        return [outcome.strategy for outcome in self.outcomes]

    def policies(self) -> list[str]:
        return [outcome.policy_id for outcome in self.outcomes]


class Loop:
    """Starts services that find each other; all of them end with the test."""

    def __init__(self, folder: Path, plan_period_min: float, policy_lifetime_min: float, strategy: str) -> None:
        self.folder = folder
        self._scenario = folder / "loop.toml"
        self._scenario.write_text(
            SCENARIO.format(plan_period_min=plan_period_min, policy_lifetime_min=policy_lifetime_min)
        )
        self._strategy = strategy
        self._running: list[EmulatorService | XappService | RappService] = []
        self.recorder = Recorder()
        self.node_address = ""
        self.a1_address = "127.0.0.1:0"
        self.patience_s = 10.0
        self.certificates: dict[str, Tls] = {}

    def emulator(self, periods: int, speed: float = 0.0, **tables: str) -> EmulatorService:
        text = self._config("emulator", periods * PERIOD_H, speed, **{"listen": 'e2 = "127.0.0.1:0"', **tables})
        service = EmulatorService(read_config(self._write("emulator", text), EmulatorConfig), self.recorder)
        service.start()
        self._running.append(service)
        self.node_address = service.e2_address
        return service

    def xapp(self) -> XappService:
        service = XappService(read_config(self.xapp_config(), XappConfig))
        service.start()
        self._running.append(service)
        self.a1_address = service.a1_address
        return service

    def rapp(self) -> RappService:
        connect = f'o1 = "{self.node_address}"\na1 = "{self.a1_address}"'
        text = self._config("rapp", 24.0, 0.0, connect=connect, state=f'db = "{self.folder}/rapp.sqlite"')
        service = RappService(read_config(self._write("rapp", text), RappConfig))
        service.start()
        self._running.append(service)
        return service

    def xapp_config(self, **listen: str) -> Path:
        """The xApp's configuration file; its node is the emulator started last, or none."""
        text = self._config(
            "xapp",
            24.0,
            0.0,
            listen="\n".join(f'{key} = "{value}"' for key, value in {"a1": self.a1_address, **listen}.items()),
            connect=f'e2 = "{self.node_address or "127.0.0.1:9"}"',
            state=f'db = "{self.folder}/xapp.sqlite"\njournal = "{self.folder}/journal/xapp.jsonl"',
        )
        return self._write("xapp", text)

    def all_three(self, periods: int) -> EmulatorService:
        emulator = self.emulator(periods)
        self.xapp()
        self.rapp()
        return emulator

    @property
    def scenario(self) -> Scenario:
        return scenario_of(read_config(self.xapp_config(), XappConfig).run)

    def stop(self) -> None:
        for service in reversed(self._running):
            service.stop()

    def _config(self, role: str, hours_h: float, speed: float, **tables: str) -> str:
        run = f'scenario = "{self._scenario}"\nstrategy = "{self._strategy}"\nhours = {hours_h!r}\nspeed = {speed}'
        fixed = {"run": run, **self._security(role), "deadlines": f"peers_s = {PEERS_S}\ncall_s = {self.patience_s}"}
        return "\n".join(f"[{name}]\n{body}" for name, body in {**fixed, **tables}.items())

    def _security(self, role: str) -> dict[str, str]:
        if role not in self.certificates:
            return {"security": "plaintext = true"}
        tls = self.certificates[role]
        return {"tls": f'certificate = "{tls.certificate}"\nkey = "{tls.key}"\nauthority = "{tls.authority}"'}

    def _write(self, service: str, text: str) -> Path:
        path = self.folder / f"{service}.toml"
        path.write_text(text)
        return path


@pytest.fixture
def loop_of(tmp_path: Path) -> Iterator[Callable[..., Loop]]:
    """Factory of loops: ``plan_period_min``, ``policy_lifetime_min``, ``strategy``."""
    made: list[Loop] = []

    def build(plan_period_min: float = 15.0, policy_lifetime_min: float = 30.0, strategy: str = "msrc") -> Loop:
        made.append(Loop(tmp_path, plan_period_min, policy_lifetime_min, strategy))
        return made[-1]

    yield build
    for loop in made:
        loop.stop()


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[Dispatch | None]:
    """Every control with which the emulator service advances its world, in order."""
    import emulator.loop

    controls: list[Dispatch | None] = []
    advance = emulator.loop.world.advance

    def recording(world: object, control: Dispatch | None, dt_h: float, streams: object) -> object:
        controls.append(control)
        return advance(world, control, dt_h, streams)  # type: ignore[arg-type]

    monkeypatch.setattr(emulator.loop.world, "advance", recording)
    return controls
