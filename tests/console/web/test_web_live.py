"""The live run in words, and why its sites are as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from console.explain import facts_at
from console.reasons import reasons
from console.web.live import Live, Node, Pace, Stage, site_facts, words
from gridran.types import StepOutcome
from studies.recorder import RunFacts, RunRecorder
from studies.rundir import read_run

LOCKSTEP = Pace(paused=False, speed=0.0)


def after(node: Node, outcomes: list[StepOutcome]) -> Live:
    """The run when all ``outcomes`` have been heard."""
    live = Live(node=node, pace=LOCKSTEP)
    for outcome in outcomes:
        live = live.after(outcome)
    return live


def test_every_stage_has_its_words(node: Node, outcomes: list[StepOutcome]) -> None:
    """Waiting, begun, running, paused, broken and ended are told apart, each with its reason."""
    running = after(node, outcomes[:3])
    said = {
        words(Live()): "Waiting for the emulator.",
        words(Live(why="h:1: nobody answers")): "Waiting for the emulator (h:1: nobody answers).",
        words(Live(stage=Stage.RUNNING, node=node)): "Connected to the emulator. The page begins with its next period.",
        words(Live(stage=Stage.RUNNING, node=node, pace=Pace(True, 0.0))): "Connected to the emulator, paused.",
        words(running): "Live, as fast as both loops answer.",
        words(replace(running, pace=Pace(False, 60.0))): "Live, at 60 times real time.",
        words(replace(running, pace=Pace(True, 60.0))): "Paused.",
        words(replace(running, stage=Stage.BROKEN, why="gone")): "Connection to the emulator lost at 0.02 h (gone).",
        words(replace(running, stage=Stage.ENDED, why="hours")): "The run ended at 0.03 h: all its hours were played.",
        words(replace(running, stage=Stage.ENDED, why="stopped")): "it was stopped.",
    }
    for sentence, expected in said.items():
        assert expected in sentence


def test_the_live_reason_is_that_of_the_files(node: Node, outcomes: list[StepOutcome], tmp_path: Path) -> None:
    """Facts of the present frame and facts from the files of the same run make the same sentences, for every site."""
    with RunRecorder(tmp_path, RunFacts("msrc", "medium", 1, 1.0, "small", node.network)) as recorder:
        for outcome in outcomes[:71]:
            recorder.add(outcome)
    run, live = read_run(tmp_path), after(node, outcomes[:71])
    for index in range(node.network.site_count):
        facts = site_facts(live, index)
        assert facts is not None
        assert reasons(facts, run.notes) == reasons(facts_at(run, index, 70), run.notes)


def test_without_notes_nothing_is_said_about_solves(node: Node, outcomes: list[StepOutcome]) -> None:
    """Who has not read the services' notes does not claim that no solve failed."""
    facts = site_facts(after(node, outcomes[:40]), 1)
    assert facts is not None
    text = "\n".join(reasons(facts, None))
    assert "solve" not in text
    assert "Policy plan-1 (msrc) was in force." in text


def test_who_came_late_does_not_claim_to_know_since_when(node: Node, outcomes: list[StepOutcome]) -> None:
    """A state seen from the first heard period on may be older; one whose beginning was seen is not."""
    live = after(node, outcomes[20:40])
    texts = [reasons(facts, None)[0] for i in range(7) if (facts := site_facts(live, i)) is not None]
    assert any("since 0.17 h or before" in text for text in texts)
    assert any("since 0.25 h;" in text for text in texts)


@pytest.mark.parametrize("index", [-1, 7])
def test_a_site_that_is_not_there_has_no_facts(node: Node, outcomes: list[StepOutcome], index: int) -> None:
    """Neither below nor above the network's sites; and nobody has facts before the first period."""
    assert site_facts(after(node, outcomes[:1]), index) is None
    assert site_facts(Live(node=node), 0) is None
