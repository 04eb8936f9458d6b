"""Recorded runs: seeking, runs that were cut short or damaged, and names that lead nowhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from console.web.replay import Replay
from console.web.shelf import DamagedRunError, Shelf
from studies.rundir import read_run


def test_every_answer_can_be_shown_by_itself(run_dir: Path) -> None:
    """A seek into the middle begins with the users of the last moment before it; later frames have them as recorded."""
    frames = Replay(read_run(run_dir)).frames(125, 145)
    assert [frame["period"] for frame in frames] == list(range(125, 145))
    assert frames[0]["users"] is not None
    assert frames[0]["users"]["time_h"] == pytest.approx(1.0)
    assert [frame["period"] for frame in frames if frame["users"]] == [125, 130, 140]


@pytest.mark.parametrize(("first", "end", "count"), [(0, 60, 60), (230, 400, 10), (500, 600, 0), (10, 5, 0)])
def test_only_recorded_periods_are_given(run_dir: Path, first: int, end: int, count: int) -> None:
    """What lies outside the run is left out."""
    assert len(Replay(read_run(run_dir)).frames(first, end)) == count


def test_a_run_that_was_killed_replays_up_to_there(run_dir: Path, tmp_path: Path) -> None:
    """Torn last lines cost their period and no more."""
    killed = tmp_path / "killed"
    shutil.copytree(run_dir, killed)
    (killed / "kpis.json").unlink()
    for name in ("timeline.csv", "network.csv", "moments.jsonl"):
        text = (killed / name).read_text()
        (killed / name).write_text(text[: len(text) // 2])
    replay = Shelf(killed).replay("killed")
    assert 100 < replay.run.period_count < 130
    assert len(replay.points()) == len(replay.frames(0, 240)) == replay.run.period_count


def test_a_run_without_periods_is_empty(run_dir: Path, tmp_path: Path) -> None:
    """Before the first period there is nothing to show, and nothing fails."""
    begun = tmp_path / "begun"
    begun.mkdir()
    shutil.copy(run_dir / "run.json", begun)
    for name in ("timeline.csv", "network.csv"):
        (begun / name).write_text((run_dir / name).read_text().splitlines()[0] + "\n")
    replay = Shelf(begun).replay("begun")
    assert replay.points() == []
    assert replay.frames(0, 60) == []


def test_a_shelf_holds_one_run_or_many(run_dir: Path, tmp_path: Path) -> None:
    """The directory of a run is that run; any other is searched one level deep."""
    assert Shelf(run_dir).names() == [run_dir.name]
    for name in ("b", "a"):
        shutil.copytree(run_dir, tmp_path / name)
    (tmp_path / "no-run").mkdir()
    assert Shelf(tmp_path).names() == ["a", "b"]
    assert Shelf(None).names() == []


@pytest.mark.parametrize("name", ["..", ".", "", "no-such", "../run", "/etc"])
def test_no_name_leads_out_of_the_shelf(run_dir: Path, name: str) -> None:
    """Only names that the shelf lists are opened."""
    with pytest.raises(KeyError):
        Shelf(run_dir.parent).replay(name)


def begun(run_dir: Path, tmp_path: Path) -> tuple[Path, str]:
    """A copy of the run with its first 49 periods, and the whole text of its network."""
    grown = tmp_path / "grown"
    shutil.copytree(run_dir, grown)
    whole = (grown / "network.csv").read_text()
    (grown / "network.csv").write_text("".join(whole.splitlines(keepends=True)[:50]))
    return grown, whole


def test_a_run_that_goes_on_is_read_again(run_dir: Path, tmp_path: Path) -> None:
    """The same object while nothing changes; a new one when the files have grown."""
    grown, whole = begun(run_dir, tmp_path)
    shelf = Shelf(grown)
    first = shelf.replay("grown")
    assert shelf.replay("grown") is first
    (grown / "network.csv").write_text(whole)
    assert (first.run.period_count, shelf.replay("grown").run.period_count) == (49, 240)


def test_what_is_known_of_a_run_that_goes_on_is_not_read_again(run_dir: Path, tmp_path: Path) -> None:
    """Whoever looks back gets the same object for the periods that it has, a new one for others or for another run."""
    grown, whole = begun(run_dir, tmp_path)
    shelf = Shelf(tmp_path)
    first = shelf.replay("grown")
    (grown / "network.csv").write_text(whole)
    assert shelf.replay("grown", periods=49) is first
    second = shelf.replay("grown", periods=50)
    assert second.run.period_count == 240
    (grown / "run.json").write_text((grown / "run.json").read_text() + "\n")
    assert shelf.replay("grown", periods=50) is not second


def test_a_live_run_has_a_name_where_its_record_is_on_the_shelf(tmp_path: Path) -> None:
    """The directory itself, before anything is recorded in it, or one below; elsewhere none."""
    run = tmp_path / "run"
    assert Shelf(run).name_of(run) == Shelf(tmp_path).name_of(run) == "run"
    assert Shelf(tmp_path / "other").name_of(run) is None
    assert Shelf(None).name_of(run) is None
    assert Shelf(tmp_path).name_of(None) is None


@pytest.mark.parametrize("damage", ["soc_mean_frac", "availability_voice_frac"])
def test_a_damaged_run_is_refused_in_one_line(run_dir: Path, tmp_path: Path, damage: str) -> None:
    """A column that is missing is named, and so is the run."""
    bad = tmp_path / "bad"
    shutil.copytree(run_dir, bad)
    (bad / "network.csv").write_text((bad / "network.csv").read_text().replace(damage, "x", 1))
    with pytest.raises(DamagedRunError, match=f"bad cannot be replayed: KeyError: '{damage}'"):
        Shelf(bad).replay("bad")
