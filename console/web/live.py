"""What is known of the run that goes on, and how it is told in words. Values only: no IO, no threads, no clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from console.carried import carried
from console.explain import carriers, helped
from console.reasons import SiteFacts
from console.web.frame import DOWN, STATE_NAMES
from gridran.types import FloatArray, IntArray, Network, StepOutcome
from studies.availability import served
from studies.recorder import SHED_NAMES

END_WORDS = {
    "hours": "all its hours were played",
    "lost": "the network was lost, with fewer than half of the critical users served for half an hour",
    "stopped": "it was stopped",
}


class Stage(StrEnum):
    """Where a live run stands."""

    WAITING = "waiting"  # the emulator has not answered yet
    RUNNING = "running"
    BROKEN = "broken"  # the emulator answered once and does not any more
    ENDED = "ended"


@dataclass(frozen=True)
class Node:
    """What the emulator says of itself; ``node_id`` is new with every run. ``speed``: simulated seconds per second
    that the run was started with, 0 in lockstep."""

    node_id: str
    scenario: str
    network: Network
    speed: float


@dataclass(frozen=True)
class Pace:
    """``speed``: simulated seconds per second, 0 as fast as both loops answer."""

    paused: bool
    speed: float


@dataclass(frozen=True)
class Live:
    """The run as last heard of. ``why``: of the stage, where there is a reason. ``since_h`` [N]: since when each site
    is in its present state. ``heard_h``: when the first period that was heard of began."""

    stage: Stage = Stage.WAITING
    why: str = ""
    node: Node | None = None
    pace: Pace | None = None
    outcome: StepOutcome | None = None
    since_h: FloatArray | None = None
    heard_h: float = 0.0

    def after(self, outcome: StepOutcome) -> Live:
        """The run after one more period."""
        heard_h = outcome.time_h if self.outcome is None else self.heard_h
        since_h = self._since(outcome)
        return replace(self, stage=Stage.RUNNING, why="", outcome=outcome, since_h=since_h, heard_h=heard_h)

    def _since(self, outcome: StepOutcome) -> FloatArray:
        now = np.full(len(outcome.mode), outcome.time_h)
        if self.outcome is None or self.since_h is None:
            return now
        return np.where(_state(outcome) == _state(self.outcome), self.since_h, now)


def words(live: Live) -> str:
    """The state in one sentence, for people."""
    if live.stage is Stage.WAITING:
        return f"Waiting for the emulator{_because(live.why)}. The page goes on by itself when it answers."
    if live.stage is Stage.BROKEN:
        return f"Connection to the emulator lost{_at(live)}{_because(live.why)}. Trying again."
    if live.stage is Stage.ENDED:
        return f"The run ended{_at(live, end=True)}: {END_WORDS.get(live.why, live.why)}."
    if live.outcome is None:
        paused = live.pace is not None and live.pace.paused
        return f"Connected to the emulator{', paused' if paused else ''}. The page begins with its next period."
    return pace_words(live.pace)


def pace_words(pace: Pace | None) -> str:
    """How fast a run goes."""
    if pace is None:
        return "Live."
    if pace.paused:
        return "Paused. It goes on by itself when nobody watches any more."
    return f"Live, at {pace.speed:g} times real time." if pace.speed else "Live, as fast as both loops answer."


def site_facts(live: Live, index: int) -> SiteFacts | None:
    """What the present period says of a site, by its index; None before the first period, or where there is no such
    site."""
    node, outcome, since_h = live.node, live.outcome, live.since_h
    if node is None or outcome is None or since_h is None or not 0 <= index < node.network.site_count:
        return None
    battery, site_ids = node.network.sites[index].battery, [site.site_id for site in node.network.sites]
    pairs = carried(outcome.ue_site.tolist(), outcome.own_site.tolist())
    own = outcome.own_site == index
    shed = np.bincount(outcome.shed_reason[own], minlength=len(SHED_NAMES) + 1).tolist()
    return SiteFacts(
        site_id=site_ids[index],
        time_h=outcome.time_h,
        end_h=outcome.time_h + outcome.dt_h,
        since_h=float(since_h[index]),
        status=STATE_NAMES[_state(outcome)[index]],
        soc_frac=float(outcome.soc_frac[index]),
        soc_min_frac=battery.soc_min_frac,
        restart_frac=battery.soc_min_frac + battery.restart_margin_frac,
        load_kw=float(outcome.load_kw[index]),
        v2g_kw=float(outcome.v2g_kw[index]),
        ev_connected=int(outcome.ev_connected[index]),
        price_usd_per_kwh=float(outcome.price_usd_per_kwh[index]),
        carriers=carriers(pairs, site_ids, index),
        helped=helped(pairs, site_ids, index),
        users_own=int(own.sum()),
        users_served=int((own & served(outcome)).sum()),
        shed=dict(zip(SHED_NAMES, shed[1:], strict=True)),
        strategy=outcome.strategy,
        policy_id=outcome.policy_id,
        since_known=float(since_h[index]) > live.heard_h or live.heard_h == 0.0,
    )


def _state(outcome: StepOutcome) -> IntArray:
    return np.where(outcome.site_up, outcome.mode, DOWN)


def _at(live: Live, end: bool = False) -> str:
    if live.outcome is None:
        return ""
    return f" at {live.outcome.time_h + (live.outcome.dt_h if end else 0.0):.2f} h"


def _because(why: str) -> str:
    return f" ({why})" if why else ""
