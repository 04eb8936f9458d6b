"""What the rApp counts and measures, ``gridran_rapp_*``; docs/metrics.md says what each is."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gridran.runtime.meters import counter_of, tell_build
from gridran.types import PlanTier, Policy
from gridran.units import h_to_s
from rapp.notes import Note

_BUCKETS_S = (0.01, 0.03, 0.1, 0.3, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
_THREADS = ("planner", "status", "telemetry")
_ANSWERS = ("enforced", "refused", "unreachable")
_PLAN_FIELDS = {
    "survival_h": ("survival_seconds", "Expected life of the first site to run dry, s", h_to_s(1.0)),
    "bound_survival_h": (
        "bound_survival_seconds",
        "Longest such life that the search leaves possible, s",
        h_to_s(1.0),
    ),
    "ev_energy_kwh": ("ev_energy_kwh", "EV energy forecast over the horizon, all sites, kWh", 1.0),
}
"""By field of the note: name, help, and how many of its units are one of the field's."""


class RappMetrics:
    """The rApp's own metrics in ``registry``, under ``strategy``."""

    def __init__(self, registry: CollectorRegistry, strategy: str) -> None:
        name = "gridran_rapp"
        tell_build(registry, "rapp", strategy=strategy)
        self.solve_s = Histogram(
            f"{name}_plan_seconds", "Telemetry to policy, journal included, s", buckets=_BUCKETS_S, registry=registry
        )
        self.puts = counter_of(registry, f"{name}_policy_puts", "Policies put by result", "result", _ANSWERS)
        self.connected = Gauge(f"{name}_connected", "1 while the node sends telemetry", registry=registry)
        self.faults = counter_of(registry, f"{name}_loop_faults", "Faults that a thread survived", "thread", _THREADS)
        self.enforced = Gauge(f"{name}_policy_enforced", "1 while the xApp enforces the last policy", registry=registry)
        self.skipped = Counter(f"{name}_reports_skipped", "Reports overtaken by a newer one", registry=registry)
        self._plans = counter_of(registry, f"{name}_plans", "Plans by tier", "tier", PlanTier)
        self._failed = Counter(f"{name}_solves_failed", "Solves without a plan", registry=registry)
        self._gap_frac = Gauge(
            f"{name}_plan_gap_frac", "Proven gap of the plan, 0 to 1, NaN without", registry=registry
        )
        self._age_s = Gauge(
            f"{name}_plan_age_seconds",
            "Simulated age of the last published plan when it was published, s",
            registry=registry,
        )
        self._planned_at_s = Gauge(
            f"{name}_planned_at_seconds", "Simulated time of the last published policy, s", registry=registry
        )
        self._plan = {
            field: Gauge(f"{name}_{called}", text, registry=registry)
            for field, (called, text, _) in _PLAN_FIELDS.items()
        }
        for gauge in (self._gap_frac, self._age_s, self._planned_at_s, *self._plan.values()):
            gauge.set(float("nan"))  # not known before the first plan

    def planned(self, policy: Policy, took_s: float) -> None:
        """A policy is about to be published."""
        self.solve_s.observe(took_s)
        self._plans.labels(policy.tier.value).inc()
        self._gap_frac.set(policy.gap_frac)
        self._age_s.set(h_to_s(policy.plan_age_h))
        self._planned_at_s.set(h_to_s(policy.issued_h))

    def noted(self, note: Note) -> None:
        """The core has said something."""
        if note.kind == "plan-failed":
            self._failed.inc()
        if note.kind == "plan":
            for field, gauge in self._plan.items():
                value = note.fields.get(field)
                units = _PLAN_FIELDS[field][2]
                gauge.set(value * units if isinstance(value, int | float) else float("nan"))
