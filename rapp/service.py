"""The rApp as a service: O1 and A1 clients, journal, metrics and health."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from gridran.runtime.asked import scenario_of, strategy_of
from gridran.runtime.code_version import code_version
from gridran.runtime.logs import configure_logs, get_log
from gridran.runtime.metrics import MetricsServer, new_registry
from gridran.runtime.notefile import NoteFile
from gridran.runtime.process import Forever, play
from gridran.runtime.service_config import RappConfig, read_config
from gridran.runtime.workers import Restarted, workers
from rapp.a1.grpc import GrpcA1
from rapp.journal import RappJournal
from rapp.loop import SlowLoop
from rapp.metrics import RappMetrics
from rapp.o1 import O1Client
from rapp.planning import Planning

_STOP_S = 0.5
_PLANS = ("rapp.clusters.planner", "rapp.planners")  # all that a plan depends on is imported from there
_PLANNED_FRAC = 0.8  # of the deadline for a plan, after which it is given up while there is time for another


class RappService(Forever):
    """One rApp."""

    def __init__(self, config: RappConfig) -> None:
        super().__init__()
        self._config, self._log = config, get_log()
        self.registry = new_registry()
        metrics = RappMetrics(self.registry, config.run.strategy)
        scenario, strategy = scenario_of(config.run), strategy_of(config.run)
        config.state.db.parent.mkdir(parents=True, exist_ok=True)
        notes = NoteFile(config.state.journal, "rapp") if config.state.journal else None
        self._workers = _workers(config)
        journal = RappJournal(config.state.db)
        self._planning = Planning(scenario, strategy, journal, notes, metrics, self._log, self._workers)
        a1 = GrpcA1(config.connect.a1, config.transport, config.limits.max_message_mib)
        self._loop = SlowLoop(self._node, a1, self._planning, config.deadlines.call_s, metrics, self._log)
        self._http: MetricsServer | None = None

    def start(self) -> None:
        """Begins planning in a thread."""
        if self._config.listen.http:
            self._http = MetricsServer(self._config.listen.http, self.registry, lambda: self._loop.connected)
            self._http.start()
        self._loop.start()

    def stop(self) -> bool:
        """Ends planning and closes everything; whether it ended in time."""
        ended = self._loop.stop(_STOP_S)
        if ended:
            self._planning.close()
        if self._http is not None:
            self._http.stop()
        self._workers.close()
        return ended

    def _node(self) -> O1Client:
        config = self._config
        return O1Client(config.connect.o1, config.transport, config.deadlines.call_s, config.limits.max_message_mib)


def _workers(config: RappConfig) -> Restarted:
    """Where clusters are planned; opened with the first large network, so a missing Dask cluster costs a plan, not the
    start."""
    wanted = config.workers
    count = wanted.processes or len(os.sched_getaffinity(0))
    opened = partial(workers, count, wanted.dask, _PLANS, partial(code_version, *_PLANS))
    return Restarted(opened, _PLANNED_FRAC * config.deadlines.plan_s)


def run(config: Path) -> int:
    """Runs until it is stopped; the exit code."""

    def make() -> RappService:
        read = read_config(config, RappConfig)
        configure_logs("rapp", read.log.format, read.log.level)
        return RappService(read)

    return play("rapp", make)
