"""Data from CSV files: what they become, and what is said of a bad row."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from gridran.scenario.importers.cells import CellSites, cell_sites, local_xy_m
from gridran.scenario.importers.counters import traffic_counters
from gridran.scenario.importers.pv import pv_profile
from gridran.scenario.importers.rows import MAX_PROBLEMS, Findings
from gridran.scenario.importers.sessions import ev_sessions
from gridran.scenario.loader import ScenarioError, load_scenario
from gridran.scenario.params import EvSessions, PvProfile, TrafficCounters
from gridran.types import Site

START = datetime(2019, 5, 1, 10)
CELL_HEADER = "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal"
CELLS = """LTE,1,1,1,101,0,7.68000,45.07000,500,9,1,0,0,0
LTE,1,1,1,201,0,7.69000,45.07000,500,9,1,0,0,0
LTE,1,1,1,102,0,7.68010,45.07000,500,9,1,0,0,0
NR,1,1,1,103,0,7.68000,45.07010,500,9,1,0,0,0
"""
SITES = (Site("a", 0, 0), Site("b", 500, 0, evse_count=2))


def written(folder: Path, text: str) -> Findings:
    path = folder / "data.csv"
    path.write_text(text, encoding="utf-8")
    return Findings(path)


def cells(folder: Path, text: str, within_m: float = 50.0) -> tuple[CellSites | None, list[tuple[int, str]]]:
    found = written(folder, text)
    return cell_sites(found.path, within_m, found), [(p.line, p.key) for p in found.all()]


def counters(folder: Path, text: str, start: datetime = START) -> tuple[TrafficCounters | None, Findings]:
    found = written(folder, text)
    return traffic_counters(found.path, start, ("a", "b"), {"1": "a", "2": "a", "3": "b"}, found), found


def sessions(folder: Path, text: str, start: datetime = START) -> tuple[EvSessions | None, Findings]:
    found = written(folder, "connectionTime,disconnectTime,kWhDelivered,stationID\n" + text)
    return ev_sessions(found.path, start, SITES, 60.0, found), found


def profile(folder: Path, text: str, start: datetime = START) -> tuple[PvProfile | None, Findings]:
    found = written(folder, "time,output_frac\n" + text)
    return pv_profile(found.path, start, found), found


@pytest.mark.parametrize("header", ["", CELL_HEADER + "\n"])
def test_cells_become_sites_by_place(header: str, tmp_path: Path) -> None:
    """Cells within 50 m are one site, numbered as they first appear, with or without a header line."""
    found, problems = cells(tmp_path, header + CELLS)
    assert problems == []
    assert found is not None
    assert found.site_of_cell == {"101": "site-0", "201": "site-1", "102": "site-0", "103": "site-0"}
    (_, x0_m, y0_m), (_, x1_m, y1_m) = found.places
    # 0.01 degree of longitude at 45.07 north is 785.3 m; site-0 lies at the mean of its three cells
    assert x1_m - x0_m == pytest.approx(785.3 * (1 - 0.01 / 3), abs=0.2)
    assert y1_m - y0_m == pytest.approx(-11.12 / 3, abs=0.05)
    assert np.mean([x0_m, x1_m]) == pytest.approx(0.0, abs=1e-3)


def test_cells_far_apart_stay_apart(tmp_path: Path) -> None:
    """With a smaller grouping distance every cell of the example is a site of its own."""
    found, _ = cells(tmp_path, CELLS, within_m=1.0)
    assert found is not None
    assert len(found.places) == 4


def test_a_degree_of_latitude_is_111_km() -> None:
    """The local plane keeps north-south distances."""
    xy_m = local_xy_m(np.array([(7.0, 45.0), (7.0, 46.0)]))
    assert xy_m[1, 1] - xy_m[0, 1] == pytest.approx(111_195, abs=1)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (CELLS.replace("7.69000", "east"), (2, "lon")),
        (CELLS.replace("7.69000", "190"), (2, "lon")),
        (CELLS.replace("7.69000", "nan"), (2, "lon")),
        (CELLS.replace("103", "101"), (4, "cell")),
        (CELLS + "LTE,1,1\n", (5, "cell")),
        (CELL_HEADER.replace("lat", "latitude") + "\n" + CELLS, (1, "lat")),
        ("", (0, "")),
        (CELLS + '"LTE', (5, "")),
    ],
)
def test_a_bad_cell_is_named_with_its_line(text: str, place: tuple[int, str], tmp_path: Path) -> None:
    """Words, ranges, NaN, repeated cells, short lines, a missing column, an empty file, an open quote."""
    found, problems = cells(tmp_path, text)
    assert found is None
    assert place in problems


def test_a_flood_of_mistakes_is_cut(tmp_path: Path) -> None:
    """A file that is bad on every line shows the first mistakes and counts the rest."""
    found = written(tmp_path, "LTE,1,1,1,x,0,far,out\n" * 100)
    assert cell_sites(found.path, 50.0, found) is None
    assert len(found.all()) == MAX_PROBLEMS + 1
    assert "more mistakes like these" in found.all()[-1].message


def counter_rows(periods: int, column: str = "DRB.PdcpSduVolumeDL", value: str = "900", offset: str = "") -> str:
    """``periods`` quarters of an hour from 09:30 on, three cells each."""
    lines = [f"beginTime,cell,{column}"]
    for k in range(periods):
        begin = (datetime(2019, 5, 1, 9, 30) + k * timedelta(minutes=15)).isoformat() + offset
        lines += [f"{begin},{cell},{value}" for cell in (1, 2, 3)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(("column", "value"), [("DRB.PdcpSduVolumeDL", "900"), ("DRB.PdcpSduBitrateDl", "1000")])
def test_counters_become_mbps_per_site(column: str, value: str, tmp_path: Path) -> None:
    """900 Mbit in 15 min, or 1,000 kbit/s, are 1 Mbps a cell; a site has the sum of its cells, from time 0 on."""
    found, findings = counters(tmp_path, counter_rows(6, column, value))
    assert findings.all() == []
    assert found is not None
    assert found.step_min == 15.0
    np.testing.assert_allclose(found.offered_mbps, [[2.0, 1.0]] * 4)


def test_counters_of_more_than_a_day_keep_whole_days(tmp_path: Path) -> None:
    """They are repeated after their end, and must not fall out of step with the hour of day."""
    found, _ = counters(tmp_path, counter_rows(120))
    assert found is not None
    assert len(found.offered_mbps) == 96


@pytest.mark.parametrize(
    ("text", "line", "key", "words"),
    [
        (counter_rows(4).replace(",2,900", ",7,900", 1), 3, "cell", "no cell or site '7'"),
        (counter_rows(4).replace("900", "-1", 1), 2, "DRB.PdcpSduVolumeDL", "at least 0"),
        (counter_rows(4).replace("2019-05-01T09:30:00", "soon", 1), 2, "beginTime", "not a date and time"),
        (counter_rows(4) + "2019-05-01T09:30:00,1,5\n", 14, "cell", "already counted"),
        (counter_rows(4).replace("2019-05-01T10:00:00,1,900\n", ""), 0, "beginTime", "cell 1 has no row for 1 periods"),
        (counter_rows(4) + "2019-05-01T11:00:00,1,9\n", 0, "beginTime", "jumps from"),
        (counter_rows(1), 0, "beginTime", "fewer than two"),
        (counter_rows(4, offset="+02:00"), 2, "beginTime", "UTC offset"),
        (counter_rows(4, column="Volume"), 1, "DRB.PdcpSduBitrateDl", "no such column"),
        (counter_rows(4).replace(",3,", ",1,"), 4, "cell", "already counted"),
        ("beginTime,cell,DRB.PdcpSduVolumeDL\n", 0, "beginTime", "fewer than two"),
    ],
)
def test_a_bad_counter_is_named_with_its_line(text: str, line: int, key: str, words: str, tmp_path: Path) -> None:
    """Unknown cells, negative volumes, bad times, doubles, holes, mixed clocks and a missing column."""
    found, findings = counters(tmp_path, text)
    assert found is None
    assert [p for p in findings.all() if (p.line, p.key) == (line, key) and words in p.message], findings.all()


def test_counters_must_have_an_interval_at_time_0(tmp_path: Path) -> None:
    """Time 0 between two intervals would shift the traffic silently."""
    found, findings = counters(tmp_path, counter_rows(6), START + timedelta(minutes=7))
    assert found is None
    assert "no interval begins at time 0" in findings.all()[0].message


def test_every_site_needs_a_counter(tmp_path: Path) -> None:
    """A site without any cell in the file is named."""
    text = "\n".join(line for line in counter_rows(4).splitlines() if ",3," not in line)
    found, findings = counters(tmp_path, text)
    assert found is None
    assert "no counter for site 'b'" in findings.all()[0].message


def test_sessions_become_cars_by_the_stated_rule(tmp_path: Path) -> None:
    """Cars leave at 90 %; the pack is 60 kWh, or what brings the arrival to 10 %; ended sessions are left out."""
    found, findings = sessions(
        tmp_path,
        "2019-05-01T12:00:00,2019-05-01T18:30:00,64,CA-2\n"
        "2019-05-01T08:00:00,2019-05-01T11:00:00,30,CA-1\n"
        "2019-05-01T06:00:00,2019-05-01T09:00:00,10,CA-1\n"
        '"Wed, 01 May 2019 13:00:00 -0000",2019-05-01T14:00:00,0,b\n',
    )
    assert findings.all() == []
    assert found is not None
    np.testing.assert_allclose(found.arrival_h, [-2.0, 2.0, 3.0])
    np.testing.assert_allclose(found.departure_h, [1.0, 8.5, 4.0])
    np.testing.assert_allclose(found.capacity_kwh, [60.0, 80.0, 60.0])
    np.testing.assert_allclose(found.soc_frac, [0.4, 0.1, 0.9])
    assert found.site.tolist() == [0, 1, 1]  # CA-1 at a, CA-2 at the charger of b that station "b" leaves free


def test_stations_fill_the_first_charger_of_every_site_first(tmp_path: Path) -> None:
    """Three unknown stations on chargers (1, 2): one at a, two at b, in sorted order."""
    rows = "".join(f"2019-05-01T12:00:00,2019-05-01T13:00:00,1,{name}\n" for name in ("z", "x", "y"))
    found, _ = sessions(tmp_path, rows)
    assert found is not None
    assert found.site.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("row", "line", "key", "words"),
    [
        ("2019-05-01T12:00:00,2019-05-01T11:00:00,1,x", 2, "disconnectTime", "is not after connectionTime"),
        ("2019-05-01T12:00:00,2019-05-01T13:00:00,-1,x", 2, "kWhDelivered", "at least 0"),
        ("2019-05-01T12:00:00,2019-05-01T13:00:00,,x", 2, "kWhDelivered", "is not a number"),
        ("2019-05-01T12:00:00,2019-05-01T13:00:00,1,", 2, "stationID", "is empty"),
        ("noon,2019-05-01T13:00:00,1,x", 2, "connectionTime", "not a date and time"),
        ("2019-05-01T12:00:00-07:00,2019-05-01T13:00:00-07:00,1,x", 2, "connectionTime", "UTC offset"),
        ("2019-05-01T12:00:00,2019-05-01T13:00:00Z,1,x", 2, "disconnectTime", "UTC offset"),
    ],
)
def test_a_bad_session_is_named_with_its_line(row: str, line: int, key: str, words: str, tmp_path: Path) -> None:
    """Ends before starts, negative and missing energy, no station, bad times, mixed clocks."""
    found, findings = sessions(tmp_path, row + "\n")
    assert found is None
    assert [p for p in findings.all() if (p.line, p.key) == (line, key) and words in p.message], findings.all()


def test_more_stations_than_chargers_are_refused(tmp_path: Path) -> None:
    """No session is dropped silently for want of a charger."""
    rows = "".join(f"2019-05-01T12:00:00,2019-05-01T13:00:00,1,s{k}\n" for k in range(4))
    found, findings = sessions(tmp_path, rows)
    assert found is None
    assert "4 stations, but the sites have 3 free chargers" in findings.all()[0].message


def pv_rows(hours: int) -> str:
    return "".join(
        f"{(datetime(2019, 5, 1) + k * timedelta(hours=1)).isoformat()},{k % 24 / 24}\n" for k in range(hours)
    )


def test_a_pv_profile_begins_at_time_0_and_keeps_whole_days(tmp_path: Path) -> None:
    """Of 60 hours from midnight, 50 are left at 10:00, of which two days are kept."""
    found, findings = profile(tmp_path, pv_rows(60))
    assert findings.all() == []
    assert found is not None
    assert (found.step_min, len(found.output_frac)) == (60.0, 48)
    assert found.output_frac[0] == pytest.approx(10 / 24)


@pytest.mark.parametrize(
    ("text", "line", "key", "words"),
    [
        (pv_rows(30), 0, "time", "give a whole day or more"),
        (pv_rows(48).replace(",0.5\n", ",5\n", 1), 14, "output_frac", "at most 1.5"),
        (pv_rows(48) + "2019-05-01T00:00:00,0.1\n", 50, "time", "given twice"),
        (pv_rows(8), 0, "time", "no interval begins at time 0"),
    ],
)
def test_a_bad_pv_profile_is_named(text: str, line: int, key: str, words: str, tmp_path: Path) -> None:
    """Too short, beyond the rating, doubled, or not around time 0."""
    found, findings = profile(tmp_path, text)
    assert found is None
    assert [p for p in findings.all() if (p.line, p.key) == (line, key) and words in p.message], findings.all()


def test_the_irregular_scenario_uses_its_files() -> None:
    """12 irregular sites with measured cars and sun, and traffic for every site."""
    scenario = load_scenario("irregular")
    assert scenario.network.site_count == 12
    assert scenario.traffic_counters is not None
    assert scenario.traffic_counters.offered_mbps.shape[1] == 12
    assert (scenario.traffic_counters.offered_mbps > 0.0).all()
    assert scenario.ev_sessions is not None
    assert set(scenario.ev_sessions.site.tolist()) <= set(range(12))
    assert (scenario.ev_sessions.departure_h > np.maximum(scenario.ev_sessions.arrival_h, 0.0)).all()
    assert ((scenario.ev_sessions.soc_frac >= 0.1 - 1e-9) & (scenario.ev_sessions.soc_frac <= 0.9)).all()
    assert scenario.pv_profile is not None
    assert scenario.pv_profile.output_frac.max() > 0.5


def test_a_bad_row_of_a_named_file_carries_that_files_name(tmp_path: Path) -> None:
    """The mistake is reported at the CSV's own line, next to those of the scenario file."""
    (tmp_path / "cells.csv").write_text(CELLS.replace("7.69000", "east"), encoding="utf-8")
    (tmp_path / "mine.toml").write_text('[sites]\nfile = "cells.csv"\n[ev]\nurgency = -1\n', encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(tmp_path / "mine.toml")
    assert [(Path(p.file).name, p.line, p.key) for p in caught.value.problems] == [
        ("cells.csv", 2, "lon"),
        ("mine.toml", 4, "ev.urgency"),
    ]
