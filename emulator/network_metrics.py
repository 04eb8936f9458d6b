"""The state of the network as metrics, read off the last outcome when somebody scrapes: a period costs nothing.

Names, labels and meanings are those of docs/metrics.md. No label is of a single user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from gridran.energy.battery import BatteryArrays, battery_arrays, usable_kwh
from gridran.lost import critical_availability_frac
from gridran.service import shed_counts
from gridran.types import FloatArray, Network, ServiceClass, ShedReason, SiteMode, StepOutcome
from gridran.units import h_to_s

_NAME = "gridran_emulator"
_CLASSES = tuple(c.name.lower() for c in ServiceClass)
_REASONS = tuple(r.name.lower() for r in ShedReason)
_SOURCES = {"battery": "battery_discharge_kw", "v2g": "v2g_kw", "pv": "pv_kw", "grid": "grid_import_kw"}
_SINKS = {"battery": "battery_charge_kw", "ev": "ev_charge_kw"}
_Sample = tuple[tuple[str, ...], float]


@dataclass(frozen=True)
class _Seen:
    """The last outcome, and the energy in kWh by source up to its end."""

    outcome: StepOutcome
    energy_kwh: dict[str, float]


@dataclass(frozen=True)
class _Gauge:
    """A gauge ``name`` with ``labels`` and what its samples are."""

    name: str
    text: str
    labels: tuple[str, ...]
    samples: Callable[[_Sites, StepOutcome], Iterable[_Sample]]


@dataclass(frozen=True)
class _Sites:
    """What of the network the samples need."""

    ids: tuple[str, ...]
    bands: tuple[str, ...]
    battery: BatteryArrays


class NetworkCollector(Collector):
    """Collects in ``registry``; ``saw`` is told every outcome."""

    def __init__(self, registry: CollectorRegistry, network: Network) -> None:
        ids, bands = tuple(s.site_id for s in network.sites), tuple(b.name for b in network.bands)
        self._sites = _Sites(ids, bands, battery_arrays(network))
        self._seen: _Seen | None = None
        registry.register(self)

    def saw(self, outcome: StepOutcome) -> None:
        """A period is over."""
        before = self._seen.energy_kwh if self._seen else dict.fromkeys(_SOURCES, 0.0)
        energy_kwh = {
            source: before[source] + float(getattr(outcome, field).sum()) * outcome.dt_h
            for source, field in _SOURCES.items()
        }
        self._seen = _Seen(outcome, energy_kwh)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: there is none before the first period, and names do not clash."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """The families of the last outcome; none before the first."""
        seen = self._seen
        if seen is None:
            return
        for gauge in _GAUGES:
            family = GaugeMetricFamily(f"{_NAME}_{gauge.name}", gauge.text, labels=gauge.labels)
            for labels, value in gauge.samples(self._sites, seen.outcome):
                family.add_metric(labels, value)
            yield family
        energy = CounterMetricFamily(
            f"{_NAME}_energy_kwh", "Energy by source since the start, all sites, kWh (PEE.Energy)", labels=("source",)
        )
        for source, kwh in seen.energy_kwh.items():
            energy.add_metric((source,), kwh)
        yield energy


def _of_sites(field: str) -> Callable[[_Sites, StepOutcome], Iterator[_Sample]]:
    """One sample for each site: the outcome's ``field`` [N]."""

    def samples(sites: _Sites, outcome: StepOutcome) -> Iterator[_Sample]:
        return _by_site(sites, getattr(outcome, field))

    return samples


def _by_site(sites: _Sites, values: FloatArray) -> Iterator[_Sample]:
    return (((site,), float(value)) for site, value in zip(sites.ids, values.tolist(), strict=True))


def _of_carriers(field: str) -> Callable[[_Sites, StepOutcome], Iterator[_Sample]]:
    """One sample for each carrier: the outcome's ``field`` [N, B]."""

    def samples(sites: _Sites, outcome: StepOutcome) -> Iterator[_Sample]:
        for site, row in zip(sites.ids, getattr(outcome, field).tolist(), strict=True):
            yield from (((site, band), float(value)) for band, value in zip(sites.bands, row, strict=True))

    return samples


def _of_fields(fields: dict[str, str]) -> Callable[[_Sites, StepOutcome], Iterator[_Sample]]:
    """One sample for each site and each of ``fields`` by their label."""

    def samples(sites: _Sites, outcome: StepOutcome) -> Iterator[_Sample]:
        for label, field in fields.items():
            yield from (((site, label), value) for (site,), value in _of_sites(field)(sites, outcome))

    return samples


def _by_class(values: Sequence[float]) -> Iterator[_Sample]:
    return (((name,), float(value)) for name, value in zip(_CLASSES, values, strict=True))


