"""Periods of a real run, as the dispatcher is asked in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

import xapp.core as xapp_core
from emulator.world import observe
from gridran.scenario.loader import load_scenario, with_load
from gridran.strategies import strategy_named
from gridran.types import IntArray, Policy, SiteMode
from studies.trial import begin, next_period
from xapp.dispatch.task import DispatchTask

STRATEGY, LOAD, SEED = "msrc", "medium", 1


def ticks(count: int, scenario: str = "paper", load: str = LOAD) -> list[DispatchTask]:
    """The first ``count`` periods of a run of ``msrc`` in which one more site is assisted and one is normal, so that all
    modes are in play."""
    play = begin(with_load(load_scenario(scenario), load), strategy_named(STRATEGY), SEED)
    found: list[DispatchTask] = []
    while len(found) < count:
        seen = observe(play.world)
        later, _ = next_period(play)
        policy = None if later.fast.policy is None else with_assisted(later.fast.policy)
        found.append(xapp_core.task_of(replace(play.fast, policy=policy), seen))
        play = replace(later, fast=replace(later.fast, policy=policy))
    return found


def with_assisted(policy: Policy) -> Policy:
    """``policy`` with one site assisted by the helper of fewest links and another one normal: sites that are normal, or
    helpers without whom nobody lacks one. The same policy where there are none."""
    mode, links = policy.mode.copy(), list(policy.links)
    for wanted in (SiteMode.ASSISTED, SiteMode.NORMAL):
        site = _spare(mode, links)
        if site is None or (mode == wanted).any():
            continue
        links = [link for link in links if link[0] != site]
        mode[site] = wanted
    helpers = np.flatnonzero(mode == SiteMode.HELPING)
    for assisted in np.flatnonzero(mode == SiteMode.ASSISTED):
        if helpers.size and assisted not in {one for _, one in links}:
            count = np.bincount([helper for helper, _ in links], minlength=len(mode))
            links.append((int(helpers[np.argmin(count[helpers])]), int(assisted)))
    return replace(policy, mode=mode, links=tuple(links))


def _spare(mode: IntArray, links: Sequence[tuple[int, int]]) -> int | None:
    """A normal site, else a helper whose links are all to sites that have another one."""
    normal = np.flatnonzero(mode == SiteMode.NORMAL)
    if normal.size:
        return int(normal[0])
    has = np.bincount([assisted for _, assisted in links], minlength=len(mode))
    for helper in np.flatnonzero(mode == SiteMode.HELPING).tolist():
        if all(has[assisted] > 1 for one, assisted in links if one == helper):
            return int(helper)
    return None
