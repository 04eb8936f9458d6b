"""Offered traffic from performance counters, one row per cell and granularity period (usually 15 min).

Columns: ``beginTime``; ``cell`` (a cell of the sites file, or a site_id); and one of

* ``DRB.PdcpSduVolumeDL`` — Mbit in the period (3GPP TS 28.552, 5.1.2.1.1.1), divided by its length;
* ``DRB.PdcpSduBitrateDl`` — mean kbit/s (3GPP TS 32.425, 4.4.1).

A counter holds what was delivered. It stands for what was offered, which is right while the network was not congested.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from annotated_types import Ge

from gridran.scenario.importers.rows import Findings, Moment, Row, Table, Word, number, read
from gridran.scenario.importers.times import regular, same_clock, window
from gridran.scenario.params import TrafficCounters
from gridran.scenario.problem import did_you_mean
from gridran.types import FloatArray

_VOLUME, _BITRATE = "DRB.PdcpSduVolumeDL", "DRB.PdcpSduBitrateDl"


def traffic_counters(
    path: Path, start: datetime, site_ids: tuple[str, ...], site_of_cell: Mapping[str, str], findings: Findings
) -> TrafficCounters | None:
    """The counters of every site from time 0 on; None where ``findings`` has something to say."""
    counter = _VOLUME if _VOLUME in _header(path) else _BITRATE
    rows = read(path, Table({"beginTime": Moment, "cell": Word, counter: number(Ge(0))}), findings)
    where = dict(zip(site_ids, site_ids, strict=True)) | dict(site_of_cell)
    _cells_are_known(rows, where, findings)
    if findings.problems or not same_clock(rows, "beginTime", start, findings):
        return None
    times = sorted({row.values["beginTime"] for row in rows})
    step = regular(times, "beginTime", findings)
    if step is None or not _is_complete(rows, times, findings):
        return None
    kept = window(times, step, start, "beginTime", findings)
    to_mbps = timedelta(seconds=1) / step if counter == _VOLUME else 1e-3
    offered_mbps = _per_site(rows, kept, where, site_ids, counter) * to_mbps
    if not findings.problems:
        _sites_are_counted(rows, where, site_ids, findings)
    return None if findings.problems else TrafficCounters(step / timedelta(minutes=1), offered_mbps)


def _per_site(
    rows: list[Row], times: list[datetime], where: Mapping[str, str], site_ids: tuple[str, ...], counter: str
) -> FloatArray:
    """The counter summed over the cells of a site, shape [T, N]."""
    row_of, column_of = {t: i for i, t in enumerate(times)}, {s: i for i, s in enumerate(site_ids)}
    total = np.zeros((len(times), len(site_ids)))
    for row in rows:
        if row.values["beginTime"] in row_of:
            total[row_of[row.values["beginTime"]], column_of[where[row.values["cell"]]]] += row.values[counter]
    return total


def _header(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as lines:
            return lines.readline()
    except OSError:
        return ""


def _cells_are_known(rows: list[Row], where: Mapping[str, str], findings: Findings) -> None:
    for row in rows:
        cell = row.values["cell"]
        if cell not in where:
            findings.add(row.line, "cell", f"no cell or site {cell!r} in this network; {did_you_mean(cell, where)}")


def _is_complete(rows: list[Row], times: list[datetime], findings: Findings) -> bool:
    """Every cell once in every period."""
    seen: dict[tuple[str, datetime], int] = {}
    for row in rows:
        key = (row.values["cell"], row.values["beginTime"])
        if key in seen:
            findings.add(row.line, "cell", f"{key[0]} is already counted for this period on line {seen[key]}; keep one")
        seen.setdefault(key, row.line)
    for cell in sorted({cell for cell, _ in seen}):
        holes = [t for t in times if (cell, t) not in seen]
        if holes:
            words = f"cell {cell} has no row for {len(holes)} periods, the first at {holes[0].isoformat()}; add them"
            findings.add(0, "beginTime", words)
    return not findings.problems


def _sites_are_counted(
    rows: list[Row], where: Mapping[str, str], site_ids: tuple[str, ...], findings: Findings
) -> None:
    counted = {where[row.values["cell"]] for row in rows}
    for site_id in site_ids:
        if site_id not in counted:
            findings.add(0, "cell", f"no counter for site {site_id!r}; add rows for its cells")
