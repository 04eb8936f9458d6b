"""The shipped scenario made of files: what is read out of them is what is written in them, and it runs."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from gridran.scenario.catalogue import shipped
from gridran.scenario.data import make_irregular
from gridran.scenario.loader import load_scenario
from gridran.scenario.params import Scenario
from studies.trial import trial

FOLDER = shipped()["irregular"].parent / "irregular"
START = datetime.fromisoformat("2019-07-09T10:00:00-07:00")


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """The scenario under test."""
    return load_scenario("irregular")


def rows_of(name: str) -> list[dict[str, str]]:
    """The rows of a file, as text."""
    with (FOLDER / name).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_cells_become_irregular_sites_in_metres(scenario: Scenario) -> None:
    """36 cells are 12 sites, none nearer than about 420 m to another, around their own middle."""
    network = scenario.network
    assert network.site_count == 12
    np.testing.assert_allclose(network.site_xy_m.mean(axis=0), 0.0, atol=0.01)
    assert 400.0 < np.where(network.site_distance_m > 0.0, network.site_distance_m, np.inf).min() < 450.0


def test_one_site_may_differ_from_the_others(scenario: Scenario) -> None:
    """``[[site]]`` replaces what ``[sites]`` says for the site of that name only."""
    first, *others = scenario.network.sites
    assert (first.pv_kwp, first.battery.capacity_kwh) == (8.0, 30.0)
    assert {(s.pv_kwp, s.battery.capacity_kwh, s.evse_count) for s in others} == {(4.0, 20.0, 2)}


def test_counters_become_rates_from_time_0_for_a_whole_day(scenario: Scenario) -> None:
    """Mbit in 900 s, summed over the three cells of a site; the first row is the one that begins at time 0."""
    counters = scenario.traffic_counters
    assert counters is not None
    assert (counters.step_min, counters.offered_mbps.shape) == (15.0, (96, 12))
    first = [row for row in rows_of("counters.csv") if datetime.fromisoformat(row["beginTime"]) == START]
    of_site_3 = [float(row["DRB.PdcpSduVolumeDL"]) for row in first if row["cell"].startswith("4")]
    assert len(of_site_3) == 3
    assert counters.offered_mbps[0, 3] == pytest.approx(sum(of_site_3) / 900.0)


def test_sessions_keep_their_times_and_energy(scenario: Scenario) -> None:
    """Cars still there at time 0 or later are kept; what was charged lies between arrival and departure state."""
    sessions = scenario.ev_sessions
    assert sessions is not None
    rows = [r for r in rows_of("ev_sessions.csv") if datetime.fromisoformat(r["disconnectTime"]) > START]
    arrival_h = [(datetime.fromisoformat(r["connectionTime"]) - START).total_seconds() / 3600.0 for r in rows]
    np.testing.assert_allclose(sessions.arrival_h, sorted(arrival_h))
    charged_kwh = (0.9 - sessions.soc_frac) * sessions.capacity_kwh
    assert charged_kwh.sum() == pytest.approx(sum(float(r["kWhDelivered"]) for r in rows))
    assert set(sessions.site.tolist()) == set(range(12))


def test_pv_is_measured_output_by_quarters_of_an_hour(scenario: Scenario) -> None:
    """Two whole days from time 0: bright at the start, dark twelve hours later, never above the rating."""
    profile = scenario.pv_profile
    assert profile is not None
    assert (profile.step_min, profile.output_frac.shape) == (15.0, (192,))
    assert profile.output_frac[0] > 0.5
    assert profile.output_frac[48] == 0.0
    assert profile.output_frac.max() <= 1.0


def test_synthetic_files_are_what_the_script_makes(tmp_path: Path) -> None:
    """Cells and counters come out of the generator byte for byte."""
    rng = np.random.default_rng(make_irregular.SEED)
    make_irregular.write(tmp_path / "cells.csv", make_irregular.CELL_HEADER, make_irregular.cells(rng))
    make_irregular.write(tmp_path / "counters.csv", make_irregular.COUNTER_HEADER, make_irregular.counters(rng))
    for name in ("cells.csv", "counters.csv"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()


def test_data_files_are_small_and_explained() -> None:
    """No file is above 300 kB, and the README names each data file."""
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    for path in FOLDER.iterdir():
        assert path.stat().st_size < 300_000
        assert path.name in readme


@pytest.mark.parametrize("strategy", ["independent", "msrc"])
def test_the_scenario_runs(scenario: Scenario, strategy: str) -> None:
    """Three minutes of the blackout: sites stay up, users are served, cars and sun give energy, the ledger closes."""
    outcome = [period.outcome for period in trial(scenario, strategy, seed=1, hours_h=0.05)][-1]
    assert outcome.site_up.all()
    assert outcome.served_mbps.sum() > 0.9 * outcome.demand_mbps.sum() > 0.0
    assert outcome.ev_connected.sum() > 0
    assert outcome.pv_kw.sum() > 0.0
    assert outcome.ledger_error_kwh < 1e-9
