"""report.html: one file that stands alone, made from a run's directory, whether or not the run came to its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from console.charts import Marks, mode_chart, share_chart, soc_chart, stacked_chart
from console.figures import GROUPS, Figure, hours, paper_of, rows_of, value_text
from console.map import network_map
from gridran.types import FloatArray
from studies.availability import CLASS_NAMES
from studies.rundir import RunDir, kpis_so_far, read_run

REPORT_FILE = "report.html"
THRESHOLD_NAMES = (("sla_h", "targets"), ("critical_h", "critical"), ("survival_h", "survival"))
MODE_LEGEND = [
    ("mode-normal", "normal"),
    ("mode-helping", "helping"),
    ("mode-assisted", "assisted"),
    ("mode-deep_sleep", "deep sleep"),
    ("mode-down", "down"),
]
CLASS_LEGEND = [(f"class-{name}", name.replace("_", "-")) for name in CLASS_NAMES]
SOURCES = (
    ("source-battery", "battery", "battery_discharge_kw"),
    ("source-v2g", "cars (V2G)", "v2g_kw"),
    ("source-pv", "photovoltaic", "pv_kw"),
    ("source-grid_import", "grid", "grid_import_kw"),
)
CARDS = (
    (Figure("survival_h", "survival_h", hours), "until fewer than half of the emergency and voice users are served"),
    (Figure("critical_h", "critical_h", hours), "until fewer than 95 % of them are"),
    (Figure("sla_h", "sla_h", hours), "until a class misses its target (100 / 95 / 80 / 50 %)"),
    (Figure("service_h", "service_h", hours), "of service that an average user got, all classes alike"),
)


def write_report(path: Path) -> Path:
    """Writes ``report.html`` beside the run's files and returns its path. ValueError where ``path`` holds no run."""
    report = path / REPORT_FILE
    report.write_text(render(read_run(path)), encoding="utf-8")
    return report


