"""What the xApp counts and measures, ``gridran_xapp_*``."""

from __future__ import annotations

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gridran.types import Dispatch, ShedReason, Snapshot
from xapp.core import State

_BUCKETS_MS = (2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000, 2000, 5000)


class XappMetrics:
    """The xApp's own metrics in ``registry``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        name = "gridran_xapp"
        self.decision_ms = Histogram(
            f"{name}_decision_ms", "Report to decision, journal included", buckets=_BUCKETS_MS, registry=registry
        )
        self.dispatches = Counter(f"{name}_dispatches", "Decisions by tier", ["tier"], registry=registry)
        self.controls = Counter(f"{name}_controls", "Controls sent by result", ["result"], registry=registry)
        self.without_effect = Counter(
            f"{name}_controls_without_effect",
            "Acknowledged controls that the next report does not show",
            registry=registry,
        )
        self.policies = Counter(f"{name}_policies", "Policies put by result", ["result"], registry=registry)
        self.bad_messages = Counter(f"{name}_bad_messages", "Messages refused as invalid", ["rpc"], registry=registry)
        self.faults = Counter(f"{name}_loop_faults", "Restarts of the fast loop after a fault", registry=registry)
        self.connected = Gauge(f"{name}_connected", "1 while subscribed at the node", registry=registry)
        self._fallback = Gauge(f"{name}_fallback", "1 while no policy is in force", registry=registry)
        self._policy_age_h = Gauge(f"{name}_policy_age_h", "Time since the policy was issued", registry=registry)
        self._shed = Gauge(f"{name}_shed_users", "Users shed in the last decision", ["reason"], registry=registry)

    def decided(self, state: State, snapshot: Snapshot, control: Dispatch, took_s: float) -> None:
        """A decision is about to be sent."""
        self.decision_ms.observe(1e3 * took_s)
        self.dispatches.labels(control.tier.value).inc()
        self._fallback.set(state.policy is None)
        self._policy_age_h.set(snapshot.time_h - state.policy.issued_h if state.policy else 0.0)
        shed = np.bincount(control.shed_reason, minlength=len(ShedReason))
        for reason in ShedReason:
            if reason is not ShedReason.SERVED:
                self._shed.labels(reason.name.lower()).set(int(shed[reason]))
