"""Bench ``radio``: channels and rates of 1,000 users at 19 sites on four carriers, beside CRRM at the same positions.

Once all users moved, once every tenth. Ours: path loss, line of sight and correlated shadowing of every link, own
cells, neighbour lists, and rates of whole carriers under loads, one round; the scheduler's fixed point is shown apart.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.output import publish
from benchmarks.peers.radio_crrm import Crrm
from benchmarks.settled import settled
from benchmarks.timing import alternating_ms
from emulator.channel import next_channel
from emulator.radio_delivery import Radio, deliver, full_rate_mbps
from emulator.state import World
from gridran.types import Dispatch, FloatArray, IntArray, SiteMode

ROUNDS = 60
STEP_M = 30.0


def radio_bench(out: Path) -> None:
    """Writes OUT/radio.json; a ratio above 1 means that CRRM takes longer."""
    world, control = settled()
    ours = _Ours(world, control)
    rng = np.random.default_rng(1)
    everybody = np.arange(len(world.walks.xy_m))
    few = np.sort(rng.choice(everybody, len(everybody) // 10, replace=False))
    whole, smart = (Crrm(world.scenario.network, world.walks.xy_m, smart=smart) for smart in (False, True))
    figures: dict[str, float] = {}
    for name, moved, peer in (("full", everybody, whole), ("tenth_moved", few, smart)):
        there = world.walks.xy_m.copy()
        there[moved] += STEP_M / np.sqrt(2.0)
        taken = alternating_ms(
            {
                "ours": partial(ours.rates_at, there),
                "ours_with_loads": partial(ours.delivered_at, there),
                "crrm": partial(_there_and_back, peer, moved, world.walks.xy_m, there),
            },
            ROUNDS,
        )
        median = {who: float(np.median(ms)) for who, ms in taken.items()}
        median["crrm"] /= 2.0  # there and back
        figures |= {f"{name}_{who}_ms": ms for who, ms in median.items()}
        figures[f"{name}_ratio"] = median["crrm"] / median["ours"]
        figures[f"{name}_ratio_with_loads"] = median["crrm"] / median["ours_with_loads"]
    publish(out, "radio", figures)


def _there_and_back(peer: Crrm, moved: IntArray, here: FloatArray, there: FloatArray) -> None:
    """Two moves with all that follows from them, so that every call begins at the same place."""
    for xy_m in (there, here):
        peer.place(moved, xy_m[moved])
        peer.update()


class _Ours:
    """The radio of a settled world whose users move."""

    def __init__(self, world: World, control: Dispatch) -> None:
        network = world.scenario.network
        self._world = world
        self._rng = np.random.default_rng(1)
        self._radio = Radio(
            network,
            world.channel.received_mw,
            world.channel.heard,
            control.ue_site,
            control.rate_mbps,
            world.users.service_class,
            control.band_on,
            control.mode == SiteMode.HELPING,
            np.ones((network.site_count, network.band_count)),
        )

    def rates_at(self, xy_m: FloatArray) -> FloatArray:
        """Channels at ``xy_m`` [U, 2] and the rates of whole carriers under the loads of before."""
        return full_rate_mbps(self._moved(xy_m), self._world.prb_used_frac)

    def delivered_at(self, xy_m: FloatArray) -> FloatArray:
        """The same, then scheduler and interference until they agree."""
        return deliver(self._moved(xy_m), self._world.prb_used_frac).rate_mbps

    def _moved(self, xy_m: FloatArray) -> Radio:
        world = self._world
        now = next_channel(world.scenario.network, world.channel, world.walks.xy_m, xy_m, self._rng)
        return replace(self._radio, received_mw=now.received_mw)
