"""Strategies of other distributions: found by entry point, read late, refused in one line that says whose they are."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rapp.core
import xapp.core
from console.main import main
from gridran import plugins
from gridran.plugins import PluginError
from gridran.scenario.params import Scenario
from gridran.strategies import STRATEGIES, strategy_in_force, strategy_named, strategy_names
from rapp.planners import planner_named
from rapp.price import price_rule_named
from studies.trial import trial
from xapp.dispatchers import dispatcher_named
from xapp.policy_check import policy_problem

Install = Callable[..., Path]
MINE = """
from gridran.strategies import Strategy
STRATEGY = Strategy("mine", "theirs:plan", "theirs:dispatch", "cooperative", "least-power", "theirs:price")
OTHER = Strategy("other", "none", "proportional-fair", "own-cell", "all-on", "flat")
NUMBER = 7
"""
PARTS = """
import numpy as np
from rapp.planners.none import plan
from xapp.dispatchers.proportional_fair import dispatch
def price(params, survival_h):
    return np.full(survival_h.shape, 0.75)
NUMBER = 7
"""
MODULES = {"mine": MINE, "theirs": PARTS}


def strategy_source(name: str, dispatcher: str = "proportional-fair", price_rule: str = "flat") -> str:
    """A module whose S is the strategy ``name``."""
    parts = ("none", dispatcher, "own-cell", "all-on", price_rule)
    return f"from gridran.strategies import Strategy\nS = Strategy({name!r}, *{parts})\n"


def test_a_plug_in_is_listed_and_found_by_name(install: Install) -> None:
    """After ours; the value is the very object that the entry point names."""
    install("my-dist", {"mine": "mine:STRATEGY"}, MODULES)
    assert strategy_names() == (*STRATEGIES, "mine")
    assert strategy_named("mine").planner == "theirs:plan"
    with pytest.raises(PluginError, match=r"'magic' is unknown; choose one of independent, .*, mine$"):
        strategy_named("magic")


def test_a_plug_in_plays_with_its_own_parts(install: Install, small_scenario: Scenario) -> None:
    """Its planner, dispatcher and price rule decide: here those of independent-es at a price of 0.75 $/kWh."""
    install("my-dist", {"mine": "mine:STRATEGY"}, MODULES)
    periods = list(trial(small_scenario, "mine", 1, 0.05))
    assert periods[0].policy is not None
    assert periods[0].policy.strategy == "mine"
    assert (periods[0].policy.price_usd_per_kwh == 0.75).all()
    assert {p.outcome.strategy for p in periods} == {"mine"}
    assert not [n for p in periods for _, n in p.notes if n.kind in ("policy-rejected", "dispatch-failed")]


def test_each_app_imports_its_own_half(install: Install) -> None:
    """Looking a strategy up imports none of its parts; each resolver imports the one that it is asked for."""
    parts = {"a": "def plan(): ...", "b": "def dispatch(): ...", "c": "def price(): ..."}
    install("my-dist", {}, parts)
    for resolve, name in (
        (planner_named, "a:plan"), (dispatcher_named, "b:dispatch"), (price_rule_named, "c:price"),
    ):  # fmt: skip
        module, function = name.split(":")
        assert module not in sys.modules
        assert resolve(name).__name__ == function  # type: ignore[operator]
        assert module in sys.modules


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("nowhere:STRATEGY", "ModuleNotFoundError: No module named 'nowhere'"),
        ("mine:MISSING", "has no attribute 'MISSING'"),
        ("broken:STRATEGY", "association 'both' is none of own-cell, cooperative"),
        ("mine:NUMBER", "is a int, not a Strategy"),
        ("mine:OTHER", "calls itself 'other'"),
    ],
)
def test_a_bad_plug_in_is_one_line_that_says_whose(install: Install, value: str, why: str) -> None:
    """Strategy, entry point and distribution are named; the others, listed beside it, go on working."""
    broken = 'from gridran.strategies import Strategy\nStrategy("bad", "none", "x", "both", "all-on", "flat")\n'
    install("their-dist", {"bad": value, "mine": "mine:STRATEGY"}, MODULES | {"broken": broken})
    assert "bad" in strategy_names()
    with pytest.raises(PluginError) as wrong:
        strategy_named("bad")
    said = str(wrong.value)
    assert why in said
    assert f"entry point 'bad = {value}' of their-dist" in said
    assert "\n" not in said
    assert strategy_named("mine").name == "mine"
    assert strategy_named("msrc") is STRATEGIES["msrc"]


def test_our_names_cannot_be_taken(install: Install) -> None:
    """Who asks for the name is told; what is under way under it, the fallback before all, stays ours."""
    install("their-dist", {"independent": "mine:STRATEGY"}, MODULES)
    with pytest.raises(PluginError, match=r"'independent' is gridran's own, rename the entry point .* of their-dist"):
        strategy_named("independent")
    assert strategy_in_force("independent") is STRATEGIES["independent"]
    assert strategy_named("msrc") is STRATEGIES["msrc"]
    assert strategy_names() == tuple(STRATEGIES)


def test_a_name_that_two_distributions_declare_is_refused(install: Install) -> None:
    """Neither wins by the order of the search path; both are named."""
    install("dist-a", {"mine": "mine:STRATEGY"}, MODULES)
    install("dist-b", {"mine": "mine:STRATEGY"}, {})
    with pytest.raises(PluginError, match=r"declared more than once.* of dist-.* of dist-"):
        strategy_named("mine")


@pytest.mark.parametrize("what", ["planner", "dispatcher", "price_rule"])
@pytest.mark.parametrize("name", ["nowhere:f", "theirs:missing", "theirs:NUMBER", ":", "magic"])
def test_a_part_that_does_not_exist_is_refused_at_the_start(
    install: Install, small_scenario: Scenario, what: str, name: str
) -> None:
    """By the app that it belongs to, before the run, in one line with the part's name."""
    install("my-dist", {}, MODULES)
    strategy = replace(STRATEGIES["independent"], **{what: name})
    initial = xapp.core.initial if what == "dispatcher" else rapp.core.initial
    with pytest.raises(PluginError) as wrong:
        initial(small_scenario, strategy)
    assert what.replace("_", " ") in str(wrong.value)
    assert repr(name) in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_the_xapp_takes_policies_of_plug_ins_that_it_can_enforce(install: Install, small_scenario: Scenario) -> None:
    """A policy is accepted by its strategy's name; one whose dispatcher is missing is refused with the reason."""
    install(
        "my-dist",
        {"mine": "mine:STRATEGY", "lost": "lost:S"},
        MODULES | {"lost": strategy_source("lost", dispatcher="no:f")},
    )
    policy = next(iter(trial(small_scenario, "independent", 1, 0.01))).policy
    assert policy is not None
    network = small_scenario.network
    assert policy_problem(network, replace(policy, strategy="mine")) == ""
    assert "No module named 'no'" in policy_problem(network, replace(policy, strategy="lost"))
    assert "'magic' is unknown" in policy_problem(network, replace(policy, strategy="magic"))


