"""What the xApp counts and measures, ``gridran_xapp_*``; docs/metrics.md says what each is."""

from __future__ import annotations

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gridran.runtime.meters import counter_of, tell_build
from gridran.types import Dispatch, DispatchTier, Policy, ShedReason, Snapshot
from gridran.units import h_to_s
from xapp.core import State

_BUCKETS_S = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5)


class XappMetrics:
    """The xApp's own metrics in ``registry``, under ``strategy``."""

    def __init__(self, registry: CollectorRegistry, strategy: str) -> None:
        name = "gridran_xapp"
        tell_build(registry, "xapp", strategy=strategy)
        self._decision_s = Histogram(
            f"{name}_decision_seconds", "Report to decision, journal included, s", buckets=_BUCKETS_S, registry=registry
        )
        self.dispatches = counter_of(registry, f"{name}_dispatches", "Decisions by tier", "tier", DispatchTier)
        self.controls = counter_of(
            registry, f"{name}_controls", "Controls sent by result", "result", ("acked", "failed")
        )
        self._observed = counter_of(
            registry, f"{name}_controls_observed", "Acknowledged controls by what the next report says", "effect",
            ("shows", "missing"),
        )  # fmt: skip
        self.policies = counter_of(
            registry, f"{name}_policies", "Policies put by result", "result", ("accepted", "rejected")
        )
        self.bad_messages = counter_of(
            registry, f"{name}_bad_messages", "Messages refused as invalid", "rpc", ("Indication", "PutPolicy")
        )
        self.faults = Counter(f"{name}_loop_faults", "Restarts of the fast loop after a fault", registry=registry)
        self.connected = Gauge(f"{name}_connected", "1 while subscribed at the node", registry=registry)
        self._fallback = Gauge(f"{name}_fallback", "1 while no policy is in force", registry=registry)
        self._fallback.set(1)
        self._policy_age_s = Gauge(
            f"{name}_policy_age_seconds", "Simulated time since the policy was issued, s", registry=registry
        )
        self._policy_valid_s = Gauge(
            f"{name}_policy_valid_seconds", "Simulated time until the policy expires, s", registry=registry
        )
        self._policy_life_s = Gauge(
            f"{name}_policy_life_seconds", "Simulated time from issue to expiry of the policy, s", registry=registry
        )
        self._v2g_kw = Gauge(
            f"{name}_v2g_asked_kw", "Power asked of the cars in the last decision, kW", ["site"], registry=registry
        )
        self._shed = Gauge(f"{name}_shed_users", "Users shed in the last decision", ["reason"], registry=registry)

    def observed(self, missing: bool) -> None:
        """A report has shown what came of an acknowledged control, or, where it is ``missing``, has not."""
        self._observed.labels("missing" if missing else "shows").inc()

    def decided(self, state: State, snapshot: Snapshot, control: Dispatch, took_s: float) -> None:
        """A decision is about to be sent."""
        self._decision_s.observe(took_s)
        self.dispatches.labels(control.tier.value).inc()
        self._tell_policy(state.policy, snapshot.time_h)
        for site, kw in zip(state.settings.network.sites, control.v2g_kw.tolist(), strict=True):
            self._v2g_kw.labels(site.site_id).set(kw)
        shed = np.bincount(control.shed_reason, minlength=len(ShedReason))
        for reason in ShedReason:
            if reason is not ShedReason.SERVED:
                self._shed.labels(reason.name.lower()).set(int(shed[reason]))

    def _tell_policy(self, policy: Policy | None, now_h: float) -> None:
        """Age, rest and whole life of the policy in force; without one all are 0."""
        self._fallback.set(policy is None)
        self._policy_age_s.set(h_to_s(now_h - policy.issued_h) if policy else 0.0)
        self._policy_valid_s.set(h_to_s(policy.valid_until_h - now_h) if policy else 0.0)
        self._policy_life_s.set(h_to_s(policy.valid_until_h - policy.issued_h) if policy else 0.0)
