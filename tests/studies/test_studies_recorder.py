"""What a run leaves on disk, and that it can be read whatever happened to the run."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import ModuleType

import duckdb
import numpy as np
import pytest

from studies.kpis import KpiAccumulator, RunMeta
from studies.recorder import RunFacts, RunRecorder, timeline_columns
from studies.rundir import kpis_so_far, read_run

META = RunMeta("msrc", "medium", 1, 1.0)


@pytest.fixture
def recorder(synthetic: ModuleType, tmp_path: Path) -> RunRecorder:
    return RunRecorder(tmp_path, RunFacts("msrc", "medium", 1, 24.0, "paper", synthetic.network(1)))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_timeline_has_a_row_per_period_and_site(recorder: RunRecorder, synthetic: ModuleType, tmp_path: Path) -> None:
    """Seven sites over three periods are 21 rows, written before anything is closed."""
    for outcome in synthetic.blackout(synthetic.network(1), periods=3):
        recorder.add(outcome)
    found = rows(tmp_path / "timeline.csv")
    assert len(found) == 21
    assert {(r["period"], r["site_id"]) for r in found} == {
        (str(k), f"site-{i:02d}") for k in range(3) for i in range(7)
    }


def test_timeline_counts_users_by_own_cell_and_by_server(
    recorder: RunRecorder, synthetic: ModuleType, tmp_path: Path
) -> None:
    """A user of site 0 carried by site 1 is own at 0 and carried at 1; one that is shed is counted with its reason."""
    changes = {
        "own_site": np.array([0, 0]),
        "ue_site": np.array([1, -1]),
        "served_frac": np.array([1.0, 0.0]),
        "shed_reason": np.array([0, 3]),
    }
    recorder.add(synthetic.outcome(sites=7, ues=2, **changes))
    first, second = rows(tmp_path / "timeline.csv")[:2]
    assert (first["users_own"], first["users_served"], first["users_carried"]) == ("2", "1", "0")
    assert (second["users_own"], second["users_carried"], second["carried_mbps"]) == ("0", "1", "1")
    assert first["shed_no_capacity"] == "1"
    assert float(first["offered_mbps"]) == 2.0


def test_every_column_with_a_unit_says_so(synthetic: ModuleType) -> None:
    """Powers, energies, shares and rates carry their unit; bands their name."""
    columns = timeline_columns(synthetic.network(1))
    assert {"load_kw", "ev_usable_kwh", "soc_frac", "carried_mbps", "time_h", "prb_used_800_frac"} <= set(columns)
    assert len(columns) == len(set(columns))


def test_network_row_adds_up(recorder: RunRecorder, synthetic: ModuleType, tmp_path: Path) -> None:
    """Sites by mode and down are all sites; a site that is down counts in no mode."""
    up = np.array([True] * 6 + [False])
    recorder.add(synthetic.outcome(sites=7, mode=np.array([1, 2, 3, 0, 0, 0, 1]), site_up=up))
    (row,) = rows(tmp_path / "network.csv")
    modes = [int(row[f"sites_{name}"]) for name in ("normal", "helping", "assisted", "deep_sleep", "down")]
    assert modes == [3, 1, 1, 1, 1]
    assert float(row["load_kw"]) == 14.0


def test_moments_are_kept_at_intervals(recorder: RunRecorder, synthetic: ModuleType, tmp_path: Path) -> None:
    """Five minutes apart: four of them in a run of 18 minutes."""
    for outcome in synthetic.blackout(synthetic.network(1), periods=36, ues=5):
        recorder.add(outcome)
    times_h = [json.loads(line)["time_h"] for line in (tmp_path / "moments.jsonl").read_text().splitlines()]
    assert times_h == pytest.approx([0.0, 1 / 12, 2 / 12, 3 / 12], abs=1e-6)


def test_parquet_is_the_same_table(recorder: RunRecorder, synthetic: ModuleType, tmp_path: Path) -> None:
    """timeline.parquet has the rows and columns of timeline.csv, identifiers as text."""
    kpis = KpiAccumulator()
    for outcome in synthetic.blackout(synthetic.network(1), periods=5):
        recorder.add(outcome)
        kpis.add(outcome)
    recorder.finish(kpis.result(META))
    table = duckdb.read_parquet(str(tmp_path / "timeline.parquet"))
    assert table.columns == timeline_columns(synthetic.network(1))
    assert len(table.fetchall()) == 35
    assert dict(zip(table.columns, table.types, strict=True))["policy_id"] == "VARCHAR"


def test_a_run_without_policy_has_readable_files_too(
    recorder: RunRecorder, synthetic: ModuleType, tmp_path: Path
) -> None:
    """Empty policy ids stay empty text through CSV and Parquet."""
    kpis = KpiAccumulator()
    recorder.add(synthetic.outcome(sites=7))
    kpis.add(synthetic.outcome(sites=7))
    recorder.finish(kpis.result(META))
    table = duckdb.read_parquet(str(tmp_path / "timeline.parquet")).project("coalesce(policy_id, '')")
    assert set(table.fetchall()) == {("",)}
    assert read_run(tmp_path).network.texts["policy_id"] == [""]


def test_a_torn_last_line_is_left_out(recorder: RunRecorder, synthetic: ModuleType, tmp_path: Path) -> None:
    """A run killed in the middle of a line reads as the periods that are whole in both tables."""
    for outcome in synthetic.blackout(synthetic.network(1), periods=4):
        recorder.add(outcome)
    for name, cut in (("timeline.csv", 30), ("moments.jsonl", 10)):
        path = tmp_path / name
        path.write_bytes(path.read_bytes()[:-cut])
    run = read_run(tmp_path)
    assert run.kpis is None
    assert run.period_count == 3
    assert run.site_series("soc_frac").shape == (3, 7)


def test_figures_of_an_interrupted_run_agree_with_the_whole(
    recorder: RunRecorder, synthetic: ModuleType, tmp_path: Path
) -> None:
    """What network.csv alone gives is what the accumulator gives."""
    kpis = KpiAccumulator()
    for outcome in synthetic.blackout(synthetic.network(1), periods=600):
        recorder.add(outcome)
        kpis.add(outcome)
    whole, partial = kpis.result(META), kpis_so_far(read_run(tmp_path))
    names = [name for name in partial if isinstance(partial[name], float)]
    assert {"survival_h", "critical_h", "sla_h", "availability_essential_2h5_frac", "v2g_kwh"} <= set(names)
    assert {name: partial[name] for name in names} == pytest.approx({name: whole[name] for name in names})


def test_kpis_file_is_strict_json(recorder: RunRecorder, synthetic: ModuleType, tmp_path: Path) -> None:
    """What is unknown is null, so that every reader can parse the file."""
    kpis = KpiAccumulator()
    recorder.add(synthetic.outcome(sites=7))
    kpis.add(synthetic.outcome(sites=7))
    recorder.finish(kpis.result(META))
    text = (tmp_path / "kpis.json").read_text()
    assert "NaN" not in text
    assert json.loads(text)["control_latency_p50_ms"] is None


def test_no_run_is_named() -> None:
    """A directory without a run says what is missing."""
    with pytest.raises(ValueError, match=r"run\.json is missing"):
        read_run(Path("nowhere"))
