"""Reads what ``studies.recorder`` wrote, complete or not: a torn last line is left out, a missing file is empty."""

from __future__ import annotations

import contextlib
import csv
import json
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gridran.types import FloatArray
from studies.availability import CLASS_NAMES
from studies.columns import Columns, read_columns
from studies.recorder import JOURNAL_DIR, KPIS_FILE, MOMENTS_FILE, NETWORK_FILE, RUN_FILE, TIMELINE_FILE
from studies.thresholds import PeriodShares, quality_at, threshold_times_h

_OF_USERS = "ue_x_m", "ue_y_m", "service_class", "ue_site", "own_site", "served"
DAMAGE = (ArithmeticError, LookupError, TypeError, ValueError)
"""What a file that somebody else has written in may raise where its content is used."""


@dataclass(frozen=True)
class RunDir:
    """A run as found on disk. ``timeline`` has a row for every period and site, ``network`` one for every period;
    ``kpis`` is None where the run did not end by itself; ``notes`` are the journal's lines in order of time."""

    path: Path
    facts: dict[str, Any]
    timeline: Columns
    network: Columns
    moments: tuple[dict[str, Any], ...]
    kpis: dict[str, Any] | None
    notes: tuple[dict[str, Any], ...]

    @property
    def site_ids(self) -> list[str]:
        return [site["site_id"] for site in self.facts["sites"]]

    @property
    def period_count(self) -> int:
        return self.network.length

    def series(self, column: str) -> FloatArray:
        """A numeric column of network.csv, shape [T]."""
        return self.network.numbers[column]

    def site_series(self, column: str) -> FloatArray:
        """A numeric column of timeline.csv, shape [T, N]."""
        return self.timeline.numbers[column].reshape(-1, len(self.site_ids))

    def site_texts(self, column: str) -> list[list[str]]:
        """A column of timeline.csv as text, T rows of N."""
        values, sites = self.timeline.texts[column], len(self.site_ids)
        return [values[at : at + sites] for at in range(0, len(values), sites)]


def read_run(path: Path) -> RunDir:
    """The run recorded in ``path``; ValueError names what is missing from it, or the file that is damaged."""
    if not (path / RUN_FILE).is_file():
        raise ValueError(f"{path} holds no run: {RUN_FILE} is missing")
    facts = _read_json(path / RUN_FILE)
    if not facts.get("sites"):
        raise ValueError(f"{path / RUN_FILE}: it has no sites")
    timeline, network = read_table(path / TIMELINE_FILE), read_table(path / NETWORK_FILE)
    sites = len(facts["sites"])
    # The two files are flushed one after the other: keep the periods that both have in full.
    periods = min(timeline.length // sites, network.length)
    kpis_path = path / KPIS_FILE
    return RunDir(
        path=path,
        facts=facts,
        timeline=timeline.head(periods * sites),
        network=network.head(periods),
        moments=tuple(_compact(moment) for moment in _read_json_lines(path / MOMENTS_FILE)),
        kpis=_read_json(kpis_path) if kpis_path.is_file() else None,
        notes=tuple(read_notes(path / JOURNAL_DIR)),
    )


def kpis_so_far(run: RunDir) -> dict[str, Any]:
    """``kpis.json``, or, for a run that did not end by itself, those of its figures that network.csv gives."""
    if run.kpis is not None:
        return run.kpis
    facts = {name: run.facts[name] for name in ("strategy", "load", "seed")}
    facts["sites"] = len(run.facts["sites"])
    if not run.period_count:
        return facts
    shares = _shares(run)
    end_h = shares[-1].time_h + shares[-1].dt_h
    times_h = threshold_times_h(shares)
    censored_metrics = sorted(name for name, at_h in times_h.items() if at_h is None)
    reached_h = {name: end_h if at_h is None else at_h for name, at_h in times_h.items()}
    energy_kwh = {
        name: float((run.series(column) * run.series("dt_h")).sum())
        for name, column in (("v2g_kwh", "v2g_kw"), ("battery_kwh", "battery_discharge_kw"), ("load_kwh", "load_kw"))
    }
    return {
        **facts,
        **reached_h,
        **quality_at(shares),
        **energy_kwh,
        "censored": "survival_h" in censored_metrics,
        "censored_metrics": censored_metrics,
        "sim_h": end_h,
        "ledger_error_kwh": float(run.series("ledger_error_kwh").max()),
    }


def _shares(run: RunDir) -> list[PeriodShares]:
    availability = np.column_stack([run.series(f"availability_{name}_frac") for name in CLASS_NAMES])
    volume = np.column_stack([run.series(f"served_volume_{name}_frac") for name in CLASS_NAMES])
    time_h, dt_h, critical = (run.series(name) for name in ("time_h", "dt_h", "critical_availability_frac"))
    load_kw = run.series("load_kw") / len(run.site_ids)
    return [
        PeriodShares(float(time_h[k]), float(dt_h[k]), float(critical[k]), availability[k], volume[k], 0, 0, load_kw[k])
        for k in range(len(time_h))
    ]


def read_table(path: Path) -> Columns:
    """The columns of a CSV file without its torn last line; none where there is no file.

    ValueError names a file that is damaged."""
    if not path.is_file():
        return Columns()
    with _named(path), path.open(encoding="utf-8", newline="") as file:
        return read_columns(file)


def read_notes(journal: Path) -> list[dict[str, Any]]:
    """The notes in a directory of JSON lines, in order of time."""
    notes = [note for path in sorted(journal.glob("*.jsonl")) for note in _read_json_lines(path)]
    return sorted(notes, key=lambda note: float(note.get("time_h", 0.0)))


def _compact(moment: dict[str, Any]) -> dict[str, Any]:
    """``moment`` with what it says of users in four bytes each; what is damaged stays as it is."""
    for name in _OF_USERS:
        with contextlib.suppress(KeyError, OverflowError, TypeError):
            moment[name] = array("i", moment[name])
    return moment


def _read_json_lines(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    with _named(path):
        lines = path.read_text(encoding="utf-8").splitlines()
    records = []
    for line in lines:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue  # torn by a kill
        if isinstance(record, dict):
            records.append(record)
    return records


def _read_json(path: Path) -> dict[str, Any]:
    with _named(path):
        content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{path}: it is no JSON object")
    return content


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """A file that cannot be parsed is a ValueError that names it."""
    try:
        yield
    except (ValueError, RecursionError, csv.Error) as wrong:
        raise ValueError(f"{path}: {wrong}") from None
