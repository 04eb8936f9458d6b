"""Certificates, and a small real server, for the tests of TLS and gRPC."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import grpc
import pytest
from typing_extensions import override

from gridran.runtime.certificates import make_certificates
from gridran.runtime.grpc import Listening, abort_invalid, start_server
from gridran.runtime.tls import Tls, Transport
from gridran.wire.v1 import o1_telemetry_pb2 as o1
from gridran.wire.v1 import o1_telemetry_pb2_grpc as o1_grpc


class Emulator(o1_grpc.O1ServiceServicer):
    """Answers Describe with what the test gave it, streams nothing, and finds every PlanApplied stale."""

    def __init__(self) -> None:
        self.scenario = "test"
        self.plans = 0

    @override
    def Describe(self, request: o1.DescribeRequest, context: grpc.ServicerContext) -> o1.DescribeResponse:
        return o1.DescribeResponse(scenario=self.scenario)

    @override
    def PlanApplied(self, request: o1.PlanAppliedRequest, context: grpc.ServicerContext) -> o1.PlanAppliedResponse:
        self.plans += 1
        abort_invalid(context, "period", f"{request.period} is stale")

    @override
    def StreamTelemetry(
        self, request: o1.StreamTelemetryRequest, context: grpc.ServicerContext
    ) -> Iterator[o1.Telemetry]:
        yield o1.Telemetry(window_h=0.25)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tls]:
    """One certificate for each role, by role."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def serve() -> Iterator[Callable[..., tuple[Emulator, Listening]]]:
    """Starts the server with a transport on a free port of the loopback; stopped after the test."""
    started: list[Listening] = []

    def start(transport: Transport, **limits: int) -> tuple[Emulator, Listening]:
        servicer = Emulator()
        registrations = [lambda server: o1_grpc.add_O1ServiceServicer_to_server(servicer, server)]
        started.append(start_server("127.0.0.1:0", transport, registrations, **limits))
        return servicer, started[-1]

    yield start
    for listening in started:
        listening.stop(0.0)
