"""Charging sessions in the columns of ACN-Data: ``connectionTime, disconnectTime, kWhDelivered, stationID``.

A charging record says neither what a pack holds nor how full it was. The rule here:

* every car leaves at a state of charge of ``DEPARTURE_SOC_FRAC``;
* its pack holds ``ev.capacity_mean_kwh``, or just as much more as brings its arrival to ``LOWEST_ARRIVAL_SOC_FRAC``;
* so it arrived at departure state minus kWhDelivered over capacity.

A ``stationID`` that is a site_id stands at that site. The others are dealt to the free chargers in sorted order: the
first charger of every site, then the second, and so on.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from annotated_types import Ge

from gridran.scenario.importers.rows import Findings, Moment, Row, Table, Word, number, read
from gridran.scenario.importers.times import same_clock
from gridran.scenario.params import EvSessions
from gridran.types import Site

DEPARTURE_SOC_FRAC = 0.9
LOWEST_ARRIVAL_SOC_FRAC = 0.1

_TABLE = Table({"connectionTime": Moment, "disconnectTime": Moment, "kWhDelivered": number(Ge(0)), "stationID": Word})
_HOUR = timedelta(hours=1)


def ev_sessions(
    path: Path, start: datetime, sites: tuple[Site, ...], capacity_mean_kwh: float, findings: Findings
) -> EvSessions | None:
    """Sessions that end after time 0, by arrival; None where ``findings`` has something to say."""
    rows = read(path, _TABLE, findings)
    for column in ("connectionTime", "disconnectTime"):
        if not same_clock(rows, column, start, findings):
            return None
    _ends_follow_starts(rows, findings)
    site_of_station = _dealt({row.values["stationID"] for row in rows}, sites, findings)
    if findings.problems:
        return None
    kept = sorted(
        (row for row in rows if row.values["disconnectTime"] > start), key=lambda row: row.values["connectionTime"]
    )
    delivered_kwh = np.array([row.values["kWhDelivered"] for row in kept])
    charged_at_most_frac = DEPARTURE_SOC_FRAC - LOWEST_ARRIVAL_SOC_FRAC
    capacity_kwh = np.maximum(capacity_mean_kwh, delivered_kwh / charged_at_most_frac)
    return EvSessions(
        site=np.array([site_of_station[row.values["stationID"]] for row in kept], dtype=np.int64),
        arrival_h=np.array([(row.values["connectionTime"] - start) / _HOUR for row in kept]),
        departure_h=np.array([(row.values["disconnectTime"] - start) / _HOUR for row in kept]),
        capacity_kwh=capacity_kwh,
        soc_frac=DEPARTURE_SOC_FRAC - delivered_kwh / capacity_kwh,
    )


def _ends_follow_starts(rows: list[Row], findings: Findings) -> None:
    for row in rows:
        begin, end = row.values["connectionTime"], row.values["disconnectTime"]
        if (begin.tzinfo is None) == (end.tzinfo is None) and end <= begin:
            words = f"{end.isoformat()} is not after connectionTime {begin.isoformat()}; correct or remove the row"
            findings.add(row.line, "disconnectTime", words)


def _dealt(stations: set[str], sites: tuple[Site, ...], findings: Findings) -> dict[str, int]:
    """The site index of every station."""
    own = {site.site_id: index for index, site in enumerate(sites) if site.site_id in stations}
    taken = Counter(own.values())
    most = max((site.evse_count for site in sites), default=0)
    slots = [
        index
        for charger in range(most)
        for index, site in enumerate(sites)
        if taken[index] <= charger < site.evse_count
    ]
    others = sorted(stations - own.keys())
    if len(others) > len(slots):
        words = (
            f"{len(others)} stations, but the sites have {len(slots)} free chargers; raise evse_count or trim the file"
        )
        findings.add(0, "stationID", words)
    return own | dict(zip(others, slots, strict=False))
