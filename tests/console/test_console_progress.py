"""Progress and the table of figures as people see them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import ModuleType

import pytest

from console.progress import PlainProgress, describe, event_of
from console.sink import RunSink, SinkConfig, period_event
from console.table import print_kpis
from gridran.scenario.params import Scenario, TrafficParams
from studies.rundir import read_run


@pytest.fixture
def event(synthetic: ModuleType) -> dict[str, object]:
    made: dict[str, object] = period_event(synthetic.outcome(59, sites=3))
    return made


def test_a_period_in_words(event: dict[str, object]) -> None:
    """Sites by mode, the lowest charge, users served by class."""
    assert describe(event) == "sites 3 normal · lowest charge 80% · served emg 100% voice 100% ess 100% b-e 100%"


def test_plain_progress_is_a_line_every_quarter(synthetic: ModuleType) -> None:
    """In a pipe, an hour of 120 periods is four lines and the first."""
    file = io.StringIO()
    view = PlainProgress(1.0, file)
    for k in range(120):
        view.show(period_event(synthetic.outcome(k)))
    lines = file.getvalue().splitlines()
    assert len(lines) == 5
    assert lines[-1].startswith(" 1.00 h of 1 h  sites 2 normal")


@pytest.mark.parametrize("line", ["", "plain words", "[1, 2]", '{"no": "event"}', '{"event": '])
def test_other_words_of_the_emulator_are_no_events(line: str) -> None:
    """Only JSON objects with an event count."""
    assert event_of(line) is None


def test_sink_writes_the_run_and_its_events(synthetic: ModuleType, tmp_path: Path) -> None:
    """start, one event a period, end; then kpis.json is there, latencies in it."""
    events = io.StringIO()
    sink = RunSink(SinkConfig("independent", "medium", 3, 0.05, tmp_path), events)
    sink.begin(Scenario("tiny", synthetic.network(1), traffic=TrafficParams(ue_count=10)))
    over = [sink.period(synthetic.outcome(k, sites=7), 20.0 + k) for k in range(6)]
    sink.end()
    sink.end()
    told = [json.loads(line) for line in events.getvalue().splitlines()]
    assert over == [False] * 5 + [True]
    assert [t["event"] for t in told] == ["start", *["period"] * 6, "end"]
    assert told[-1] == {"event": "end", "reason": "hours", "time_h": pytest.approx(0.05)}
    kpis = read_run(tmp_path).kpis
    assert kpis is not None
    assert (kpis["seed"], kpis["ues"], kpis["control_latency_p50_ms"]) == (3, 10, 22.5)


def test_sink_stops_a_lost_network(synthetic: ModuleType, tmp_path: Path) -> None:
    """Thirty minutes without critical service end the run before its hours."""
    events = io.StringIO()
    sink = RunSink(SinkConfig("independent", "medium", 3, 24.0, tmp_path), events)
    sink.begin(Scenario("tiny", synthetic.network(1)))
    over = [sink.period(synthetic.outcome(k, sites=7, served_frac=0.0), None) for k in range(60)]
    sink.end()
    assert over == [False] * 59 + [True]
    assert json.loads(events.getvalue().splitlines()[-1])["reason"] == "lost"


def test_a_sink_that_saw_nothing_leaves_no_figures(synthetic: ModuleType, tmp_path: Path) -> None:
    """A run that ends before its first period has no kpis.json."""
    sink = RunSink(SinkConfig("independent", "medium", 3, 24.0, tmp_path), io.StringIO())
    sink.begin(Scenario("tiny", synthetic.network(1)))
    sink.end()
    assert not (tmp_path / "kpis.json").exists()


def test_table_shows_the_paper_beside(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """survival_h, critical_h, sla_h and service_h together, and the paper's 5.00 h."""
    kpis = read_run(run_dir).kpis
    assert kpis is not None
    print_kpis(kpis)
    text = capsys.readouterr().out
    assert all(name in text for name in ("survival_h", "critical_h", "sla_h", "service_h"))
    assert "5.00 h" in text
