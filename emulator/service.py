"""The emulator as a service: E2-like and O1-like ports, metrics and health, and the simulation between them."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path
from typing import Any

import grpc

from emulator.e2_server import E2Server
from emulator.exchange import Exchange
from emulator.loop import RunOrder, Simulation, Sink
from emulator.metrics import EmulatorMetrics
from emulator.node import Node
from emulator.o1_server import O1Server
from gridran.runtime.asked import scenario_of, strategy_of
from gridran.runtime.audience import Audience
from gridran.runtime.clock import clock_of
from gridran.runtime.grpc import Listening, Register, start_server
from gridran.runtime.logs import configure_logs, get_log
from gridran.runtime.metrics import MetricsServer, new_registry
from gridran.runtime.process import EXIT_FAILED, EXIT_OK, play
from gridran.runtime.service_config import EmulatorConfig, read_config
from gridran.wire.v1.e2_pb2_grpc import add_E2ServiceServicer_to_server
from gridran.wire.v1.o1_telemetry_pb2_grpc import add_O1ServiceServicer_to_server

_DRAIN_S = 5.0  # for observers to take the last reports
_STOP_S = (0.7, 0.7)


class EmulatorService:
    """One emulator. ``start`` listens and begins, ``wait`` returns when the run has ended, ``stop`` ends it."""

    def __init__(self, config: EmulatorConfig, sink: Sink | None = None) -> None:
        self._config, self._sink, self._log = config, sink, get_log()
        strategy_of(config.run)  # recorded with the run: an unknown one is refused here as by its peers
        self._node = Node(f"gridran-{uuid.uuid4().hex[:12]}", scenario_of(config.run), config.run.speed)
        self._exchange = Exchange()
        self.registry = new_registry()
        self._metrics = EmulatorMetrics(self.registry, self._node.scenario, config.run.strategy)
        order = RunOrder(self._node, config.run.seed, config.run.hours, config.deadlines)
        clock = clock_of(config.run.speed)
        self._simulation = Simulation(order, clock, self._exchange, self._metrics, sink, self._log)
        self._metrics.watch(self._simulation.pace)
        self._thread = threading.Thread(target=self._simulate, name="simulation", daemon=True)
        self._servers: list[Listening] = []
        self._http: MetricsServer | None = None
        self._ended = threading.Event()
        self._code = EXIT_OK

    @property
    def e2_address(self) -> str:
        """Host and port that E2 listens on."""
        return str(self._servers[0].address)

    @property
    def o1_address(self) -> str:
        """Host and port that O1 listens on."""
        return str(self._servers[-1].address)

    def wait_for_listener(self, stream: str, timeout_s: float, count: int = 1) -> bool:
        """Waits until ``count`` hear ``stream``: "indications", "telemetry" or "outcomes"."""
        audience: Audience[Any] = getattr(self._exchange, stream)
        return self._exchange.wait(lambda: len(audience) == count, timeout_s)

    def start(self) -> None:
        """Opens the servers and begins the run in a thread."""
        listen = self._config.listen
        if listen.http:
            self._http = MetricsServer(listen.http, self.registry, self._ready)
            self._http.start()
        together = not listen.o1 or listen.o1 == listen.e2
        self._listen(listen.e2, [self._add_e2, self._add_o1] if together else [self._add_e2])
        if not together:
            self._listen(listen.o1, [self._add_o1])
        if self._sink is not None:
            self._sink.begin(self._node.scenario)
        self._log.info("listening", e2=self.e2_address, o1=self.o1_address, scenario=self._node.scenario.name)
        self._thread.start()

    def wait(self) -> int:
        """The exit code, once the run has ended, or has failed where the process outlives its run."""
        self._ended.wait()
        return self._code

    def stop(self) -> bool:
        """Ends the run after the period at hand and closes everything; whether it ended in time."""
        self._exchange.request_stop()
        for patience_s in _STOP_S:
            if self._thread.is_alive():
                self._thread.join(patience_s)
            self._exchange.close(0.0)  # an observer that takes nothing must not hold up the end
        for server in self._servers:
            server.stop(0.2)
        if self._http is not None:
            self._http.stop()
        return not self._thread.is_alive()

    def _simulate(self) -> None:
        try:
            reason = self._simulation.play()
            self._metrics.over()
            self._log.info("run ended", reason=reason)
            if self._sink is not None:
                self._sink.end()
        except OSError as error:  # the disk is full, or gone: what was recorded stays
            self._code = EXIT_FAILED
            self._log.error("the run cannot be recorded", why=str(error))
        except Exception:
            self._code = EXIT_FAILED
            self._log.exception("the simulation failed")
        stopped = self._exchange.stop.is_set()
        self._exchange.close(0.0 if stopped else _DRAIN_S)
        if self._config.run.exit_at_end or self._code != EXIT_OK:
            self._ended.set()

    def _ready(self) -> bool:
        return len(self._exchange.indications) > 0 and len(self._exchange.telemetry) > 0

    def _listen(self, address: str, adders: list[Register]) -> None:
        self._servers.append(start_server(address, self._config.transport, adders, self._config.limits.max_message_mib))

    def _add_e2(self, server: grpc.Server) -> None:
        servicer = E2Server(self._node, self._exchange, self._metrics, self._simulation.tally.reject, self._log)
        add_E2ServiceServicer_to_server(servicer, server)

    def _add_o1(self, server: grpc.Server) -> None:
        add_O1ServiceServicer_to_server(
            O1Server(self._node, self._exchange, self._simulation.pace, self._metrics, self._log), server
        )


def run(config: Path, sink: Sink | None = None) -> int:
    """Plays what ``config`` says until it ends or is stopped; the exit code."""

    def make() -> EmulatorService:
        read = read_config(config, EmulatorConfig)
        configure_logs("emulator", read.log.format, read.log.level)
        return EmulatorService(read, sink)

    return play("emulator", make)
