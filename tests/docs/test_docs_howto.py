"""The examples in docs/howto do what the pages say."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from console.main import main
from gridran.plugins import GROUP
from gridran.scenario.params import Scenario
from gridran.types import SiteMode
from rapp.links import violations
from rapp.plan import Plan
from studies.kpis import KpiAccumulator, RunMeta
from studies.trial import trial

HOWTO = Path(__file__).parents[2] / "docs" / "howto"
NAME = "rest-the-emptiest"
Install = Callable[..., Path]


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a page in ``language``."""
    return re.findall(rf"^```{language}\n(.*?)^```$", (HOWTO / page).read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture
def site(install: Install) -> Path:
    """The page's example, installed: the module as printed, the entry point as its pyproject declares it."""
    (source,) = blocks("add-a-strategy.md", "python")
    (declaration,) = blocks("add-a-strategy.md", "toml")
    project = tomllib.loads(declaration)
    (module,) = project["tool"]["setuptools"]["py-modules"]
    return install(project["project"]["name"], project["project"]["entry-points"][GROUP], {module: source})


def test_the_example_is_short() -> None:
    """Some thirty lines, so that it can be read."""
    (source,) = blocks("add-a-strategy.md", "python")
    assert len(source.splitlines()) <= 32


@pytest.mark.usefixtures("site")
def test_the_strategy_of_the_page_plays(small_scenario: Scenario) -> None:
    """Half an hour in process: three of seven sites sleep, its plans break no rule, and there are figures of merit."""
    network, kpis = small_scenario.network, KpiAccumulator.for_network(small_scenario.network)
    for period in trial(small_scenario, NAME, 1, 0.5):
        kpis.add(period.outcome)
        bad = {"plan-failed", "plan-rule-broken", "policy-rejected", "dispatch-failed", "price-failed"}
        assert not [note for _, note in period.notes if note.kind in bad]
        policy = period.policy
        if policy is not None:
            plan = Plan(policy.mode, policy.links, policy.band_planned, period.outcome.load_kw, 1.0, 1.0)
            assert violations(network, plan, period.outcome.site_up) == ()
            assert int((policy.mode == SiteMode.DEEP_SLEEP).sum()) == 3
    figures = kpis.result(RunMeta(NAME, "medium", 1, 0.0))
    assert figures["ledger_error_kwh"] <= 1e-9
    assert figures["service_h"] > 0.45
    assert figures["mode_switches_per_site"] > 0


def test_the_strategy_of_the_page_runs_as_three_processes(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``gridran run --strategy`` with the example on the search path of every service ends well, under its policies."""
    out = tmp_path / "out"
    monkeypatch.setenv("PYTHONPATH", str(site))
    done = subprocess.run(
        [sys.executable, "-m", "console", "run", "small", "--strategy", NAME, "--hours", "0.05", "--out", str(out)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f'"strategy": "{NAME}"' in (out / "kpis.json").read_text()
    assert f"{NAME}-0000000" in (out / "network.csv").read_text()


def test_a_plug_in_is_a_choice_of_the_command_line(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who mistypes the name of a strategy is shown the installed ones too."""
    assert site.is_dir()
    with pytest.raises(SystemExit):
        main(["run", "small", "--strategy", "rest-the-emptyest", "--out", "unused"])
    assert capsys.readouterr().err.rstrip().endswith(NAME)


def test_the_loop_of_the_training_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """The random policy plays its half hour and prints a return of at most one per step."""
    pytest.importorskip("gymnasium")
    (source,) = blocks("train-a-controller.md", "python")
    exec(compile(source, "train-a-controller.md", "exec"), {"__name__": "__main__"})  # noqa: S102  # our own page
    said = re.search(r"([\d.]+) h, return ([\d.]+), lowest charge ([\d.]+)", capsys.readouterr().out)
    assert said is not None
    assert float(said[1]) == 0.5
    assert 1.0 < float(said[2]) <= 2.0
    assert 0.2 < float(said[3]) < 0.8
