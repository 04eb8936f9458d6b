"""Periods of a real run, as the dispatcher is asked in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import xapp.core as xapp_core
from emulator.world import observe
from gridran.scenario.loader import load_scenario, with_load
from gridran.strategies import strategy_named
from gridran.types import Policy, SiteMode
from studies.trial import begin, next_period
from xapp.dispatch.task import DispatchTask

STRATEGY, LOAD, SEED = "msrc", "medium", 1


def ticks(count: int, scenario: str = "paper", load: str = LOAD) -> list[DispatchTask]:
    """The first ``count`` periods of a run of ``msrc``, one more site in assisted mode, so that all are in play."""
    play = begin(with_load(load_scenario(scenario), load), strategy_named(STRATEGY), SEED)
    found = []
    for _ in range(count):
        seen = observe(play.world)
        later, _ = next_period(play)
        task = xapp_core.task_of(replace(play.fast, policy=later.fast.policy), seen)
        found.append(_with_assisted(task))
        play = later
    return found


def _with_assisted(task: DispatchTask) -> DispatchTask:
    """``task`` with one more site in assisted mode, and as if it had been so before."""
    policy, previous = with_assisted(task.policy), task.previous
    if previous is not None and np.array_equal(previous.mode, task.policy.mode):
        previous = replace(previous, mode=policy.mode)
    return replace(task, policy=policy, previous=previous)


def with_assisted(policy: Policy) -> Policy:
    """``policy`` with the first normal site that has a helper of fewest links beside it in assisted mode; the same
    policy where there is none."""
    normal = np.flatnonzero(policy.mode == SiteMode.NORMAL)
    helpers = np.flatnonzero(policy.mode == SiteMode.HELPING)
    if not normal.size or not helpers.size:
        return policy
    links = np.bincount([helper for helper, _ in policy.links], minlength=len(policy.mode))
    helper, assisted = int(helpers[np.argmin(links[helpers])]), int(normal[0])
    mode = policy.mode.copy()
    mode[assisted] = SiteMode.ASSISTED
    return replace(policy, mode=mode, links=(*policy.links, (helper, assisted)))
