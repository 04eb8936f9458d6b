"""Panels that more than one dashboard shows."""

from __future__ import annotations

from deploy.grafana.source.kinds import areas, lines, stat
from deploy.grafana.source.panel import Panel, Query
from deploy.grafana.source.style import CLASSES, SINKS, SOURCES, VALID_H


def policy_valid() -> Panel:
    """How long the policy in force still holds."""
    return stat(
        "Policy valid for",
        "Simulated time until the policy in force expires. One comes every planning period; at 0 the xApp falls back.",
        "h",
        Query("max(gridran_xapp_policy_valid_seconds) / 3600", "valid"),
        VALID_H,
        more={"decimals": 2},
    )


def availability() -> Panel:
    """The classes over time."""
    return lines(
        "Users served at their minimum rate",
        "Share of the users of each class; best effort counts as served from half of its demand on.",
        "percentunit",
        Query("max by (service_class) (gridran_emulator_availability_frac)", "{{service_class}}"),
        custom={"lineWidth": 2},
        more={"min": 0, "max": 1},
        looks=CLASSES,
    )


def power_by_source(selector: str = "") -> Panel:
    """Who gives power and what it is stored in, of the sites that ``selector`` matches."""
    return areas(
        "Power by source",
        "Mean power of the last period; below zero what went into batteries and cars.",
        "kwatt",
        Query(f"sum by (source) (gridran_emulator_power_kw{selector})", "{{source}}"),
        Query(f"0 - sum by (into) (gridran_emulator_charge_kw{selector})", "into {{into}}"),
        looks=SOURCES | SINKS,
    )
