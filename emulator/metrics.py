"""What the emulator counts and measures, ``gridran_emulator_*``; docs/metrics.md says what each is."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from emulator.network_metrics import NetworkCollector
from emulator.pace import Pace
from emulator.watchdog import SAFE_STATE
from gridran.runtime.meters import counter_of, tell_build
from gridran.scenario.params import Scenario
from gridran.types import StepOutcome
from gridran.units import h_to_s, min_to_h

_LATENCY_BUCKETS_S = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5, 30)
_RESULTS, _RPCS = ("accepted", "rejected", "missed"), ("Control", "Indication", "PlanApplied", "SetPace")
_IN_TIME, _HELD, _SAFE = 0, 1, 2
_UNCONTROLLED = {_HELD: "held", _SAFE: "safe"}


class EmulatorMetrics:
    """The emulator's own metrics in ``registry``, for a run of ``scenario`` with ``strategy``."""

    def __init__(self, registry: CollectorRegistry, scenario: Scenario, strategy: str) -> None:
        name = "gridran_emulator"
        tell_build(registry, "emulator", scenario=scenario.name, strategy=strategy)
        plan_period_s = Gauge(
            f"{name}_plan_period_seconds", "Simulated time from one planning boundary to the next, s", registry=registry
        )
        plan_period_s.set(h_to_s(min_to_h(scenario.time.plan_period_min)))
        self._latency_s = Histogram(
            f"{name}_control_latency_seconds", "Indication handed over until control accepted, s",
            buckets=_LATENCY_BUCKETS_S, registry=registry,
        )  # fmt: skip
        self.controls = counter_of(registry, f"{name}_controls", "Controls by result", "result", _RESULTS)
        self.bad_messages = counter_of(registry, f"{name}_bad_messages", "Calls refused as invalid", "rpc", _RPCS)
        self.listeners = Gauge(f"{name}_listeners", "Open streams", ["stream"], registry=registry)
        self.late_plans = Counter(f"{name}_late_plans", "Boundaries whose plan missed its deadline", registry=registry)
        self._handovers = Counter(f"{name}_handovers", "Changes of serving site (MM.HoExeInterSucc)", registry=registry)
        self._watchdog = Gauge(
            f"{name}_watchdog_state", "0 a control came, 1 the last one is held, 2 safe state", registry=registry
        )
        self._uncontrolled = counter_of(
            registry, f"{name}_watchdog_periods", "Periods without a control by what acted instead", "state",
            _UNCONTROLLED.values(),
        )  # fmt: skip
        self._run_over = Gauge(f"{name}_run_over", "1 once the run has ended", registry=registry)
        self._paused = Gauge(f"{name}_paused", "1 while somebody holds the clock", registry=registry)
        self._speed = Gauge(
            f"{name}_pace_speed", "Simulated seconds per second asked for; 0: as fast as can be", registry=registry
        )
        self._network = NetworkCollector(registry, scenario.network)

    def watch(self, pace: Pace) -> None:
        """Shows ``pace`` from now on."""
        self._paused.set_function(lambda: float(pace.paused))
        self._speed.set_function(lambda: pace.speed)

    def over(self) -> None:
        """The run has ended."""
        self._run_over.set(1)

    def record(self, outcome: StepOutcome, in_time: bool, latency_ms: float | None) -> None:
        """A period is over; ``in_time``: it had a control of its own."""
        self._network.saw(outcome)
        self._handovers.inc(outcome.handovers)
        state = _IN_TIME if in_time else _SAFE if outcome.strategy == SAFE_STATE else _HELD
        self._watchdog.set(state)
        if state != _IN_TIME:
            self.controls.labels("missed").inc()
            self._uncontrolled.labels(_UNCONTROLLED[state]).inc()
        if latency_ms is not None:
            self._latency_s.observe(latency_ms / 1e3)
