"""Metrics that every service has, and how they begin."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata

from prometheus_client import CollectorRegistry, Counter, Gauge


def tell_build(registry: CollectorRegistry, app: str, **labels: str) -> None:
    """``gridran_APP_build_info``, 1, with the version and ``labels``."""
    told = {"version": metadata.version("gridran")} | labels
    info = Gauge(f"gridran_{app}_build_info", "Version of the service and what it plays", list(told), registry=registry)
    info.labels(**told).set(1)


def counter_of(registry: CollectorRegistry, name: str, text: str, label: str, values: Iterable[str]) -> Counter:
    """A counter by ``label`` that is 0, not absent, for each of ``values`` before anything is counted: a rate over
    something that never happened is 0 then."""
    counter = Counter(name, text, [label], registry=registry)
    for value in values:
        counter.labels(value)
    return counter
