"""What the services serve is as Prometheus wants it: base units, help texts, counters that end in _total."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable

from prometheus_client import CollectorRegistry, generate_latest

from emulator.metrics import EmulatorMetrics
from emulator.pace import Pace
from gridran.runtime.clock import Lockstep
from gridran.scenario.params import Scenario
from rapp.metrics import RappMetrics
from studies.trial import trial
from xapp.metrics import XappMetrics


def test_metrics_pass_the_lint_of_prometheus(prometheus_tool: Callable[[str], str], small_scenario: Scenario) -> None:
    """`promtool check metrics` has nothing to say of all that the three services serve."""
    truth, fast, slow = CollectorRegistry(), CollectorRegistry(), CollectorRegistry()
    emulator = EmulatorMetrics(truth, small_scenario, "msrc")
    emulator.watch(Pace(Lockstep(), 30.0, threading.Event()))
    emulator.record(next(trial(small_scenario, "independent", 1, 1.0 / 60.0)).outcome, True, 3.0)
    XappMetrics(fast, "msrc")
    RappMetrics(slow, "msrc")
    served = b"".join(generate_latest(registry) for registry in (truth, fast, slow))
    assert served.count(b"\n") > 300
    said = subprocess.run(
        [prometheus_tool("promtool"), "check", "metrics"], input=served, capture_output=True, timeout=60, check=False
    )
    assert (said.returncode, said.stdout + said.stderr) == (0, b"")
