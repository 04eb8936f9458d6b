"""Periods of a real run, as the dispatcher is asked in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

import rapp.core as rapp_core
import xapp.core as xapp_core
from emulator.world import observe
from gridran.outcome import Feasible, Optimal, Outcome
from gridran.scenario.loader import load_scenario, with_load
from gridran.strategies import strategy_named
from gridran.types import IntArray, SiteMode
from rapp.plan import Plan, PlanProblem
from rapp.planners import PLANNERS
from studies.trial import begin, next_period
from xapp.dispatch.task import DispatchTask

STRATEGY, LOAD, SEED = "msrc", "medium", 1


def ticks(count: int, scenario: str = "paper", load: str = LOAD) -> list[DispatchTask]:
    """The first ``count`` periods of a run of ``msrc`` in which one more site is assisted and one normal, so that all
    modes are in play."""
    play = begin(with_load(load_scenario(scenario), load), strategy_named(STRATEGY), SEED)
    play = replace(play, slow=rapp_core.planned_by(play.slow, _planner))
    found: list[DispatchTask] = []
    while len(found) < count:
        seen = observe(play.world)
        later, _ = next_period(play)
        found.append(xapp_core.task_of(replace(play.fast, policy=later.fast.policy), seen))
        play = later
    return found


def _planner(problem: PlanProblem) -> Outcome[Plan]:
    outcome = PLANNERS[STRATEGY](problem)
    if isinstance(outcome, Optimal | Feasible):
        return replace(outcome, value=with_assisted(outcome.value))
    return outcome


def with_assisted(plan: Plan) -> Plan:
    """``plan`` with one site assisted by the helper of fewest links and another one normal: sites that are normal, or
    helpers without whom nobody lacks one. The same plan where there are none."""
    mode, links = plan.mode.copy(), list(plan.links)
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
    return replace(plan, mode=mode, links=tuple(links))


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
