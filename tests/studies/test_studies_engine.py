"""The engine of the studies: kept cells, torn lines, and the same table whoever plays the trials."""

from __future__ import annotations

import errno
import io
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gridran import plugins
from gridran.runtime.code_version import code_version, sources
from gridran.runtime.dask_cluster import ClusterError, check_code
from gridran.runtime.workers import workers
from gridran.scenario.loader import load_scenario
from gridran.scenario.params import Scenario
from studies import engine, registry
from studies.cell import Cell, trial_tasks
from studies.cellfile import CellFile, read_cells
from studies.design import Design, run_study, trials_of
from studies.engine import Records, play
from studies.fingerprint import TRIAL, all_code_version, scenario_hash, trial_code_version
from studies.msrc_survival import design
from studies.registry import StudyError, StudyRequest
from studies.results import Results

OUTPUTS = ("msrc-survival.csv", "msrc-survival.json")


@dataclass(frozen=True)
class Doubling:
    """A task that doubles a number, and fails at 13."""

    number: int
    played: list[int] = field(default_factory=list, compare=False)

    @property
    def key(self) -> str:
        return f"double {self.number}"

    @property
    def label(self) -> str:
        return self.key

    def run(self) -> dict[str, Any]:
        if self.number == 13:
            raise ArithmeticError("unlucky")
        self.played.append(self.number)
        return {"doubled": 2 * self.number}


class Here(Executor):
    """Plays every task at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trials are played in this process."""

    @contextmanager
    def fake(*_: object) -> Iterator[Executor]:
        yield Here()

    monkeypatch.setattr(engine, "workers", fake)


@pytest.fixture(scope="module")
def tiny() -> Design:
    """Two strategies under two loads on seven sites, for three minutes."""
    scenario = load_scenario("small", {"traffic.ue_count": 40})
    whole = design({"tiny": scenario}, (1, 2), bounds=0)
    return replace(whole, hours_h=0.05, strategies=("independent", "static-lb"), loads=("light", "medium"))


def table_of(out: Path) -> str:
    """What must not depend on how a study was played: all but the manifest."""
    csv, document = ((out / name).read_text(encoding="utf-8") for name in OUTPUTS)
    return csv + document.partition('"manifest"')[0]


def test_every_finished_cell_is_on_disk_at_once(here: None, tmp_path: Path) -> None:
    """When a later task fails, the first is kept, and the error names the task in one line."""

    def tasks(records: Records) -> Sequence[Doubling]:
        return [Doubling(1), Doubling(13)] if records else [Doubling(1)]

    with pytest.raises(StudyError, match=r"double 13.*ArithmeticError: unlucky"):
        play("s", tasks, StudyRequest(tmp_path))
    assert set(read_cells(tmp_path / "s.cells.jsonl")) == {"double 1"}


def test_resume_plays_only_what_is_missing(here: None, tmp_path: Path) -> None:
    """Two tasks are known, so only the third is played."""
    played: list[int] = []
    play("s", lambda _: [Doubling(1), Doubling(2)], StudyRequest(tmp_path))
    records = play("s", lambda _: [Doubling(n, played) for n in (1, 2, 3)], StudyRequest(tmp_path, resume=True))
    assert played == [3]
    assert [records[f"double {n}"]["doubled"] for n in (1, 2, 3)] == [2, 4, 6]