def _volume(field: str) -> Callable[[_Sites, StepOutcome], Iterator[_Sample]]:
    """One sample for each class: the sum of the outcome's ``field`` [U] over its users."""

    def samples(_: _Sites, outcome: StepOutcome) -> Iterator[_Sample]:
        return _by_class(np.bincount(outcome.service_class, getattr(outcome, field), len(_CLASSES)).tolist())

    return samples


def _users(_: _Sites, outcome: StepOutcome) -> Iterator[_Sample]:
    for name, row in zip(_CLASSES, shed_counts(outcome).tolist(), strict=True):
        yield from (((name, reason), count) for reason, count in zip(_REASONS, row, strict=True))


def _availability(_: _Sites, outcome: StepOutcome) -> Iterator[_Sample]:
    counts = shed_counts(outcome)
    total = counts.sum(axis=1)
    share = np.divide(counts[:, ShedReason.SERVED], total, out=np.ones(len(_CLASSES)), where=total > 0)
    return _by_class(share.tolist())


def _carried(sites: _Sites, outcome: StepOutcome) -> Iterator[_Sample]:
    return _by_site(sites, np.bincount(outcome.ue_site[outcome.ue_site >= 0], minlength=len(sites.ids)).astype(float))


def _states(_: _Sites, outcome: StepOutcome) -> Iterator[_Sample]:
    modes = np.bincount(outcome.mode[outcome.site_up], minlength=len(SiteMode)).tolist()
    yield from (((mode.name.lower(),), float(modes[mode])) for mode in SiteMode)
    yield ("down",), float((~outcome.site_up).sum())


def _usable(sites: _Sites, outcome: StepOutcome) -> Iterator[_Sample]:
    return _by_site(sites, usable_kwh(sites.battery, outcome.soc_frac))


_SITE, _CARRIER = ("site",), ("site", "band")
_CLASS = ("service_class",)
_GAUGES = (
    _Gauge(
        "time_seconds",
        "Simulated time at the end of the last period, s",
        (),
        lambda _, o: [((), h_to_s(o.time_h + o.dt_h))],
    ),
    _Gauge("soc_frac", "State of charge at the end of the period, 0 to 1", _SITE, _of_sites("soc_frac")),
    _Gauge("usable_kwh", "Battery energy above its own floor, kWh", _SITE, _usable),
    _Gauge("load_kw", "Mean draw of the site, kW (PEE.AvgPower)", _SITE, _of_sites("load_kw")),
    _Gauge("power_kw", "Mean power by source, kW (PEE.AvgPower)", ("site", "source"), _of_fields(_SOURCES)),
    _Gauge("charge_kw", "Mean power into batteries and cars, kW", ("site", "into"), _of_fields(_SINKS)),
    _Gauge("site_up", "1 while the site has power and no fault", _SITE, _of_sites("site_up")),
    _Gauge("mode", "0 normal, 1 helping, 2 assisted, 3 deep sleep", _SITE, _of_sites("mode")),
    _Gauge("sites", "Sites by mode, and those that are down", ("state",), _states),
    _Gauge("band_on", "1 while the carrier is on", _CARRIER, _of_carriers("band_on")),
    _Gauge(
        "prb_used_frac",
        "Share of resource blocks in use, 0 to 1 (RRU.PrbUsedDl / RRU.PrbAvailDl)",
        _CARRIER,
        _of_carriers("prb_used_frac"),
    ),
    _Gauge("price_usd_per_kwh", "What the site offers cars, $/kWh", _SITE, _of_sites("price_usd_per_kwh")),
    _Gauge("evs", "Cars connected", _SITE, _of_sites("ev_connected")),
    _Gauge("ev_usable_kwh", "Energy that the cars could sell, kWh", _SITE, _of_sites("ev_usable_kwh")),
    _Gauge("users", "Users served, or shed by reason", ("service_class", "state"), _users),
    _Gauge("users_carried", "Users that the site serves (RRC.ConnMean)", _SITE, _carried),
    _Gauge(
        "availability_frac", "Users served at their minimum rate, best effort at half, 0 to 1", _CLASS, _availability
    ),
    _Gauge(
        "critical_availability_frac",
        "Emergency and voice users served in full, 0 to 1",
        (),
        lambda _, o: [((), critical_availability_frac(o))],
    ),
    _Gauge("offered_mbps", "Demand, Mbit/s", _CLASS, _volume("demand_mbps")),
    _Gauge("served_mbps", "Volume served, Mbit/s (DRB.PdcpSduVolumeDL over the time)", _CLASS, _volume("served_mbps")),
    _Gauge(
        "ledger_error_kwh",
        "Largest energy imbalance of a site in the last period, kWh",
        (),
        lambda _, o: [((), o.ledger_error_kwh)],
    ),
)
