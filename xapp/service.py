"""The xApp as a service: A1-like port, E2 loop, journal, metrics and health."""

from __future__ import annotations

from pathlib import Path

import grpc

from gridran.runtime.asked import scenario_of, strategy_of
from gridran.runtime.grpc import Listening, start_server
from gridran.runtime.logs import configure_logs, get_log
from gridran.runtime.metrics import MetricsServer, new_registry
from gridran.runtime.notefile import NoteFile
from gridran.runtime.process import Forever, play
from gridran.runtime.service_config import XappConfig, read_config
from gridran.wire.v1.a1_policy_pb2_grpc import add_A1PolicyServiceServicer_to_server
from xapp.a1_server import A1Server
from xapp.decider import Decider
from xapp.e2.grpc import GrpcE2
from xapp.e2_loop import E2Loop
from xapp.journal import XappJournal
from xapp.metrics import XappMetrics

_STOP_S = 1.2


class XappService(Forever):
    """One xApp. It listens before it subscribes: when the node begins, policies can be put."""

    def __init__(self, config: XappConfig) -> None:
        super().__init__()
        self._config, self._log = config, get_log()
        self.registry = new_registry()
        self._metrics = XappMetrics(self.registry, config.run.strategy)
        scenario, strategy = scenario_of(config.run), strategy_of(config.run)
        config.state.db.parent.mkdir(parents=True, exist_ok=True)
        notes = NoteFile(config.state.journal, "xapp") if config.state.journal else None
        journal = XappJournal(config.state.db)
        self._decider = Decider(scenario, strategy, journal, notes, self._metrics, self._log)
        self._loop = E2Loop(self._port, self._decider, self._metrics, self._log)
        self._server: Listening | None = None
        self._http: MetricsServer | None = None

    @property
    def a1_address(self) -> str:
        """Where policies are taken, once started."""
        return str(self._server.address) if self._server else self._config.listen.a1

    def start(self) -> None:
        """Opens the A1 server and begins the fast loop in a thread."""
        listen = self._config.listen
        if listen.http:
            self._http = MetricsServer(listen.http, self.registry, lambda: self._loop.connected)
            self._http.start()
        limit_mib = self._config.limits.max_message_mib
        self._server = start_server(listen.a1, self._config.transport, [self._add_a1], limit_mib)
        self._log.info("listening", a1=self.a1_address)
        self._loop.start()

    def stop(self) -> bool:
        """Ends the fast loop and closes everything; whether it ended in time."""
        ended = self._loop.stop(_STOP_S)
        if self._server is not None:
            self._server.stop(0.2)
        if ended:  # a policy that is still being answered must find its journal
            self._decider.close()
        if self._http is not None:
            self._http.stop()
        return ended

    def _port(self) -> GrpcE2:
        config = self._config
        return GrpcE2(config.connect.e2, config.transport, config.deadlines.call_s, config.limits.max_message_mib)

    def _add_a1(self, server: grpc.Server) -> None:
        add_A1PolicyServiceServicer_to_server(A1Server(self._decider, self._metrics, self._log), server)


def run(config: Path) -> int:
    """Runs until it is stopped; the exit code."""

    def make() -> XappService:
        read = read_config(config, XappConfig)
        configure_logs("xapp", read.log.format, read.log.level)
        return XappService(read)

    return play("xapp", make)
