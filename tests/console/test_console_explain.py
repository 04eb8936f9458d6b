"""``gridran explain`` says why, in sentences, from the files alone."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from console.explain import explain
from console.main import main
from gridran.runtime.notefile import NoteFile
from studies.recorder import RunFacts, RunRecorder


@pytest.fixture
def small(synthetic: ModuleType, tmp_path: Path) -> Path:
    """Three periods of three sites: 0 helps, 1 sleeps and its only user is carried by 0, 2 is empty."""
    network = synthetic.network(1)
    recorder = RunRecorder(tmp_path, RunFacts("msrc", "medium", 1, 1.0, "paper", network))
    for k in range(3):
        recorder.add(
            synthetic.outcome(
                k,
                sites=7,
                ues=2,
                policy_id="p1",
                mode=np.array([1, 3, 0, 0, 0, 0, 0]),
                site_up=np.array([True, True, False, True, True, True, True]),
                soc_frac=np.array([0.7, 0.5, 0.2, 0.8, 0.8, 0.8, 0.8]),
                served_frac=np.array([1.0, 0.0]),
                own_site=np.array([1, 2]),
                ue_site=np.array([0, -1]),
                shed_reason=np.array([0, 2]),
            )
        )
    with NoteFile(tmp_path / "journal" / "rapp.jsonl", "rapp") as notes:
        plan = {"policy_id": "p1", "tier": "feasible", "gap_frac": 0.031, "binding_sites": ["site-02"]}
        notes.write(0.0, "plan", plan)
        change = {"site": "site-01", "from": "normal", "to": "deep_sleep", "helpers": ["site-00"], "soc_frac": 0.5}
        notes.write(0.0, "mode-change", change | {"expected_life_h": 4.25})
        notes.write(0.01, "plan-failed", {"outcome": "infeasible", "why": "site-02 has no energy"})
        notes.write(0.9, "plan-failed", {"outcome": "infeasible", "why": "later"})
    return tmp_path


def test_a_sleeping_site_names_its_helper_and_its_plan(small: Path) -> None:
    """Deep sleep: who carries its users, what the plan said, with which tier and gap."""
    text = "\n".join(explain(small, "1", 0.02))
    assert "in deep sleep since 0.00 h" in text
    assert "carried by site-00 (1)" in text
    assert "from normal to deep sleep (helped by site-00)" in text
    assert "tier feasible, gap 3.1%" in text


def test_a_helper_names_whom_it_carries(small: Path) -> None:
    """Helping: the cells whose users it serves."""
    assert "It carries users of site-01 (1)." in explain(small, "site-00", 0.02)


def test_a_dead_site_says_what_is_missing(small: Path) -> None:
    """Down at the floor: the energy is gone, the cars sold nothing, its users were shed for that reason."""
    text = "\n".join(explain(small, "2", 0.02))
    assert "battery is at its floor (20%) and it comes back at 22%" in text
    assert "1 not: the site that should serve them has no power (site_down)." in text


def test_the_last_failed_solve_up_to_then_is_given(small: Path) -> None:
    """Failures after the asked-for moment are not mentioned."""
    text = "\n".join(explain(small, "2", 0.02))
    assert "infeasible: site-02 has no energy" in text
    assert "later" not in text


def test_without_a_journal_the_files_speak(run_dir: Path, tmp_path: Path) -> None:
    """A run without notes is explained from its tables."""
    target = tmp_path / "run"
    shutil.copytree(run_dir, target)
    text = "\n".join(explain(target, "3", 1.0))
    assert "Policy plan-4 (msrc) was in force." in text
    assert "No solve had failed by then." in text


@pytest.mark.parametrize(
    ("site", "at_h", "said"),
    [("99", 0.5, "--site: '99'"), ("x", 0.5, "--site: 'x'"), ("0", 9.0, "--at: 9 lies outside")],
)
def test_an_argument_that_fits_nothing_is_named(run_dir: Path, site: str, at_h: float, said: str) -> None:
    """A site or a time that the run does not have is refused by its name."""
    with pytest.raises(ValueError, match=said):
        explain(run_dir, site, at_h)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("run.json", "", "run.json: Expecting value"),
        ("run.json", '{"sites": []}', "run.json: it has no sites"),
        ("run.json", '{"sites": [1, 2, 3, 4, 5, 6, 7]}', "holds a damaged run: TypeError"),
        ("network.csv", "period,time_h,dt_h\n0,x,1\n", "network.csv: could not convert string to float: 'x'"),
        ("network.csv", "period,time_h,dt_h\n0,0,1\n", "holds a damaged run: KeyError"),
        ("network.csv", "period,time_h\n", "the run has no period yet"),
        ("moments.jsonl", '{"time_h": 0, "ue_site": 1, "own_site": 2}\n', "holds a damaged run: TypeError"),
    ],
)
def test_a_damaged_run_is_a_fault_of_the_argument(small: Path, name: str, content: str, said: str) -> None:
    """Whatever is wrong in its files: one line that begins with the argument."""
    (small / name).write_text(content)
    with pytest.raises(ValueError, match=r"^DIR: ") as refused:
        explain(small, "1", 0.005)
    assert said in str(refused.value)


@pytest.mark.parametrize("closed", ["run", "run/run.json", "run/timeline.csv"])
def test_a_run_that_is_closed_to_us_is_a_fault_of_the_argument(
    small: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
    closed: str,
) -> None:
    """Exit code 2, as of the page's command, and one line that names what may not be read."""
    small.chmod(0o755)
    shutil.copytree(small, small / "run", ignore=shutil.ignore_patterns("run"))
    monkeypatch.chdir(small)
    Path(closed).chmod(0)
    request.getfixturevalue("stranger")
    assert main(["explain", "run", "--site", "1", "--at", "0.02"]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"gridran explain: argument DIR: {closed}")
    assert said.endswith(": Permission denied; it must be a file that this user may read")
