"""How figures of merit are named, formatted and set beside the paper's values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from studies.published import published_value

Formatter = Callable[[float], str]


def hours(value: float) -> str:
    return f"{value:.2f} h"


def percent(value: float) -> str:
    return f"{value * 100.0:.1f} %"


def kwh(value: float) -> str:
    return f"{value:.1f} kWh"


def plain(value: float) -> str:
    return f"{value:.2f}"


@dataclass(frozen=True)
class Figure:
    """One figure of merit: its key in kpis.json, what to call it, how to print it."""

    key: str
    name: str
    form: Formatter


def _classes(prefix: str, form: Formatter) -> list[Figure]:
    names = (("emergency", "Emergency"), ("voice", "Voice"), ("essential", "Essential"), ("best_effort", "Best-effort"))
    return [Figure(f"{prefix}_{key}_2h5_frac", name, form) for key, name in names]


GROUPS: tuple[tuple[str, tuple[Figure, ...]], ...] = (
    (
        "How long the network lasts",
        (
            Figure("survival_h", "Half of the critical users are left", hours),
            Figure("critical_h", "95 % of the critical users are left", hours),
            Figure("sla_h", "All class targets are met until", hours),
            Figure("sla_volume_h", "The same, by volume", hours),
            Figure("service_h", "Service per user", hours),
            Figure("first_depletion_h", "First battery is empty", hours),
            Figure("last_depletion_h", "Last battery is empty", hours),
        ),
    ),
    ("Users served at 2.5 h", tuple(_classes("availability", percent))),
    ("Volume delivered at 2.5 h", tuple(_classes("served_volume", percent))),
    (
        "Service, cars, signalling",
        (
            Figure("continuity_frac", "Service continuity", percent),
            Figure("ev_utilisation_frac", "EV utilisation of charger time", percent),
            Figure("ev_utilisation_usable_frac", "EV utilisation of usable energy", percent),
            Figure("handovers_per_user", "Handovers per user", plain),
            Figure("mode_switches_per_site", "Mode switches per site", plain),
        ),
    ),
    (
        "Energy",
        (
            Figure("mean_site_power_kw", "Mean site power", lambda v: f"{v:.2f} kW"),
            Figure("load_kwh", "Drawn by the sites", kwh),
            Figure("battery_kwh", "Out of the batteries", kwh),
            Figure("v2g_kwh", "Sold by cars", kwh),
            Figure("pv_kwh", "Photovoltaic", kwh),
            Figure("grid_kwh", "From the grid", kwh),
            Figure("ledger_error_kwh", "Largest ledger error", lambda v: f"{v:.1e} kWh"),
        ),
    ),
    (
        "The machine",
        (
            Figure("sim_h", "Simulated", hours),
            Figure("wall_s", "Wall time", lambda v: f"{v:.1f} s"),
            Figure("control_latency_p50_ms", "Control latency, median", lambda v: f"{v:.0f} ms"),
            Figure("control_latency_p99_ms", "Control latency, 99th percentile", lambda v: f"{v:.0f} ms"),
        ),
    ),
)


@dataclass(frozen=True)
class Row:
    """One line of a table of figures."""

    key: str
    name: str
    value: str
    paper: str
    deviation: str


def rows_of(kpis: dict[str, Any], figures: Sequence[Figure]) -> list[Row]:
    """The figures that ``kpis`` has, formatted."""
    return [_row(kpis, figure) for figure in figures if kpis.get(figure.key) is not None]


def value_text(kpis: dict[str, Any], figure: Figure) -> str:
    """The value; a threshold that was not reached is marked as at least that much."""
    value = float(kpis[figure.key])
    return ("≥ " if figure.key in kpis.get("censored_metrics", ()) else "") + figure.form(value)


def paper_of(kpis: dict[str, Any], key: str) -> float | None:
    """What the paper says for the same strategy and load."""
    return published_value(str(kpis.get("strategy")), str(kpis.get("load")), key)


def deviation_text(value: float, paper: float, form: Formatter, censored: bool = False) -> str:
    """The difference in words; a value that only bounds from below can prove no shortfall."""
    if abs(value - paper) < 0.005 * max(abs(paper), 0.1):
        return "the same"
    side = "above" if value > paper else "below"
    if censored and side == "below":
        return "open: the run ended first"
    if form is percent:
        return f"{abs(value - paper) * 100.0:.1f} points {side}"
    relative = f" ({abs(value - paper) / paper:.0%})" if paper else ""
    return f"{form(abs(value - paper))} {side}{relative}"


def _row(kpis: dict[str, Any], figure: Figure) -> Row:
    paper = paper_of(kpis, figure.key)
    text = value_text(kpis, figure)
    if paper is None:
        return Row(figure.key, figure.name, text, "–", "")
    censored = figure.key in kpis.get("censored_metrics", ())
    deviation = deviation_text(float(kpis[figure.key]), paper, figure.form, censored)
    return Row(figure.key, figure.name, text, figure.form(paper), deviation)
