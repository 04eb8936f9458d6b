"""Regular time series in files: one step, no holes, and time 0 at the start of a step."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import datetime, timedelta

from gridran.scenario.importers.rows import Findings, Row

_DAY = timedelta(days=1)


def same_clock(rows: list[Row], column: str, start: datetime, findings: Findings) -> bool:
    """Whether every time can be compared with ``start``: all with a UTC offset, or none. Says so once if not."""
    aware = start.tzinfo is not None
    for row in rows:
        if (row.values[column].tzinfo is not None) != aware:
            has, other = ("no", "one") if aware else ("a", "none")
            findings.add(row.line, column, f"has {has} UTC offset, but start in [data] has {other}; write both alike")
            return False
    return True


def regular(moments: Iterable[datetime], column: str, findings: Findings) -> timedelta | None:
    """The step of a series of distinct times; None, and a finding, where steps differ or there are too few."""
    ordered = sorted(set(moments))
    gaps = {after - before for before, after in itertools.pairwise(ordered)}
    if not gaps:
        findings.add(0, column, "has fewer than two different times; give a series")
        return None
    step = min(gaps)
    for before, after in itertools.pairwise(ordered):
        if after - before != step:
            findings.add(
                0, column, f"jumps from {before.isoformat()} to {after.isoformat()}, elsewhere by {step}; fill it"
            )
            return None
    return step


def window(
    ordered: list[datetime], step: timedelta, start: datetime, column: str, findings: Findings
) -> list[datetime]:
    """The times from ``start`` on. Whole days where there is a day or more, so that a repetition stays in phase."""
    if start not in ordered:
        findings.add(
            0,
            column,
            f"no interval begins at time 0 ({start.isoformat()}); they begin every {step} from"
            f" {ordered[0].isoformat()} to {ordered[-1].isoformat()}: set start in [data] to one of them",
        )
        return []
    kept = ordered[ordered.index(start) :]
    per_day = _DAY // step
    days = len(kept) // per_day
    return kept[: days * per_day] if days else kept
