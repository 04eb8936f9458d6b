"""PV output from a time series: ``time`` and ``output_frac`` (kW per kWp).

Each row holds from its time to the next. From time 0 on whole days are kept, because the profile is repeated.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from annotated_types import Ge, Le

from gridran.scenario.importers.rows import Findings, Moment, Table, number, read
from gridran.scenario.importers.times import regular, same_clock, window
from gridran.scenario.params import PvProfile

_TABLE = Table({"time": Moment, "output_frac": number(Ge(0), Le(1.5))})  # above 1: cold, bright moments


def pv_profile(path: Path, start: datetime, findings: Findings) -> PvProfile | None:
    """The profile from time 0 on; None where ``findings`` has something to say."""
    rows = read(path, _TABLE, findings)
    if findings.problems or not same_clock(rows, "time", start, findings):
        return None
    output_frac: dict[datetime, float] = {}
    for row in rows:
        if row.values["time"] in output_frac:
            findings.add(row.line, "time", f"{row.values['time'].isoformat()} is given twice; keep one")
        output_frac[row.values["time"]] = row.values["output_frac"]
    times = sorted(output_frac)
    step = regular(times, "time", findings)
    if step is None:
        return None
    kept = window(times, step, start, "time", findings)
    if kept and len(kept) * step < timedelta(days=1):
        findings.add(0, "time", f"only {len(kept) * step} from time 0 on; give a whole day or more")
    if findings.problems:
        return None
    return PvProfile(step / timedelta(minutes=1), np.array([output_frac[t] for t in kept]))
