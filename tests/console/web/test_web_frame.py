"""A frame says the same, whether the run went on or was read from its files."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from console.web.events import compact
from console.web.frame import DOWN, frame_of, ground_of, ground_of_facts, point_of
from console.web.live import Node
from console.web.replay import Replay, frames_of
from gridran.types import StepOutcome
from studies.recorder import RunFacts, RunRecorder
from studies.rundir import read_run


@pytest.fixture(scope="module")
def recorded(node: Node, outcomes: list[StepOutcome], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The outcomes in files, as a run that was killed leaves them."""
    out = tmp_path_factory.mktemp("recorded")
    with RunRecorder(out, RunFacts("msrc", "medium", 1, 1.0, "small", node.network)) as recorder:
        for outcome in outcomes:
            recorder.add(outcome)
    return out


def test_live_and_replayed_frames_are_the_same(recorded: Path, node: Node, outcomes: list[StepOutcome]) -> None:
    """Where a moment was recorded every field agrees; in between all but the users, and links drawn from them."""
    live = [frame_of(outcome, node.network) for outcome in outcomes]
    replayed = list(frames_of(read_run(recorded)))
    assert len(replayed) == len(live)
    for period, (a, b) in enumerate(zip(live, replayed, strict=True)):
        with_users = period % 10 == 0
        assert (b["users"] is not None) == with_users
        skipped = {"dt_h"} if with_users else {"dt_h", "users", "links"}
        assert {k: v for k, v in a.items() if k not in skipped} == {k: v for k, v in b.items() if k not in skipped}
        assert b["dt_h"] == pytest.approx(a["dt_h"])


def test_the_timeline_and_the_ground_are_the_same(recorded: Path, node: Node, outcomes: list[StepOutcome]) -> None:
    """Points of all periods and the network agree between wire and files."""
    run = read_run(recorded)
    assert Replay(run).points() == [point_of(outcome) for outcome in outcomes]
    assert ground_of_facts(run.facts) == ground_of(node.network)


def test_a_site_without_power_is_down_whatever_its_mode(synthetic: ModuleType, node: Node) -> None:
    """Down is a state of its own, so nobody counts the mode that the plan gave it."""
    up = np.array([True, False, True, True, True, True, True])
    outcome = synthetic.outcome(sites=7, mode=np.array([1, 1, 3, 0, 2, 0, 0]), site_up=up)
    assert frame_of(outcome, node.network)["state"] == [1, DOWN, 3, 0, 2, 0, 0]
    assert point_of(outcome)[6:] == [3, 1, 1, 1, 1]


def test_links_lead_from_helpers_to_those_who_are_none(synthetic: ModuleType, node: Node) -> None:
    """Users carried by a helper make a link; those of another helper, or of a site that is down, do not."""
    mode, up = np.array([1, 3, 1, 0, 0, 0, 1]), np.ones(7, dtype=bool)
    up[6] = False
    own, by = np.array([1, 1, 2, 3, 1]), np.array([0, 0, 0, 0, 6])
    outcome = synthetic.outcome(sites=7, ues=5, mode=mode, site_up=up, own_site=own, ue_site=by)
    assert frame_of(outcome, node.network)["links"] == [(0, 1, 2), (0, 3, 1)]


def test_a_frame_is_small_strict_json(node: Node, synthetic: ModuleType) -> None:
    """A thousand users fit into 40 kB, and a number that is none is refused rather than sent."""
    (outcome,) = synthetic.blackout(node.network, periods=1, ues=1000)
    text = compact(frame_of(outcome, node.network))
    assert len(text) < 40_000
    assert len(json.loads(text)["users"]["x_m"]) == 1000
    with pytest.raises(ValueError, match="not JSON compliant"):
        compact({"x": float("nan")})
