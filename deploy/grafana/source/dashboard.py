"""A dashboard as a value: rows of panels in Grafana's grid of 24 columns."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.grafana.source.panel import DATASOURCE, Json, Panel

COLUMNS = 24
SCHEMA_VERSION = 41  # of Grafana 12; later ones read it
TAG = "gridran"

SITE: Json = {
    "name": "site",
    "label": "Site",
    "description": "The sites that are shown",
    "type": "query",
    "datasource": DATASOURCE,
    "query": {"query": "label_values(gridran_emulator_site_up, site)", "refId": "site"},
    "refresh": 2,
    "sort": 3,
    "multi": True,
    "includeAll": True,
    "allValue": ".*",
    "current": {"text": ["All"], "value": ["$__all"]},
}
_ALERTS: Json = {
    "name": "Alerts",
    "datasource": DATASOURCE,
    "enable": False,  # a switch above the panels: in a long outage some alert is always on
    "iconColor": "red",
    "target": {"refId": "alerts", "expr": 'sum by (alertname) (ALERTS{alertstate="firing", severity="critical"})'},
    "titleFormat": "{{alertname}}",
}
_LINKS: Json = {
    "title": "gridran",
    "type": "dashboards",
    "tags": [TAG],
    "asDropdown": False,
    "icon": "external link",
    "includeVars": True,
    "keepTime": True,
    "targetBlank": False,
    "tooltip": "",
    "url": "",
}


@dataclass(frozen=True)
class Row:
    """Panels side by side with their widths in columns; ``height`` in Grafana's units of 30 px."""

    height: int
    panels: tuple[tuple[Panel, int], ...]


@dataclass(frozen=True)
class Dashboard:
    """``name``: of its file and its uid."""

    name: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[Json, ...] = ()

    def json(self) -> Json:
        """What Grafana loads."""
        return {
            "uid": f"gridran-{self.name}",
            "title": self.title,
            "description": self.description,
            "tags": [TAG],
            "schemaVersion": SCHEMA_VERSION,
            "version": 1,
            "editable": True,
            "graphTooltip": 1,
            "time": {"from": "now-15m", "to": "now"},
            "timezone": "browser",
            "refresh": "5s",
            "links": [_LINKS],
            "annotations": {"list": [_ALERTS]},
            "templating": {"list": list(self.variables)},
            "panels": _placed(self.rows),
        }


def row(height: int, *panels: tuple[Panel, int]) -> Row:
    """A row that fills the width. ValueError where it does not."""
    if sum(width for _, width in panels) != COLUMNS:
        raise ValueError(f"row of {panels[0][0].title!r}: widths must add up to {COLUMNS}")
    return Row(height, panels)


def _placed(rows: tuple[Row, ...]) -> list[Json]:
    made: list[Json] = []
    y = 0
    for one in rows:
        x = 0
        for panel, width in one.panels:
            made.append(panel.json(len(made) + 1, {"x": x, "y": y, "w": width, "h": one.height}))
            x += width
        y += one.height
    return made