def render(run: RunDir) -> str:
    """The report's HTML."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(Path(__file__).parent / "templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.get_template("report.html.j2").render(**_content(run))


def _content(run: RunDir) -> dict[str, Any]:
    kpis = kpis_so_far(run)
    groups = [{"name": name, "rows": rows_of(kpis, figures)} for name, figures in GROUPS]
    started = run.period_count > 0
    return {
        "title": f"gridran: {kpis['strategy']}, {kpis['load']} load",
        "headline": _headline(kpis),
        "subtitle": _subtitle(run, kpis),
        "notice": _notice(run, kpis),
        "cards": [_card(kpis, figure, meaning) for figure, meaning in CARDS if figure.key in kpis],
        "charts": _charts(run, kpis) if started else [],
        "maps": _maps(run, kpis) if started else [],
        "map_legend": MODE_LEGEND + CLASS_LEGEND,
        "groups": [group for group in groups if group["rows"]],
        "paper_note": _paper_note(kpis),
        "footer": "Made by gridran from the files in the same directory: run.json, *.csv, moments.jsonl, kpis.json.",
    }


def _headline(kpis: dict[str, Any]) -> str:
    if "survival_h" not in kpis:
        return "No period was recorded"
    figure = Figure("survival_h", "", hours)
    if kpis["censored"]:
        return f"Critical service was still alive when the run ended at {hours(kpis['sim_h'])}"
    return f"Critical service held for {value_text(kpis, figure)}"


def _subtitle(run: RunDir, kpis: dict[str, Any]) -> str:
    users = f"{len(run.moments[0]['service_class']):,} users, " if run.moments else ""
    return (
        f"Strategy {kpis['strategy']}, {kpis['load']} load, seed {kpis['seed']}; "
        f"{users}{len(run.facts['sites'])} sites, scenario {run.facts['scenario']}."
    )


def _notice(run: RunDir, kpis: dict[str, Any]) -> str:
    if run.kpis is not None:
        return ""
    end = hours(kpis["sim_h"]) if "sim_h" in kpis else "its first period"
    return f"The run was interrupted at {end} of simulated time. Figures that need the whole run are left out."


def _card(kpis: dict[str, Any], figure: Figure, meaning: str) -> dict[str, str]:
    paper = paper_of(kpis, figure.key)
    value = value_text(kpis, figure)
    return {
        "name": figure.name,
        "value": value,
        "meaning": meaning,
        "paper": "" if paper is None else figure.form(paper),
    }


def _paper_note(kpis: dict[str, Any]) -> str:
    if paper_of(kpis, "survival_h") is None:
        return "The paper has no figures for this strategy and load. ≥ marks a time that was not reached by the end."
    return "The paper's values are those of its Tables II to IV. ≥ marks a time that was not reached by the end."


def _charts(run: RunDir, kpis: dict[str, Any]) -> list[dict[str, Any]]:
    time_h = run.series("time_h")
    marks = _marks(kpis)
    return [_modes(run, time_h), _soc(run, time_h, marks), _shares(run, time_h, marks), _power(run, time_h)]


def _marks(kpis: dict[str, Any]) -> Marks:
    """The thresholds that were crossed, in order of time; those crossed together share a mark."""
    labels: dict[float, list[str]] = {}
    for name, label in THRESHOLD_NAMES:
        if name not in kpis["censored_metrics"]:
            labels.setdefault(float(kpis[name]), []).append(label)
    return [(at_h, f"{', '.join(names)} {hours(at_h)}") for at_h, names in sorted(labels.items())]


def _modes(run: RunDir, time_h: FloatArray) -> dict[str, Any]:
    modes, up = run.site_texts("mode"), run.site_series("site_up")
    state = [
        [mode if is_up else "down" for mode, is_up in zip(row, ups, strict=True)]
        for row, ups in zip(modes, up, strict=True)
    ]
    return {
        "title": "What every site did",
        "caption": "One row a site. A site that is down has no energy, or a fault; a site in deep sleep saves it.",
        "svg": mode_chart(time_h, float(run.series("dt_h")[-1]), state, run.site_ids),
        "legend": MODE_LEGEND,
    }


def _soc(run: RunDir, time_h: FloatArray, marks: Marks) -> dict[str, Any]:
    floor_frac = min(float(site["battery"]["soc_min_frac"]) for site in run.facts["sites"])
    return {
        "title": "State of charge",
        "caption": "Thin lines are sites, the dark line their median; the bands hold 80 % and all of them. "
        "The dashed red line is the battery's floor.",
        "svg": soc_chart(time_h, run.site_series("soc_frac"), run.site_ids, floor_frac, marks),
        "legend": [],
    }


def _shares(run: RunDir, time_h: FloatArray, marks: Marks) -> dict[str, Any]:
    shares = [(f"class-{name}", run.series(f"availability_{name}_frac")) for name in CLASS_NAMES]
    return {
        "title": "Users served, by class",
        "caption": "Share of each class at or above its minimum rate; best-effort: above half of what it asks for.",
        "svg": share_chart(time_h, shares, marks, "Share of users served over time, by class"),
        "legend": CLASS_LEGEND,
    }


def _power(run: RunDir, time_h: FloatArray) -> dict[str, Any]:
    layers = [(css, name, run.series(column)) for css, name, column in SOURCES]
    used = [(css, name, power) for css, name, power in layers if float(np.max(power)) > 0.0] or layers[:1]
    return {
        "title": "Power by source",
        "caption": "What all sites together took from each source, batteries charging from cars included.",
        "svg": stacked_chart(time_h, [(css, power) for css, _, power in used], "Power by source over time"),
        "legend": [(css, name) for css, name, _ in used],
    }


def _maps(run: RunDir, kpis: dict[str, Any]) -> list[dict[str, str]]:
    """Early, half-way to the end of critical service, and at that end."""
    if not run.moments:
        return []
    end_h = float(kpis["survival_h"])
    wanted = ((0.0, "the outage begins"), (end_h / 2.0, "half-way"), (end_h, "critical service ends"))
    if kpis["censored"]:
        wanted = (*wanted[:2], (end_h, "the end of the run"))
    chosen: dict[float, tuple[dict[str, Any], str]] = {}
    for at_h, caption in wanted:
        nearest = min(run.moments, key=lambda moment: abs(float(moment["time_h"]) - at_h))
        chosen.setdefault(float(nearest["time_h"]), (nearest, caption))
    return [
        {"time": hours(at_h), "caption": caption, "svg": network_map(run.facts, moment)}
        for at_h, (moment, caption) in sorted(chosen.items(), key=lambda item: item[0])
    ]
