"""The kinds of panels that the dashboards use, each with its settings in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploy.grafana.source.panel import Json, Panel, Query
from deploy.grafana.source.style import BAD, GOOD, NO_LIMITS, Look, Steps

_LAST: Json = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_LEGEND: Json = {"showLegend": True, "displayMode": "list", "placement": "bottom", "calcs": []}
_TOOLTIP: Json = {"mode": "multi", "sort": "desc"}
_LINE: Json = {
    "drawStyle": "line",
    "lineWidth": 1,
    "fillOpacity": 0,
    "showPoints": "never",
    "lineInterpolation": "stepAfter",  # a figure holds for a period, then the next one does
    "spanNulls": False,
    "axisSoftMin": 0,
}
YES_NO: Json = {"type": "value", "options": {"0": {"text": "no", "color": BAD}, "1": {"text": "yes", "color": GOOD}}}


def lines(title: str, description: str, unit: str, *queries: Query, custom: Json | None = None, **rest: Any) -> Panel:
    """A time series."""
    options = {"legend": _LEGEND, "tooltip": _TOOLTIP}
    settings = _LINE | (custom or {})
    return Panel(
        "timeseries", title, description, unit, queries, options, settings, **({"colour": "palette-classic"} | rest)
    )


def areas(title: str, description: str, unit: str, *queries: Query, **rest: Any) -> Panel:
    """A time series whose parts add up."""
    stacked = {"fillOpacity": 60, "lineWidth": 0, "stacking": {"mode": "normal", "group": "A"}}
    return lines(title, description, unit, *queries, custom=stacked, **rest)


def stat(title: str, description: str, unit: str, query: Query, limits: Steps = NO_LIMITS, **rest: Any) -> Panel:
    """One figure."""
    options = {
        "reduceOptions": _LAST,
        "orientation": "auto",
        "textMode": "value",
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "center",
    }
    return Panel("stat", title, description, unit, (query,), options, limits=limits, **rest)


def gauge(title: str, description: str, unit: str, *queries: Query, **rest: Any) -> Panel:
    """A dial for each series."""
    options = {
        "reduceOptions": _LAST,
        "orientation": "auto",
        "showThresholdLabels": False,
        "showThresholdMarkers": True,
    }
    return Panel("gauge", title, description, unit, queries, options, **rest)


def bars(title: str, description: str, unit: str, *queries: Query, **rest: Any) -> Panel:
    """A bar for each series."""
    options = {
        "reduceOptions": _LAST,
        "orientation": "horizontal",
        "displayMode": "basic",
        "valueMode": "color",
        "namePlacement": "left",
        "showUnfilled": True,
    }
    return Panel("bargauge", title, description, unit, queries, options, **rest)


def heatmap(title: str, description: str, unit: str, query: Query) -> Panel:
    """A histogram over time."""
    options = {
        "calculate": False,
        "cellGap": 0,
        "color": {"mode": "scheme", "scheme": "Blues", "exponent": 0.5, "fill": "blue", "reverse": False, "steps": 64},
        "exemplars": {"color": "blue"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": False},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"mode": "single", "yHistogram": False},
        "yAxis": {"unit": unit, "axisPlacement": "left"},
    }
    return Panel("heatmap", title, description, unit, (query,), options)


def timeline(title: str, description: str, mapping: Json, *queries: Query) -> Panel:
    """A row for each series, its state over time as colour and word."""
    options = {
        "alignValue": "left",
        "mergeValues": True,
        "rowHeight": 0.9,
        "showValue": "auto",
        "legend": _LEGEND | {"showLegend": False},
        "tooltip": {"mode": "single", "sort": "none"},
    }
    custom = {"fillOpacity": 80, "lineWidth": 0}
    return Panel("state-timeline", title, description, "none", queries, options, custom, more={"mappings": [mapping]})


def table(title: str, description: str, query: Query, columns: Mapping[str, str], **rest: Any) -> Panel:
    """The labels of the series: ``columns`` shown, by label and heading, in this order."""
    keep = {"include": {"names": list(columns)}}
    order = {"indexByName": {label: i for i, label in enumerate(columns)}, "renameByName": dict(columns)}
    return Panel(
        "table", title, description, "none", (query,), {"showHeader": True, "cellHeight": "sm"}, **rest,
        transformations=({"id": "filterFieldsByName", "options": keep}, {"id": "organize", "options": order}),
    )  # fmt: skip


def states(looks: Mapping[str, Look], first: int) -> Json:
    """Numbers from ``first`` on as the words and colours of ``looks``, in order."""
    options = {str(first + i): {"text": look.words, "color": look.colour} for i, look in enumerate(looks.values())}
    return {"type": "value", "options": options}
