"""Where a run's periods go while it runs: into files, into figures of merit, and as events to whoever started it.

An emulator service calls ``begin`` once, ``period`` after every period and ``end`` on every way out. It may not import
this module: it is handed the sink.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from gridran.scenario.params import Scenario
from gridran.types import StepOutcome
from studies.availability import CLASS_NAMES, class_availability_frac
from studies.kpis import KpiAccumulator, RunMeta
from studies.recorder import MODE_NAMES, RunFacts, RunRecorder


@dataclass(frozen=True)
class SinkConfig:
    """What was asked for, from the ``[run]`` table of the emulator's configuration."""

    strategy: str
    load: str
    seed: int
    hours_h: float
    out: Path


class RunSink:
    """Records one run under ``config.out``; writes an event for every period to ``events`` (default: stdout)."""

    def __init__(self, config: SinkConfig, events: TextIO | None = None) -> None:
        self._config = config
        self._events = events or sys.stdout
        self._recorder: RunRecorder | None = None
        self._kpis = KpiAccumulator()
        self._latency_ms: list[float] = []
        self._started_s = time.monotonic()
        self._time_h = 0.0

    def begin(self, scenario: Scenario) -> None:
        """Opens the files. OSError where ``out`` cannot be written."""
        config, network = self._config, scenario.network
        facts = RunFacts(config.strategy, config.load, config.seed, config.hours_h, scenario.name, network)
        self._kpis = KpiAccumulator.for_network(network, scenario.ev.power_limit_kw)
        self._recorder = RunRecorder(config.out, facts)
        self._started_s = time.monotonic()
        ues = scenario.traffic.ue_count
        self._emit({"event": "start", "sites": network.site_count, "ues": ues, "hours_h": config.hours_h})

    def period(self, outcome: StepOutcome, control_latency_ms: float | None) -> bool:
        """Takes a period; ``control_latency_ms`` from indication to control, None without a control.

        Returns True where the run is over: the network is lost, or the hours are up.
        """
        if self._recorder is None:
            raise RuntimeError("begin() comes before period()")
        self._recorder.add(outcome)
        self._kpis.add(outcome)
        if control_latency_ms is not None:
            self._latency_ms.append(control_latency_ms)
        self._time_h = outcome.time_h + outcome.dt_h
        self._emit(period_event(outcome))
        return self._kpis.lost or self._hours_up

    def end(self) -> None:
        """Writes kpis.json and timeline.parquet. Does nothing the second time, or before ``begin``."""
        if self._recorder is None:
            return
        recorder, self._recorder = self._recorder, None
        if self._kpis.shares:
            recorder.finish(self._kpis.result(self._meta()))
        reason = "lost" if self._kpis.lost else "hours" if self._hours_up else "stopped"
        self._emit({"event": "end", "reason": reason, "time_h": self._time_h})

    @property
    def _hours_up(self) -> bool:
        return self._time_h >= self._config.hours_h - 1e-9

    def _meta(self) -> RunMeta:
        wall_s = time.monotonic() - self._started_s
        return RunMeta(self._config.strategy, self._config.load, self._config.seed, wall_s, self._latency_ms)

    def _emit(self, event: dict[str, Any]) -> None:
        print(json.dumps(event, separators=(",", ":")), file=self._events, flush=True)


def period_event(outcome: StepOutcome) -> dict[str, Any]:
    """The event of a period, see ``console.progress``."""
    up = outcome.site_up
    modes = {name: int(((outcome.mode == index) & up).sum()) for index, name in enumerate(MODE_NAMES)}
    return {
        "event": "period",
        "period": outcome.period,
        "time_h": round(outcome.time_h + outcome.dt_h, 6),
        "modes": modes | {"down": int((~up).sum())},
        "soc_min_frac": round(float(outcome.soc_frac.min()), 4),
        "served_frac": {
            name: round(float(share), 4)
            for name, share in zip(CLASS_NAMES, class_availability_frac(outcome), strict=True)
        },
    }
