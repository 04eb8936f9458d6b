"""The report stands alone, shows what was recorded, and can be made of an interrupted run."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from console.figures import deviation_text, hours, percent
from console.report import write_report
from console.svg import nice_ticks

VOID = {"meta", "br"}


class Nesting(HTMLParser):
    """Fails on a tag that closes what is not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def copied(run_dir: Path, tmp_path: Path) -> Path:
    target = tmp_path / "run"
    shutil.copytree(run_dir, target)
    return target


def test_report_stands_alone(copied: Path) -> None:
    """One well-formed file under 3 MB that asks nobody for anything."""
    text = write_report(copied).read_text(encoding="utf-8")
    checker = Nesting()
    checker.feed(text)
    assert checker.open == []
    assert len(text) < 3_000_000
    assert not re.search(r"(src|href)=|https?://|url\(|@import", text)


def test_report_shows_every_chart_and_three_moments(copied: Path) -> None:
    """Modes, charge, service, power, and the map three times."""
    text = write_report(copied).read_text(encoding="utf-8")
    for title in ("What every site did", "State of charge", "Users served, by class", "Power by source"):
        assert title in text
    assert text.count("<figure>") == 3
    assert text.count("<svg") == 7


def test_paper_values_stand_beside(copied: Path) -> None:
    """The paper's 5.00 h of survival is beside the run's."""
    assert "paper: 5.00 h" in write_report(copied).read_text(encoding="utf-8")


def test_interrupted_run_is_reported_and_said_so(copied: Path) -> None:
    """Without kpis.json the report is made of what was recorded."""
    (copied / "kpis.json").unlink()
    text = write_report(copied).read_text(encoding="utf-8")
    assert "interrupted at 2.00 h" in text
    assert "survival_h" in text


def test_a_run_that_never_started_is_reported(copied: Path) -> None:
    """Tables with a header only make a report without charts."""
    for name in ("timeline.csv", "network.csv"):
        header = (copied / name).read_text().splitlines()[0]
        (copied / name).write_text(header + "\n")
    for name in ("kpis.json", "moments.jsonl"):
        (copied / name).unlink()
    assert "No period was recorded" in write_report(copied).read_text(encoding="utf-8")


def test_names_from_files_are_escaped(copied: Path) -> None:
    """A site called like a tag is text in the report."""
    facts = copied / "run.json"
    facts.write_text(facts.read_text().replace("site-03", "<script>x</script>"))
    assert "<script>" not in write_report(copied).read_text(encoding="utf-8")


def test_one_site_and_one_period_can_be_drawn(copied: Path) -> None:
    """The smallest run has a report too."""
    for name, lines in (("timeline.csv", 8), ("network.csv", 2)):
        text = (copied / name).read_text().splitlines()[:lines]
        (copied / name).write_text("\n".join(text) + "\n")
    assert "<svg" in write_report(copied).read_text(encoding="utf-8")


def test_ticks_are_round_and_reach_the_top() -> None:
    """About five steps of 1, 2, 2.5 or 5 times a power of ten."""
    assert nice_ticks(24.0, 8) == [0.0, 5.0, 10.0, 15.0, 20.0]
    assert nice_ticks(57.0) == [0.0, 20.0, 40.0]
    assert nice_ticks(0.0) == [0.0]


def test_deviation_is_said_in_words() -> None:
    """Hours with their share, shares in points, and no verdict on a run that ended too early."""
    assert deviation_text(6.0, 5.0, hours) == "1.00 h above (20%)"
    assert deviation_text(0.9, 0.96, percent) == "6.0 points below"
    assert deviation_text(5.0, 5.0, hours) == "the same"
    assert deviation_text(2.0, 5.0, hours, censored=True) == "open: the run ended first"
