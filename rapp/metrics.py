"""What the rApp counts and measures, ``gridran_rapp_*``."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gridran.types import Policy
from rapp.notes import Note

_BUCKETS_S = (0.01, 0.03, 0.1, 0.3, 1, 2, 5, 10, 20, 30, 60, 120)
_PLAN_FIELDS = {
    "survival_h": "Expected life of the first site to run dry",
    "bound_survival_h": "Proven upper bound of that life",
    "ev_energy_kwh": "EV energy forecast over the horizon, all sites",
}


class RappMetrics:
    """The rApp's own metrics in ``registry``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        name = "gridran_rapp"
        self.solve_s = Histogram(
            f"{name}_plan_s", "Telemetry to policy, journal included", buckets=_BUCKETS_S, registry=registry
        )
        self.puts = Counter(f"{name}_policy_puts", "Policies put by result", ["result"], registry=registry)
        self.connected = Gauge(f"{name}_connected", "1 while the node sends telemetry", registry=registry)
        self.faults = Counter(f"{name}_loop_faults", "Faults that a thread survived", ["thread"], registry=registry)
        self.enforced = Gauge(f"{name}_policy_enforced", "1 while the xApp enforces the last policy", registry=registry)
        self.skipped = Counter(f"{name}_reports_skipped", "Reports overtaken by a newer one", registry=registry)
        self._plans = Counter(f"{name}_plans", "Plans by tier", ["tier"], registry=registry)
        self._failed = Counter(f"{name}_solves_failed", "Solves without a plan", registry=registry)
        self._gap_frac = Gauge(f"{name}_plan_gap_frac", "Proven gap of the last plan, NaN without", registry=registry)
        self._age_h = Gauge(f"{name}_plan_age_h", "Age of the last published plan", registry=registry)
        self._plan = {field: Gauge(f"{name}_{field}", text, registry=registry) for field, text in _PLAN_FIELDS.items()}

    def planned(self, policy: Policy, took_s: float) -> None:
        """A policy is about to be published."""
        self.solve_s.observe(took_s)
        self._plans.labels(policy.tier.value).inc()
        self._gap_frac.set(policy.gap_frac)
        self._age_h.set(policy.plan_age_h)

    def noted(self, note: Note) -> None:
        """The core has said something."""
        if note.kind == "plan-failed":
            self._failed.inc()
        if note.kind == "plan":
            for field, gauge in self._plan.items():
                value = note.fields.get(field)
                gauge.set(value if isinstance(value, int | float) else float("nan"))
