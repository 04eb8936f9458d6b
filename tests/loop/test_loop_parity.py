"""One decision path: the services do exactly what the same functions do in one process."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import grpc
import numpy as np
import pytest

from gridran.types import Dispatch, SiteMode
from gridran.wire.convert import network_from_proto, outcome_from_proto
from gridran.wire.v1 import o1_telemetry_pb2 as o1
from gridran.wire.v1.o1_telemetry_pb2_grpc import O1ServiceStub
from studies.trial import trial

PERIODS = 36  # two planning boundaries


def differing(one: Any, other: Any) -> list[str]:
    """Names of the fields in which two records of the same kind are not exactly equal."""
    pairs = ((f.name, getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    return [name for name, a, b in pairs if not np.array_equal(a, b)]


@pytest.mark.parametrize("strategy", ["msrc", "independent"])
def test_services_equal_the_trial_in_process(loop_of: Any, applied: list[Dispatch | None], strategy: str) -> None:
    """Over gRPC every control and every outcome is, to the last bit, that of ``studies.trial`` with the same seed."""
    loop = loop_of(strategy=strategy)
    assert loop.all_three(PERIODS).wait() == 0
    in_process = list(trial(loop.scenario, strategy, 1, PERIODS / 120.0))
    controls = list(applied)
    assert len(controls) == len(loop.recorder.outcomes) == len(in_process) == PERIODS
    for control, outcome, expected in zip(controls, loop.recorder.outcomes, in_process, strict=True):
        assert control is not None
        assert expected.control is not None
        assert differing(control, expected.control) == [], f"period {outcome.period}"
        assert differing(outcome, expected.outcome) == [], f"period {outcome.period}"
    cooperates = any((outcome.mode != SiteMode.NORMAL).any() for outcome in loop.recorder.outcomes)
    assert cooperates == (strategy == "msrc")


def test_an_observer_hears_every_outcome_and_a_summary(loop_of: Any) -> None:
    """A stream of outcomes opened before the run has all periods, equal to the emulator's own, and the figures."""
    loop = loop_of(strategy="independent")
    emulator = loop.emulator(8)
    stub = O1ServiceStub(grpc.insecure_channel(loop.node_address))
    network = network_from_proto(stub.Describe(o1.DescribeRequest()).network)
    stream = stub.StreamOutcomes(o1.StreamOutcomesRequest(requestor_id="test"))
    assert emulator.wait_for_listener("outcomes", 10.0)
    loop.xapp()
    loop.rapp()
    *periods, last = list(stream)
    assert emulator.wait() == 0
    for report, outcome, latency_ms in zip(periods, loop.recorder.outcomes, loop.recorder.latency_ms, strict=True):
        assert differing(outcome_from_proto(report.period.outcome, network), outcome) == []
        assert report.period.control_latency_ms == latency_ms
    assert (last.summary.reason, last.summary.periods, last.summary.missed_controls) == ("hours", 8, 0)
    assert 0.0 < last.summary.control_latency_p50_ms <= last.summary.control_latency_p99_ms
