"""Figures of a whole run for its last report."""

from __future__ import annotations

import numpy as np

from gridran.wire.v1 import o1_telemetry_pb2 as o1


class Tally:
    """Counts periods, missed and refused controls, and keeps every latency."""

    def __init__(self) -> None:
        self._periods = 0
        self._missed = 0
        self._latency_ms: list[float] = []
        self._rejected = 0

    def add(self, has_control: bool, latency_ms: float | None) -> None:
        """A period is over."""
        self._periods += 1
        self._missed += not has_control
        if latency_ms is not None:
            self._latency_ms.append(latency_ms)

    def reject(self) -> None:
        """A control was refused."""
        self._rejected += 1

    def summary(self, reason: str) -> o1.RunSummary:
        """The last report; percentiles are left out where no control had a latency."""
        summary = o1.RunSummary(
            reason=reason, periods=self._periods, missed_controls=self._missed, rejected_controls=self._rejected
        )
        if self._latency_ms:
            p50_ms, p99_ms = np.percentile(self._latency_ms, [50, 99]).tolist()
            summary.control_latency_p50_ms = p50_ms
            summary.control_latency_p99_ms = p99_ms
        return summary
