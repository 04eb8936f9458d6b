"""Panels as values, and the JSON that Grafana makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.grafana.source.style import NO_LIMITS, Look, Steps

Json = dict[str, Any]
DATASOURCE: Json = {"type": "prometheus", "uid": "prometheus"}


@dataclass(frozen=True)
class Query:
    """PromQL and what its series are called; ``instant``: only the last value; ``form``: as Grafana names it."""

    expr: str
    legend: str
    instant: bool = False
    form: str = "time_series"

    def json(self, ref: str) -> Json:
        """The target of a panel."""
        return {
            "datasource": DATASOURCE,
            "refId": ref,
            "expr": self.expr,
            "legendFormat": self.legend,
            "instant": self.instant,
            "range": not self.instant,
            "format": self.form,
        }


@dataclass(frozen=True)
class Panel:
    """``kind``: Grafana's panel type. ``looks``: colours and words by series name. ``more`` goes into the field
    defaults as it is, ``custom`` into their custom part; ``overrides`` follow those of ``looks``."""

    kind: str
    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    options: Json = field(default_factory=dict)
    custom: Json = field(default_factory=dict)
    more: Json = field(default_factory=dict)
    limits: Steps = NO_LIMITS
    colour: str = "thresholds"
    looks: Mapping[str, Look] = field(default_factory=dict)
    overrides: tuple[Json, ...] = ()
    transformations: tuple[Json, ...] = ()

    def json(self, number: int, place: Json) -> Json:
        """The panel with its id and its place in the grid."""
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": DATASOURCE,
            "gridPos": place,
            "targets": [query.json(chr(ord("A") + i)) for i, query in enumerate(self.queries)],
            "options": self.options,
            "fieldConfig": {
                "defaults": self._defaults(),
                "overrides": [*(_look(name, look) for name, look in self.looks.items()), *self.overrides],
            },
            "transformations": list(self.transformations),
        }

    def _defaults(self) -> Json:
        return {
            "unit": self.unit,
            "color": {"mode": self.colour},
            "thresholds": thresholds(self.limits),
            "mappings": [],
            "custom": self.custom,
        } | self.more


def thresholds(steps: Steps) -> Json:
    """Absolute thresholds."""
    return {"mode": "absolute", "steps": [{"value": value, "color": colour} for value, colour in steps]}


def override(matcher: str, what: str, **properties: Any) -> Json:
    """Properties of the series that ``matcher`` (byName, byRegexp) finds; ``__`` in a key stands for a dot."""
    return {
        "matcher": {"id": matcher, "options": what},
        "properties": [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()],
    }


def fixed(colour: str) -> Json:
    """One colour whatever the value."""
    return {"mode": "fixed", "fixedColor": colour}


def _look(name: str, look: Look) -> Json:
    return override("byName", name, displayName=look.words, color=fixed(look.colour))