@pytest.mark.parametrize("offer", ["survival_h * np.nan", "survival_h[:2]", "1 / 0", "np.full(survival_h.shape, -1.0)"])
def test_a_price_rule_that_fails_costs_the_price_not_the_policy(
    install: Install, small_scenario: Scenario, offer: str
) -> None:
    """The flat price stands in, a policy is published, and a note says why."""
    rule = f"import numpy as np\ndef price(params, survival_h):\n    return {offer}\n"
    install("my-dist", {"p": "p:S"}, {"p": strategy_source("p", price_rule="r:price"), "r": rule})
    (period,) = trial(small_scenario, "p", 1, 1.0 / 120.0)
    assert period.policy is not None
    assert (period.policy.price_usd_per_kwh == small_scenario.ev.base_price_usd_per_kwh).all()
    assert [n.kind for _, n in period.notes].count("price-failed") == 1


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("None", "NoneType, not a Dispatch"),
        ("replace(good, rate_mbps=good.rate_mbps[:3])", "rate_mbps is of shape"),
        ("replace(good, ue_site=good.ue_site + 1000)", "ue_site names a site that does not exist"),
        ("replace(good, period=good.period + 1)", "another period"),
    ],
)
def test_a_dispatcher_that_answers_nonsense_never_leaves_a_period_without_control(
    install: Install, small_scenario: Scenario, answer: str, why: str
) -> None:
    """The rule without a solver decides instead, people are served, and a note says what was wrong."""
    source = f"""
from dataclasses import replace
from xapp.dispatchers import proportional_fair
def dispatch(task):
    good = proportional_fair.dispatch(task)
    return {answer}
"""
    install("my-dist", {"d": "d:S"}, {"d": strategy_source("d", dispatcher="d:dispatch") + source})
    (period,) = trial(small_scenario, "d", 1, 1.0 / 120.0)
    assert period.control is not None
    assert period.control.rate_mbps.sum() > 0
    assert np.isfinite(period.outcome.soc_frac).all()
    told = [str(n.fields["reason"]) for _, n in period.notes if n.kind == "dispatch-failed"]
    assert any(why in reason for reason in told)


def test_what_is_declared_is_read_once_and_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours in a policy ask for nothing, and --help imports no package metadata at all."""
    plugins.declared.cache_clear()
    asked: list[str] = []
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: asked.append(group) or ())
    strategy_in_force("msrc")
    assert asked == []
    assert strategy_named("msrc").name in strategy_names()
    assert asked == [plugins.GROUP]
    plugins.declared.cache_clear()
    code = "import sys, console.arguments; sys.exit('importlib.metadata' in sys.modules)"
    path = {"PYTHONPATH": str(Path(__file__).parents[2])}
    assert subprocess.run([sys.executable, "-S", "-c", code], check=False, env=path).returncode == 0


def test_the_command_line_names_a_bad_plug_in(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    """--strategy with a broken plug-in: one line, exit 2."""
    install("their-dist", {"bad": "nowhere:S"}, {})
    with pytest.raises(SystemExit) as left:
        main(["run", "small", "--strategy", "bad", "--out", "unused"])
    assert left.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "--strategy" in line
    assert "of their-dist" in line
