"""The studies of the MSRC paper, each for three minutes on a small network: rows, claims and files are there."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from gridran.scenario.loader import load_scenario
from studies import (
    msrc_energy,
    msrc_overview,
    msrc_sensitivity,
    msrc_service,
    msrc_survival,
    msrc_tradeoff,
    registry,
)
from studies.cell import TrialTask
from studies.design import ALL_STRATEGIES, Design, run_study, seeds, trials_of
from studies.registry import StudyRequest, study_named
from studies.rows import Row, Table
from studies.thresholds import AVAILABILITY

SMALL = {"traffic.ue_count": 40}
AT_MEDIUM = (msrc_service, msrc_overview, msrc_energy)
TABLE_III = {"independent": 0.0, "static-lb": 0.45, "msrc": 0.9, "lifetime": 1.0}


def tiny(study: Design, **changes: object) -> Design:
    """The study for three minutes."""
    return replace(study, hours_h=0.05, **changes)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory where msrc-survival was played at medium load, two trials of each strategy."""
    path = tmp_path_factory.mktemp("studies")
    survival = msrc_survival.design({"small": load_scenario("small", SMALL)}, (1, 2), bounds=0)
    run_study(tiny(survival, loads=("medium",)), StudyRequest(path))
    return path


@pytest.fixture
def unplayable(monkeypatch: pytest.MonkeyPatch) -> None:
    """No trial may be played."""

    def run(_: TrialTask) -> dict[str, object]:
        raise AssertionError("a trial was played")

    monkeypatch.setattr(TrialTask, "run", run)


@pytest.mark.parametrize("module", AT_MEDIUM, ids=lambda module: module.NAME)
def test_studies_of_medium_load_share_the_trials_of_msrc_survival(module: object, out: Path, unplayable: None) -> None:
    """They find every cell in OUT, and write JSON, CSV and PNG with rows of every strategy, and claims."""
    study = module.design({"small": load_scenario("small", SMALL)}, (1, 2))  # type: ignore[attr-defined]
    run_study(tiny(study), StudyRequest(out))
    document = json.loads((out / f"{study.name}.json").read_text(encoding="utf-8"))
    assert document["study"] == study.name
    assert document["trials"] == 2
    reached = study.name != msrc_service.NAME  # 2.5 h do not come in three minutes
    assert {row["strategy"] for row in document["rows"]} == (set(ALL_STRATEGIES) if reached else set())
    assert all(set(claim) == {"claim", "source", "value", "held"} for claim in document["claims"])
    assert document["manifest"]["seeds"] == [1, 2]
    assert (out / f"{study.name}.png").read_bytes().startswith(b"\x89PNG")
    with (out / f"{study.name}.csv").open(encoding="utf-8", newline="") as file:
        assert [row["metric"] for row in csv.DictReader(file)] == [row["metric"] for row in document["rows"]]


def test_msrc_service_judges_every_class() -> None:
    """msrc at 90 % of every class serves enough best effort and too little of the rest; lifetime serves all."""
    rows = [
        Row("paper", strategy, "medium", metric, share, None, 1, 0, None)
        for strategy, share in TABLE_III.items()
        for metric in AVAILABILITY
    ]
    held = {claim.claim: claim.held for claim in msrc_service.claims(Table(rows))}
    assert [held[c] for c in held if c.startswith("msrc")] == [False, False, False, True]
    assert all(held[c] for c in held if c.startswith(("lifetime", "independent", "static-lb")))


def test_a_study_without_bounds_claims_nothing_of_them() -> None:
    """A quick study computes no bound, so none of its claims is missed for want of one; a full study whose bounds are
    missing misses all four."""
    quick, full = (msrc_survival.claims(Table([]), bounds) for bounds in (0, 10))
    assert not any("bound" in each.claim for each in quick)
    assert [each.held for each in full if "bound" in each.claim] == [False] * 4


def test_msrc_energy_writes_its_curves(out: Path) -> None:
    """One line a strategy and step, charge with its interval."""
    study = tiny(msrc_energy.design({"small": load_scenario("small", SMALL)}, (1, 2)))
    run_study(study, StudyRequest(out))
    with (out / "msrc-energy.curves.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["strategy"] for row in rows] == list(ALL_STRATEGIES)
    assert 0.75 < float(rows[0]["soc_mean_frac"]) < 0.8
    assert float(rows[0]["soc_mean_frac_ci95"]) >= 0.0


def test_every_variant_of_the_sensitivity_study_is_a_scenario_of_its_own() -> None:
    """Every override is understood, and no two variants are the same."""
    scenarios = {name: load_scenario("paper", overrides) for name, overrides in msrc_sensitivity.VARIANTS.items()}
    tasks = trials_of(msrc_sensitivity.design(scenarios, (1,)))
    assert len({task.key for task in tasks}) == len(scenarios) * len(msrc_sensitivity.STRATEGIES)


def test_sensitivity_tells_variants_apart(tmp_path: Path) -> None:
    """Rows by variant, the paper's values beside the first alone, and the least gain as a claim; three minutes prove
    nothing, for everybody is still alive then."""
    scenarios = {
        "paper": load_scenario("small", SMALL),
        "k_max=1": load_scenario("small", SMALL | {"cooperation.max_links": 1}),
    }
    document = run_study(tiny(msrc_sensitivity.design(scenarios, (1,))), StudyRequest(tmp_path))
    independent = [row for row in document.rows if (row.strategy, row.metric) == ("independent", "survival_h")]
    assert [(row.variant, row.paper) for row in independent] == [("paper", 2.5), ("k_max=1", None)]
    assert [claim.value for claim in document.claims] == [None] * 4


def test_the_tradeoff_shares_the_default_reserve_with_the_paper() -> None:
    """The reserve that a scenario has by default is the paper scenario itself: its cells are shared."""
    default = load_scenario("paper", {"planning.critical_reserve_frac": 0.1})
    (shared,) = trials_of(msrc_tradeoff.design({msrc_tradeoff.variant_of(0.1): default}, (1,)))
    paper = trials_of(msrc_survival.design({"paper": load_scenario("paper")}, (1,)))
    assert shared.key in {task.key for task in paper}
    assert 0.1 in msrc_tradeoff.RESERVES_FRAC


def test_tradeoff_has_a_point_a_reserve(tmp_path: Path) -> None:
    """Two reserves, two groups of rows, two claims."""
    scenarios = {
        msrc_tradeoff.variant_of(r): load_scenario("small", SMALL | {"planning.critical_reserve_frac": r})
        for r in (0.0, 0.4)
    }
    document = run_study(tiny(msrc_tradeoff.design(scenarios, (1,))), StudyRequest(tmp_path))
    assert {row.variant for row in document.rows} == set(scenarios)
    assert [claim.value for claim in document.claims] == [0.0, 0.0]


@pytest.mark.parametrize("name", sorted(registry.STUDIES))
def test_every_registered_study_can_be_had(name: str) -> None:
    """Each name of the registry is a function that takes a request."""
    assert callable(study_named(name))


def test_trials_asked_for_win_over_quick() -> None:
    """--trials decides, else --quick, else the study's own number."""
    assert len(seeds(StudyRequest(Path()), 50, 3)) == 50
    assert list(seeds(StudyRequest(Path(), quick=True), 50, 3)) == [1, 2, 3]
    assert len(seeds(StudyRequest(Path(), trials=7, quick=True), 50, 3)) == 7
