"""What the emulator counts and measures, ``gridran_emulator_*``."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gridran.lost import critical_availability_frac
from gridran.types import Network, StepOutcome

_LATENCY_BUCKETS_MS = (2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000, 2000, 5000, 30000)
_SITE_GAUGES = {
    "soc_frac": "State of charge at the end of the period",
    "load_kw": "Mean draw of the site",
    "v2g_kw": "Mean power from EVs",
    "site_up": "1 while the site runs",
    "mode": "0 normal, 1 helping, 2 assisted, 3 deep sleep",
}


class EmulatorMetrics:
    """The emulator's own metrics in ``registry``."""

    def __init__(self, registry: CollectorRegistry, network: Network) -> None:
        name = "gridran_emulator"
        self.latency_ms = Histogram(
            f"{name}_control_latency_ms", "Indication handed over until control accepted",
            buckets=_LATENCY_BUCKETS_MS, registry=registry,
        )  # fmt: skip
        self.controls = Counter(f"{name}_controls", "Controls by result", ["result"], registry=registry)
        self.bad_messages = Counter(f"{name}_bad_messages", "Calls refused as invalid", ["rpc"], registry=registry)
        self.listeners = Gauge(f"{name}_listeners", "Open streams", ["stream"], registry=registry)
        self.late_plans = Counter(f"{name}_late_plans", "Boundaries whose plan missed its deadline", registry=registry)
        self._time_h = Gauge(f"{name}_time_h", "Simulated time", registry=registry)
        self._critical = Gauge(
            f"{name}_critical_availability_frac", "Emergency and voice users served in full", registry=registry
        )
        self._ledger = Gauge(f"{name}_ledger_error_kwh", "Largest energy imbalance of a site", registry=registry)
        self._sites = {
            field: Gauge(f"{name}_{field}", text, ["site"], registry=registry) for field, text in _SITE_GAUGES.items()
        }
        self._site_ids = [site.site_id for site in network.sites]

    def record(self, outcome: StepOutcome, latency_ms: float | None) -> None:
        """A period is over."""
        self._time_h.set(outcome.time_h + outcome.dt_h)
        self._critical.set(critical_availability_frac(outcome))
        self._ledger.set(outcome.ledger_error_kwh)
        if latency_ms is not None:
            self.latency_ms.observe(latency_ms)
        for field, gauge in self._sites.items():
            for site_id, value in zip(self._site_ids, getattr(outcome, field).tolist(), strict=True):
                gauge.labels(site_id).set(value)