def test_resume_says_what_it_cannot_use(here: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Cells of other code or other seeds stay in the file, and one line says how many."""
    play("s", lambda _: [Doubling(1), Doubling(2)], StudyRequest(tmp_path))
    play("s", lambda _: [Doubling(2), Doubling(3)], StudyRequest(tmp_path, resume=True))
    assert capsys.readouterr().out.startswith("1 kept trials are of other code")
    assert set(read_cells(tmp_path / "s.cells.jsonl")) == {"double 1", "double 2", "double 3"}


def test_what_follows_from_trials_is_not_strange(
    here: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With more trials than before nobody can yet name what followed from them: that is no other code."""
    after = {"key": "bound 1", "bound": 1}
    play("s", lambda _: [Doubling(1)], StudyRequest(tmp_path))
    (tmp_path / "other.cells.jsonl").write_text("", encoding="utf-8")
    with CellFile(tmp_path, "s", resume=True) as cells:
        cells.add("bound 1", after)
    capsys.readouterr()
    play("s", lambda _: [Doubling(1), Doubling(2)], StudyRequest(tmp_path, resume=True))
    assert "not used" not in capsys.readouterr().out


def test_a_figure_that_is_no_number_is_said(here: None, tmp_path: Path) -> None:
    """NaN is not JSON: one line names the trial, and it is not kept."""

    class Nan(Doubling):
        def run(self) -> dict[str, Any]:
            return {"doubled": float("nan")}

    with pytest.raises(StudyError, match="'double 2' has a figure that is not a number"):
        play("s", lambda _: [Nan(2)], StudyRequest(tmp_path))
    assert read_cells(tmp_path / "s.cells.jsonl") == {}


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    """The file that could not be written is in the error."""

    class Full(io.StringIO):
        name = "s.cells.jsonl"

        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    cells = CellFile(tmp_path, "s", resume=False)
    cells._file.close()
    cells._file = Full()
    with pytest.raises(OSError, match=r"No space left on device: 's.cells.jsonl'"):
        cells.add("one", {})


def test_without_resume_earlier_cells_are_set_aside(
    here: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A study starts afresh and says so in one line; the earlier trials are not lost."""
    played: list[int] = []
    play("s", lambda _: [Doubling(1)], StudyRequest(tmp_path))
    play("s", lambda _: [Doubling(1, played)], StudyRequest(tmp_path))
    assert played == [1]
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert set(read_cells(tmp_path / "s.cells.jsonl.old")) == {"double 1"}


def test_a_forgotten_resume_costs_nothing_twice(here: None, tmp_path: Path) -> None:
    """Two fresh starts keep both earlier files, and a later --resume plays nothing that either of them has."""
    played: list[int] = []
    for n in (1, 2, 3):
        play("s", lambda _, n=n: [Doubling(n)], StudyRequest(tmp_path))  # type: ignore[misc]
    assert len(list(tmp_path.glob("s.cells.jsonl.old*"))) == 2
    play("s", lambda _: [Doubling(n, played) for n in (1, 2, 3, 4)], StudyRequest(tmp_path, resume=True))
    assert played == [4]


def test_cells_of_other_studies_are_shared(here: None, tmp_path: Path) -> None:
    """A cell that another study in the same directory has played is taken over into this study's own file."""
    played: list[int] = []
    play("first", lambda _: [Doubling(1)], StudyRequest(tmp_path))
    play("second", lambda _: [Doubling(1, played), Doubling(2, played)], StudyRequest(tmp_path))
    assert played == [2]
    assert set(read_cells(tmp_path / "second.cells.jsonl")) == {"double 1", "double 2"}


def test_tasks_may_follow_from_results(here: None, tmp_path: Path) -> None:
    """A second stage is named once the first has its results."""

    def tasks(records: Records) -> Sequence[Doubling]:
        first = [Doubling(3)]
        return first + [Doubling(record["doubled"]) for key, record in records.items() if key == "double 3"]

    assert play("s", tasks, StudyRequest(tmp_path))["double 6"]["doubled"] == 12


def test_a_torn_line_is_left_out_and_the_next_is_whole(tmp_path: Path) -> None:
    """A kill in the middle of a line costs that cell alone, also for what is written after it."""
    with CellFile(tmp_path, "s", resume=False) as cells:
        cells.add("a", {"x": 0.1})
    path = tmp_path / "s.cells.jsonl"
    path.write_text(path.read_text() + '{"key": "b", "x": 0.')
    with CellFile(tmp_path, "s", resume=True) as cells:
        assert set(cells.records) == {"a"}
        cells.add("c", {"x": 0.3})
    assert read_cells(path) == {"a": {"key": "a", "x": 0.1}, "c": {"key": "c", "x": 0.3}}


def test_floats_come_back_to_the_last_digit(tmp_path: Path) -> None:
    """What is read is what was written, and what is used before it is read is the same."""
    value = 0.1 + 0.2
    with CellFile(tmp_path, "s", resume=False) as cells:
        cells.add("a", {"x": value})
        assert cells.records["a"]["x"] == value
    assert read_cells(tmp_path / "s.cells.jsonl")["a"]["x"] == value


def test_a_killed_and_resumed_study_gives_the_same_table(here: None, tiny: Design, tmp_path: Path) -> None:
    """Half the cells and a torn line are left of a study; resumed, its table is the same to the last digit."""
    run_study(tiny, StudyRequest(tmp_path / "whole"))
    whole = (tmp_path / "whole" / "msrc-survival.cells.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "killed").mkdir()
    torn = "".join(whole[:4]) + whole[4][:100]
    (tmp_path / "killed" / "msrc-survival.cells.jsonl").write_text(torn, encoding="utf-8")
    run_study(tiny, StudyRequest(tmp_path / "killed", resume=True))
    assert table_of(tmp_path / "killed") == table_of(tmp_path / "whole")


def test_the_table_does_not_depend_on_who_plays(tiny: Design, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """One process, two processes and another executor give identical rows and claims."""
    for jobs in (1, 2):
        run_study(tiny, StudyRequest(tmp_path / str(jobs), jobs=jobs))
    request.getfixturevalue("here")
    run_study(tiny, StudyRequest(tmp_path / "here"))
    assert table_of(tmp_path / "1") == table_of(tmp_path / "2") == table_of(tmp_path / "here")


def test_a_dask_cluster_gives_the_same_rows(here: None, tiny: Design, tmp_path: Path) -> None:
    """``--dask local:2``: two workers of a local cluster, the same code path."""
    pytest.importorskip("distributed")
    run_study(tiny, StudyRequest(tmp_path / "here"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "workers", workers)
        run_study(tiny, StudyRequest(tmp_path / "dask", dask="local:2"))
    assert table_of(tmp_path / "dask") == table_of(tmp_path / "here")


def test_a_cluster_with_other_code_is_refused() -> None:
    """Workers that would play other trials are named."""
    check_code({"tcp://a:1": all_code_version()}, all_code_version())
    with pytest.raises(ClusterError, match="b:1 has gridran 0"):
        check_code({"tcp://a:1": all_code_version(), "tcp://b:1": "0.0"}, all_code_version())


def test_a_trial_has_figures_curves_and_what_cars_sold(here: None, tiny: Design, tmp_path: Path) -> None:
    """Beside the figures of kpis.json, without wall time: five-minute curves, and kWh by site."""
    records = play("s", lambda _: trials_of(tiny)[:1], StudyRequest(tmp_path))
    (record,) = records.values()
    assert record["figures"]["survival_h"] == pytest.approx(0.05)
    assert "wall_s" not in record["figures"]
    assert len(record["curves"]["soc_mean_frac"]) == 1
    assert 0.0 <= record["held_h"] <= record["figures"]["sla_h"] + 1e-9
    assert len(record["bought_kwh"]) == len(record["undrawn_kwh"]) == 7
    assert sum(record["bought_kwh"]) <= record["figures"]["v2g_kwh"]


def test_the_version_is_of_what_a_trial_imports() -> None:
    """Every module of ours that is loaded once trials can be played is in the digest; services and wire are not."""
    probe = "import studies.cell, sys; print(*(getattr(m, '__file__', '') for m in list(sys.modules.values())))"
    loaded = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout.split()
    root = Path(engine.__file__).parent.parent
    packages = {root / name for name in ("gridran", "rapp", "xapp", "emulator", "studies")}
    ours = {Path(path) for path in loaded if packages & set(Path(path).parents)}
    found = {path.relative_to(root).as_posix() for path in sources((TRIAL,))}
    assert len(ours) > 100
    assert {path.relative_to(root).as_posix() for path in ours} <= found
    assert {"rapp/planners/lifetime.py", "xapp/dispatchers/proportional_fair.py", "emulator/world.py"} <= found
    assert not {"rapp/service.py", "gridran/runtime/metrics.py", "studies/msrc_survival.py"} & found


def test_plug_ins_are_part_of_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of somebody's strategy makes other trials."""

    def version_with(dist_version: str) -> str:
        dist = SimpleNamespace(name="theirs", version=dist_version)
        monkeypatch.setattr(plugins, "declared", lambda: {"their-strategy": (SimpleNamespace(dist=dist),)})
        return code_version.__wrapped__(TRIAL)

    assert len({trial_code_version(), version_with("1.0"), version_with("1.1")}) == 3


def test_seeds_are_outermost(tiny: Design) -> None:
    """Wherever a study is cut off, its pairs are complete but for one seed."""
    assert [task.cell.seed for task in trials_of(tiny)] == [1] * 4 + [2] * 4


def test_the_key_tells_scenarios_apart_but_not_their_names(small_scenario: Scenario) -> None:
    """A variant that changes nothing shares its cells; one that changes a parameter has its own."""

    def key(variant: str, scenario: Scenario) -> str:
        return trial_tasks(variant, scenario, [Cell(variant, "msrc", "medium", 1, 24.0)])[0].key

    renamed = replace(small_scenario, name="other")
    other = replace(small_scenario, ev=replace(small_scenario.ev, urgency=1.0))
    assert key("a", small_scenario) == key("b", renamed)
    assert key("a", small_scenario) != key("a", other)
    assert trial_code_version() in key("a", small_scenario)


def test_scenario_hash_sees_data_files() -> None:
    """Measured profiles are part of a scenario."""
    irregular = load_scenario("irregular")
    profile = irregular.pv_profile
    assert profile is not None
    changed = replace(irregular, pv_profile=replace(profile, output_frac=profile.output_frac * 0.5))
    assert scenario_hash(irregular) != scenario_hash(changed)


def test_a_curve_keeps_its_last_value(tiny: Design) -> None:
    """A trial that was lost early stays lost in the mean over trials."""
    tasks = trials_of(replace(tiny, strategies=("independent",), loads=("light",)))
    curves: Mapping[int, list[float]] = {1: [1.0, 0.5], 2: [1.0, 0.8, 0.6]}
    records = {task.key: {"curves": {"soc_mean_frac": curves[task.cell.seed]}} for task in tasks}
    found = Results(tasks, records).curve(("tiny", "independent", "light"), "soc_mean_frac")
    assert found.tolist() == [[1.0, 0.5, 0.5], [1.0, 0.8, 0.6]]


def test_a_study_without_its_charts_is_refused_before_it_plays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where matplotlib is not installed the refusal says so and how to get it."""
    monkeypatch.setattr(registry, "find_spec", lambda _: None)
    with pytest.raises(ValueError, match=r"pip install 'gridran\[study\]'"):
        registry.study_named("msrc-survival")
