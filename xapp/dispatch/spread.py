"""Users of full sites over all their options, beside what everybody else has: a piecewise-linear program.

Theory of operation. Leaving the serving site costs a little, so that users stay where utility would gain next to
nothing. The program may split a user over sites, a control may not. With a new plan (``spread``) whom it splits goes to
the site with the larger share. From then on (``relieved``) only those options count at which all that a user asks for
has room, and whoever the program moves in part moves: what is then left at the full site is for those who stayed. Only
best effort, who is short and who has such an option are asked about there: the others keep their service anyhow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gridran.radio.rate import total_mbps
from gridran.types import BoolArray, FloatArray, IntArray
from xapp.dispatch.bands import FILLED_FRAC
from xapp.dispatch.bandwidth import share
from xapp.dispatch.efficiency import Radio
from xapp.dispatch.leftover import Placed, placed, used
from xapp.dispatch.sharing import FULL, Power, is_best_effort, shares_of
from xapp.dispatch.task import DispatchTask
from xapp.dispatch.throttle import wanting

MOVE_COST_FRAC = 0.02  # of a user's utility at full demand
SPREAD_SEGMENTS = 1  # beyond the minimum rate: with four, utility differs by 2e-6, and a tenth of who moves
_SOME_MBPS = 1e-9


@dataclass(frozen=True)
class _Open:
    """``users`` [M] whose sites are open, their options [M, C]: which ``site``, whether it is ``away`` from where they
    are, rates ``whole_mbps`` [M, C, B] of whole carriers; what others leave them: ``free_blocks`` [N, B] of carriers
    and ``limit_kw`` [N] for load."""

    users: IntArray
    site: IntArray
    away: BoolArray
    whole_mbps: FloatArray
    free_blocks: FloatArray
    limit_kw: FloatArray


def spread(
    task: DispatchTask,
    radio: Radio,
    power: Power,
    bands: BoolArray,
    option: IntArray,
    rate_mbps: FloatArray,
    sites: BoolArray,
) -> IntArray:
    """``option`` [U] with each user of ``sites`` [N] where the program gives it most, on carriers ``bands`` [N, B]
    beside the rates [U, B] of all others."""
    opened = _open(task, radio, power, bands, option, rate_mbps, _at(radio, option, sites))
    given = _given_mbps(task, power, opened)
    moved = option.copy()
    users = opened.users
    moved[users] = np.where(given.max(axis=1) > _SOME_MBPS, np.argmax(given, axis=1), option[users])
    return moved


def relieved(
    task: DispatchTask,
    radio: Radio,
    power: Power,
    bands: BoolArray,
    option: IntArray,
    rate_mbps: FloatArray,
    sites: BoolArray,
) -> Placed:
    """Users of the full ``sites`` [N] to whom the program gives something elsewhere, moved where all that they ask for
    fits beside the rates [U, B] of the others, on the carriers ``bands`` [N, B]; the others stay as they are."""
    rows, here = np.arange(len(option)), _at(radio, option, sites)
    left = 1.0 - used(power, radio.candidate[rows, option], radio.rate_mbps[rows, option], rate_mbps).blocks
    opened = _roomy(task, _open(task, radio, power, bands, option, rate_mbps, here), left, sites)
    choosy = (opened.away[..., None] & (opened.whole_mbps > 0)).any(axis=(1, 2))
    movers = opened.users[:0]
    if choosy.any():
        at_stake = is_best_effort(task) | (total_mbps(rate_mbps) < task.snapshot.demand_mbps * FULL)
        at_stake[opened.users[choosy]] = True
        opened = _roomy(task, _open(task, radio, power, bands, option, rate_mbps, here & at_stake), left, sites)
        given = _given_mbps(task, power, opened)
        movers = opened.users[((given > _SOME_MBPS) & opened.away).any(axis=1)]
    return placed(task, power, radio, bands, option, rate_mbps, movers, stay=False)


def _at(radio: Radio, option: IntArray, sites: BoolArray) -> BoolArray:
    """Which users [U] have their ``option`` at one of ``sites`` [N]."""
    return np.asarray(np.append(sites, False)[radio.candidate[np.arange(len(option)), option]], dtype=np.bool_)


def _open(
    task: DispatchTask,
    radio: Radio,
    power: Power,
    bands: BoolArray,
    option: IntArray,
    rate_mbps: FloatArray,
    at_open: BoolArray,
) -> _Open:
    """All options of the users ``at_open`` [U] on carriers ``bands`` [N, B]."""
    rows = np.arange(len(option))
    site_now = radio.candidate[rows, option]
    users = np.flatnonzero(at_open & (radio.best_mbps.max(axis=1) > 0) & wanting(task))
    taken = used(power, np.where(at_open, -1, site_now), radio.rate_mbps[rows, option], rate_mbps)
    site = radio.candidate[users]
    return _Open(
        users=users,
        site=site,
        away=site != site_now[users][:, None],
        whole_mbps=np.where(bands[np.maximum(site, 0)], radio.rate_mbps[users], 0.0),
        free_blocks=np.maximum(1.0 - taken.blocks, 0.0),
        limit_kw=np.maximum(task.policy.power_budget_kw - power.fixed_kw(bands) - taken.load_kw, 0.0),
    )


def _roomy(task: DispatchTask, opened: _Open, left_blocks: FloatArray, sites: BoolArray) -> _Open:
    """The same without options away where no carrier has room, in the ``left_blocks`` [N, B] that nobody takes, for all
    that a user asks for; only the full ``sites`` [N] are filled to the last block."""
    asked_mbps = task.snapshot.demand_mbps[opened.users][:, None, None]
    room_mbps = opened.whole_mbps * np.maximum(left_blocks - (1.0 - FILLED_FRAC), 0.0)[np.maximum(opened.site, 0)]
    usable = ~opened.away[..., None] | (room_mbps >= asked_mbps)
    free = np.where(sites[:, None], opened.free_blocks, np.maximum(opened.free_blocks - (1.0 - FILLED_FRAC), 0.0))
    return replace(opened, whole_mbps=np.where(usable, opened.whole_mbps, 0.0), free_blocks=free)


def _given_mbps(task: DispatchTask, power: Power, opened: _Open) -> FloatArray:
    """What the program gives each user at each option [M, C]; nothing where it has no answer."""
    problem = shares_of(
        task, opened.users, opened.site, opened.whole_mbps, opened.limit_kw, power.load_kw, power.mbps_kw
    )
    cost = MOVE_COST_FRAC * np.log(2.0) * problem.weight[:, None] * opened.away
    answer = share(replace(problem, segments=SPREAD_SEGMENTS, move_cost=cost, blocks_free=opened.free_blocks))
    return np.zeros(opened.site.shape) if answer is None else answer.rate_mbps.sum(axis=2)
