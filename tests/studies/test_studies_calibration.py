"""The fit of the one calibrated number: rounds that follow from results, and what the study leaves behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gridran.scenario.params import Scenario
from studies import calibration
from studies.calibration import rounds, site_power_scale
from studies.cell import TrialTask
from studies.engine import Records
from studies.registry import StudyRequest


def inverse(played: Sequence[TrialTask]) -> Records:
    """Trials whose life is inverse to the draw: 2.5 h where the scale is 2.0."""
    figures = [{"survival_h": 5.0 / t.scenario.network.power.site_scale, "censored_metrics": []} for t in played]
    return {task.key: {"figures": f, "wall_s": 1.0} for task, f in zip(played, figures, strict=True)}


def test_a_round_follows_from_the_one_before(small_scenario: Scenario) -> None:
    """m is divided by what the life was too short; the round that hits 2.5 h is the last."""
    (first,) = rounds(small_scenario, (1, 2), {})
    first_scale, played = first
    assert first_scale == small_scenario.network.power.site_scale
    _, (second_scale, again) = rounds(small_scenario, (1, 2), inverse(played))
    assert second_scale == pytest.approx(2.0, abs=1e-4)
    both = {**inverse(played), **inverse(again)}
    assert [scale for scale, _ in rounds(small_scenario, (1, 2), both)] == [first_scale, second_scale]


def test_the_study_leaves_what_every_study_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows by round, the claim on the last one, CSV, page and picture."""

    def play(name: str, tasks: Callable[[Records], Sequence[TrialTask]], request: StudyRequest) -> Records:
        records: dict[str, dict[str, object]] = {}
        while new := [task for task in tasks(records) if task.key not in records]:
            records |= {key: dict(record) for key, record in inverse(new).items()}
        return records

    monkeypatch.setattr(calibration, "play", play)
    site_power_scale(StudyRequest(tmp_path, trials=2))
    document = json.loads((tmp_path / "site-power-scale.json").read_text(encoding="utf-8"))
    assert [row["mean"] for row in document["rows"]] == pytest.approx([2.5, 5.0 / 2.365], abs=1e-3)
    assert [row["paper"] for row in document["rows"]] == [2.5, None]
    (claim,) = document["claims"]
    assert claim["held"]
    assert {path.suffix for path in tmp_path.glob("site-power-scale.*")} == {".json", ".csv", ".md", ".png"}
