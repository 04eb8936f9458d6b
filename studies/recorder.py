"""Writes a run to a directory, period by period, so that whatever was written stays readable when a run is killed.

``run.json``       what the run is: strategy, load, seed, network (written first)
``timeline.csv``   one row per period and site; ``timeline.parquet`` is made from it at the end
``network.csv``    one row per period
``moments.jsonl``  one line every ``moment_every_h``: positions, serving sites and modes, for maps
``kpis.json``      figures of merit (written last)
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import numpy as np

from gridran.lost import critical_availability_frac
from gridran.service import shed_counts
from gridran.types import Network, ShedReason, SiteMode, StepOutcome
from studies.availability import CLASS_NAMES, class_availability_frac, class_volume_frac, served

RUN_FILE, TIMELINE_FILE, NETWORK_FILE, MOMENTS_FILE = "run.json", "timeline.csv", "network.csv", "moments.jsonl"
KPIS_FILE, PARQUET_FILE, JOURNAL_DIR = "kpis.json", "timeline.parquet", "journal"
SHED_NAMES = tuple(r.name.lower() for r in ShedReason if r is not ShedReason.SERVED)
MODE_NAMES = tuple(m.name.lower() for m in SiteMode)
POWER_COLUMNS = (
    "load_kw",
    "battery_discharge_kw",
    "battery_charge_kw",
    "v2g_kw",
    "ev_charge_kw",
    "pv_kw",
    "grid_import_kw",
)


@dataclass(frozen=True)
class RunFacts:
    """What a reader must know about a run before its first period."""

    strategy: str
    load: str
    seed: int
    hours_h: float
    scenario: str
    network: Network


class RunRecorder:
    """Appends every ``StepOutcome`` to the files of ``out``; a context manager that closes them.

    OSError where the directory cannot be written.
    """

    def __init__(self, out: Path, facts: RunFacts, moment_every_h: float = 1.0 / 12.0) -> None:
        out.mkdir(parents=True, exist_ok=True)
        self._out = out
        self._network = facts.network
        self._moment_every_h = moment_every_h
        self._next_moment_h = 0.0
        for of_the_end in (KPIS_FILE, PARQUET_FILE):
            (out / of_the_end).unlink(missing_ok=True)
        write_json(out / RUN_FILE, _run_json(facts))
        self._timeline = (out / TIMELINE_FILE).open("w", encoding="utf-8", newline="")
        self._network_file = (out / NETWORK_FILE).open("w", encoding="utf-8", newline="")
        self._moments = (out / MOMENTS_FILE).open("w", encoding="utf-8")
        _write_rows(self._timeline, [timeline_columns(facts.network)])
        _write_rows(self._network_file, [network_columns()])

    def __enter__(self) -> RunRecorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in (self._timeline, self._network_file, self._moments):
            file.close()

    def add(self, outcome: StepOutcome) -> None:
        """Writes one period and flushes it."""
        _write_rows(self._timeline, timeline_rows(self._network, outcome))
        _write_rows(self._network_file, [network_row(outcome)])
        if outcome.time_h >= self._next_moment_h - 1e-9:
            self._moments.write(json.dumps(moment(outcome), separators=(",", ":")) + "\n")
            self._moments.flush()
            self._next_moment_h += self._moment_every_h

    def finish(self, kpis: dict[str, Any]) -> None:
        """Closes the files, then writes ``kpis.json`` and ``timeline.parquet``."""
        self.__exit__(None, None, None)
        write_json(self._out / KPIS_FILE, kpis)
        write_parquet(self._out)


def timeline_columns(network: Network) -> list[str]:
    """Column names of timeline.csv."""
    bands = [f"{kind}_{b.name}{unit}" for b in network.bands for kind, unit in (("band_on", ""), ("prb_used", "_frac"))]
    users = ["users_own", "users_served", "users_carried", *(f"shed_{name}" for name in SHED_NAMES)]
    head = ["period", "time_h", "site_index", "site_id", "mode", "site_up", "soc_frac"]
    ev = ["ev_connected", "ev_usable_kwh", "price_usd_per_kwh"]
    return [*head, *POWER_COLUMNS, *ev, *bands, *users, "offered_mbps", "carried_mbps", "policy_id"]


def timeline_rows(network: Network, outcome: StepOutcome) -> list[list[object]]:
    """One row per site, in the order of ``timeline_columns``.

    ``users_own``, ``users_served``, ``shed_*`` and ``offered_mbps`` count the users whose own cell is the site's;
    ``users_carried`` and ``carried_mbps`` count those the site serves, whoever's they are.
    """
    sites = network.site_count
    own, by = outcome.own_site, outcome.ue_site[outcome.ue_site >= 0]
    carried_mbps = np.bincount(by, outcome.served_mbps[outcome.ue_site >= 0], minlength=sites)
    own_served = np.bincount(own[served(outcome)], minlength=sites)
    reasons = range(1, len(SHED_NAMES) + 1)
    counts = [np.bincount(own[outcome.shed_reason == r], minlength=sites) for r in reasons]
    bands = [c[:, b] for b in range(network.band_count) for c in (outcome.band_on.astype(int), outcome.prb_used_frac)]
    columns: list[Any] = [
        [MODE_NAMES[m] for m in outcome.mode],
        outcome.site_up.astype(int),
        outcome.soc_frac,
        *(getattr(outcome, name) for name in POWER_COLUMNS),
        outcome.ev_connected,
        outcome.ev_usable_kwh,
        outcome.price_usd_per_kwh,
        *bands,
        np.bincount(own, minlength=sites),
        own_served,
        np.bincount(by, minlength=sites),
        *counts,
        np.bincount(own, outcome.demand_mbps, minlength=sites),
        carried_mbps,
    ]
    cells = [[_cell(v) for v in column] for column in columns]
    at = [outcome.period, _cell(outcome.time_h)]
    return [
        [*at, i, network.sites[i].site_id, *(column[i] for column in cells), outcome.policy_id] for i in range(sites)
    ]


def network_columns() -> list[str]:
    """Column names of network.csv."""
    return [
        *("period", "time_h", "dt_h", "strategy", "policy_id", "critical_availability_frac"),
        *(f"availability_{name}_frac" for name in CLASS_NAMES),
        *(f"served_volume_{name}_frac" for name in CLASS_NAMES),
        *POWER_COLUMNS,
        *("soc_min_frac", "soc_mean_frac"),
        *(f"sites_{name}" for name in MODE_NAMES),
        *("sites_down", "handovers", "ev_connected", "ledger_error_kwh"),
        *(f"shed_{c}_{reason}" for c in CLASS_NAMES for reason in SHED_NAMES),
    ]


def network_row(outcome: StepOutcome) -> list[object]:
    """One row, in the order of ``network_columns``. A site that is down counts in no mode; powers are network sums."""
    modes = np.bincount(outcome.mode[outcome.site_up], minlength=len(MODE_NAMES))
    row: list[Any] = [
        *(outcome.period, outcome.time_h, outcome.dt_h, outcome.strategy, outcome.policy_id),
        critical_availability_frac(outcome),
        *class_availability_frac(outcome),
        *class_volume_frac(outcome),
        *(getattr(outcome, name).sum() for name in POWER_COLUMNS),
        *(outcome.soc_frac.min(), outcome.soc_frac.mean()),
        *modes,
        *((~outcome.site_up).sum(), outcome.handovers, outcome.ev_connected.sum()),
        f"{outcome.ledger_error_kwh:.3e}",
        *shed_counts(outcome)[:, 1:].ravel(),
    ]
    return [_cell(v) for v in row]


def moment(outcome: StepOutcome) -> dict[str, Any]:
    """Where everybody is: sites with mode, up, SoC; users with x and y (m), class, serving site, own cell, served."""
    return {
        "time_h": round(outcome.time_h, 6),
        "mode": outcome.mode.tolist(),
        "site_up": outcome.site_up.astype(int).tolist(),
        "soc_frac": outcome.soc_frac.round(4).tolist(),
        "ue_x_m": outcome.ue_xy_m[:, 0].round().astype(int).tolist(),
        "ue_y_m": outcome.ue_xy_m[:, 1].round().astype(int).tolist(),
        "service_class": outcome.service_class.tolist(),
        "ue_site": outcome.ue_site.tolist(),
        "own_site": outcome.own_site.tolist(),
        "served": served(outcome).astype(int).tolist(),
    }


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Writes strict JSON (no NaN) in one step, so that no reader sees half a file."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    part.replace(path)


def write_parquet(out: Path) -> None:
    """``timeline.parquet`` from ``timeline.csv`` (docs/adr/0007)."""
    import duckdb

    source, target = (str(out / name).replace("'", "''") for name in (TIMELINE_FILE, PARQUET_FILE))
    with duckdb.connect() as connection:
        options = "header = true, types = {'policy_id': 'VARCHAR', 'site_id': 'VARCHAR'}"
        query = f"COPY (SELECT * FROM read_csv('{source}', {options})) TO '{target}' (FORMAT parquet)"  # noqa: S608  # paths
        connection.execute(query)


def _run_json(facts: RunFacts) -> dict[str, Any]:
    network = facts.network
    return {
        "format": 1,
        "strategy": facts.strategy,
        "load": facts.load,
        "seed": facts.seed,
        "hours_h": facts.hours_h,
        "scenario": facts.scenario,
        "sites": [asdict(site) for site in network.sites],
        "bands": [b.name for b in network.bands],
        "nominal_radius_m": network.cooperation.nominal_radius_m,
        "expanded_radius_m": network.cooperation.expanded_radius_m,
        "reduced_radius_frac": network.cooperation.reduced_radius_frac,
    }


def _cell(value: Any) -> object:
    """A number short enough to read and long enough to find the period that covers a time: 10 significant digits."""
    return f"{value:.10g}" if isinstance(value, float) else value


def _write_rows(file: TextIO, rows: Iterable[list[object]] | list[list[str]]) -> None:
    csv.writer(file, lineterminator="\n").writerows(rows)
    file.flush()
