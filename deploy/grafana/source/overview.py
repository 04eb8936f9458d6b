"""Dashboard "Overview": does the network live, whom does it serve, and for how long."""

from __future__ import annotations

from deploy.grafana.source.dashboard import Dashboard, row
from deploy.grafana.source.kinds import areas, lines, stat, states, table, timeline
from deploy.grafana.source.panel import Panel, Query
from deploy.grafana.source.shared import availability, policy_valid, power_by_source
from deploy.grafana.source.style import ALL_THREE, CRITICAL, LIFE_H, NONE_IS_GOOD, STATES, Look


def overview() -> Dashboard:
    """What to look at first."""
    return Dashboard(
        "overview",
        "gridran · Overview",
        "Does the network live, whom does it serve, and for how long",
        (
            row(
                4,
                (_time(), 4),
                (_critical(), 4),
                (_down(), 4),
                (_first_empty(), 4),
                (policy_valid(), 4),
                (_services(), 4),
            ),
            row(8, (availability(), 12), (power_by_source(), 12)),
            row(8, (_charge(), 12), (_sites(), 12)),
            row(10, (_modes(), 16), (_alerts(), 8)),
        ),
    )


def _time() -> Panel:
    return stat(
        "Simulated time",
        "Hours since the start of the outage. All hours on these dashboards are simulated; the time axis is real.",
        "h",
        Query("max(gridran_emulator_time_seconds) / 3600", "time"),
        more={"decimals": 2},
    )


def _critical() -> Panel:
    return stat(
        "Emergency and voice served",
        "Share of these users served in full. Below 95 % is critical, below 50 % the network counts as lost.",
        "percentunit",
        Query("max(gridran_emulator_critical_availability_frac)", "served"),
        CRITICAL,
        more={"decimals": 1},
    )


def _down() -> Panel:
    return stat(
        "Sites down",
        "Sites without power or with a fault.",
        "short",
        Query('sum(gridran_emulator_sites{state="down"})', "down"),
        NONE_IS_GOOD,
    )


def _first_empty() -> Panel:
    return stat(
        "First battery empty in",
        "The shortest life of a battery at its present draw. A site that does not run on its battery has none.",
        "h",
        Query("network:gridran_battery_life_h:min", "life"),
        LIFE_H,
        more={"decimals": 2, "noValue": "none in use"},
    )


def _services() -> Panel:
    return stat(
        "Services up",
        "How many of emulator, xApp and rApp answer Prometheus.",
        "short",
        Query('sum(up{job=~"emulator|xapp|rapp"})', "up"),
        ALL_THREE,
    )


def _charge() -> Panel:
    return lines(
        "State of charge",
        "The fullest and the emptiest battery and the mean of all; by default a site stops drawing at 20 %.",
        "percentunit",
        Query("max(gridran_emulator_soc_frac)", "fullest"),
        Query("avg(gridran_emulator_soc_frac)", "mean"),
        Query("min(gridran_emulator_soc_frac)", "emptiest"),
        more={"min": 0, "max": 1},
        looks={
            "fullest": Look("fullest", "#56b4e9"),
            "mean": Look("mean", "#8b9096"),
            "emptiest": Look("emptiest", "#d55e00"),
        },
    )


def _sites() -> Panel:
    return areas(
        "Sites by mode",
        "How many sites are in each mode, and how many are down.",
        "short",
        Query("sum by (state) (gridran_emulator_sites)", "{{state}}"),
        looks=STATES,
    )


def _modes() -> Panel:
    shown = {"down": STATES["down"]} | {name: look for name, look in STATES.items() if name != "down"}
    return timeline(
        "Mode of each site",
        "A row for each site: normal, helping a neighbour, assisted by one, in deep sleep, or down.",
        states(shown, 0),
        Query("max by (site) ((gridran_emulator_mode + 1) * gridran_emulator_site_up)", "{{site}}"),
    )


def _alerts() -> Panel:
    return table(
        "Alerts",
        "Alerts that fire now. What each means and what to do is in docs/howto/alert-on-it.md.",
        Query('ALERTS{alertstate="firing"}', "", instant=True, form="table"),
        {"severity": "Severity", "alertname": "Alert", "site": "Site", "service_class": "Class", "job": "Service"},
    )
