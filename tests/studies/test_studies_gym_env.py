"""The outage as a Gymnasium environment: the contract of Gymnasium, and the same world as every other run."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridran.types import SiteMode
from studies.trial import trial

pytest.importorskip("gymnasium")

import gymnasium
from gymnasium.utils.env_checker import check_env

from gridran.scenario.loader import load_scenario
from studies.gym_env import ENV_ID, satisfaction_frac

CLASS_WEIGHT = np.array([1000.0, 100.0, 10.0, 1.0])
EMPTY = """
name = "empty"
[sites]
rings = 1
isd_m = 500.0
[sites.battery]
initial_soc_frac = 0.21
[traffic]
ue_count = 40
"""


@pytest.fixture
def env() -> Iterator[gymnasium.Env[Any, Any]]:
    """Half an hour on seven sites, without the wrappers of ``make``."""
    made = gymnasium.make(ENV_ID, scenario="small", hours_h=0.5).unwrapped
    yield made
    made.close()


def test_it_passes_gymnasiums_own_check(env: gymnasium.Env[Any, Any]) -> None:
    """Spaces, seeds, types and determinism; that loads and energies have no upper bound is meant."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error")
        warnings.filterwarnings("ignore", ".*maximum value is infinity.*")
        check_env(env, skip_render_check=True)


def test_nobody_cooperating_is_the_world_of_every_other_run(env: gymnasium.Env[Any, Any]) -> None:
    """With every site normal an episode of seed 3 is the trial of seed 3 whose planner never cooperates."""
    scenario = load_scenario("small")
    env.reset(seed=3)
    seen, reward, terminated, truncated, info = env.step(np.zeros(7, dtype=np.int64))
    *outcomes, after = [p.outcome for p in trial(scenario, "independent-es", 3, 0.25 + 1.0 / 120.0)]
    offered = np.bincount(after.own_site, after.demand_mbps, minlength=7)
    assert seen["time_h"] == pytest.approx(0.25)
    assert not terminated
    assert not truncated
    assert not info["mode"].any()
    assert seen["offered_mbps"] == pytest.approx(offered)
    assert seen["soc_frac"] == pytest.approx(outcomes[-1].soc_frac, abs=0.02)
    assert reward == pytest.approx(np.mean([satisfaction_frac(o, CLASS_WEIGHT) for o in outcomes]), abs=0.02)


def test_a_seed_is_an_episode(env: gymnasium.Env[Any, Any]) -> None:
    """The same seed and actions give the same episode; a reset without a seed begins another world, reproducibly."""
    actions = np.random.default_rng(1).integers(len(SiteMode), size=(2, 7))

    def episode(seed: int | None) -> list[Any]:
        first, _ = env.reset(seed=seed)
        return [first["offered_mbps"].tolist(), *(env.step(a)[1] for a in actions)]

    seeded, drawn = episode(5), episode(None)
    assert seeded == episode(5)
    assert drawn == episode(None)
    assert drawn != seeded


def test_wishes_become_modes_that_the_rules_allow(env: gymnasium.Env[Any, Any]) -> None:
    """Nobody sleeps where nobody helps; one helper in the middle lets three of its neighbours sleep."""
    env.reset(seed=1)
    *_, info = env.step(np.full(7, int(SiteMode.DEEP_SLEEP)))
    assert not info["mode"].any()
    wish = np.full(7, int(SiteMode.DEEP_SLEEP))
    wish[0] = SiteMode.HELPING
    *_, truncated, info = env.step(wish)
    assert sorted(info["mode"].tolist()) == [0, 0, 0, 1, 3, 3, 3]
    assert truncated


def test_the_episode_ends_when_the_network_is_lost(tmp_path: Path) -> None:
    """Batteries at 21 % last minutes: half an hour below 50 % critical availability terminates, without truncation."""
    path = tmp_path / "empty.toml"
    path.write_text(EMPTY)
    env = gymnasium.make(ENV_ID, scenario=str(path), hours_h=24.0).unwrapped
    seen, _ = env.reset(seed=1)
    rewards, over, truncated = [], False, False
    while not over:
        seen, reward, over, truncated, _ = env.step(np.zeros(7, dtype=np.int64))
        rewards.append(reward)
    assert not truncated
    assert 0.5 <= seen["time_h"][0] <= 1.5
    assert seen["served_frac"].min() < 0.5
    assert rewards[-1] < min(0.5, rewards[0])


def test_satisfaction_is_one_for_all_and_none_for_nobody(env: gymnasium.Env[Any, Any], one_outcome: Any) -> None:
    """1 where everybody has what it asks for, 0 where nobody has anything, also with users who ask for nothing."""
    ask = np.where(np.arange(len(one_outcome().demand_mbps)) % 7 == 0, 0.0, one_outcome().demand_mbps)
    assert satisfaction_frac(one_outcome(demand_mbps=ask, served_mbps=ask), CLASS_WEIGHT) == pytest.approx(1.0)
    nothing = one_outcome(served_mbps=np.zeros(len(ask)))
    assert satisfaction_frac(nothing, CLASS_WEIGHT) == pytest.approx(0.0)


@pytest.fixture
def one_outcome() -> Callable[..., Any]:
    """Factory of the first outcome of a trial with fields replaced."""
    (period,) = trial(load_scenario("small"), "independent", 1, 1.0 / 120.0)
    return lambda **changes: replace(period.outcome, **changes)


@pytest.mark.parametrize("action", [np.full(7, 4), np.zeros(6, dtype=np.int64), np.full(7, -1)])
def test_bad_calls_are_refused(env: gymnasium.Env[Any, Any], action: Any) -> None:
    """A step before reset, an action outside the space, and hours that are no time at all."""
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(action)
    env.reset(seed=1)
    with pytest.raises(ValueError, match="7 modes from 0 to 3"):
        env.step(action)
    with pytest.raises(ValueError, match="hours_h"):
        gymnasium.make(ENV_ID, scenario="small", hours_h=0.0)
