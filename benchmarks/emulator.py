"""Bench ``emulator``: one period of our world beside one step of mobile-env, 19 sites and 1,000 users.

Ours is everything that a period has: sessions, walks, channels on four carriers, scheduler and interference until they
agree, batteries, cars, the record. mobile-env is shown with a base station a site, which is less than ours does, and
with one for each carrier.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.output import publish
from benchmarks.peers.step_mobile_env import MobileEnv
from benchmarks.settled import settled
from benchmarks.timing import alternating_ms
from emulator.streams import Streams
from emulator.world import advance
from gridran.units import s_to_h

ROUNDS, PEER_ROUNDS = 60, 3


def emulator_bench(out: Path) -> None:
    """Writes OUT/emulator.json; a ratio says how many of our periods fit into the peer's step."""
    world, control = settled()
    dt_h, network = s_to_h(world.scenario.time.period_s), world.scenario.network
    ours = alternating_ms({"ours": partial(advance, world, control, dt_h, Streams(1))}, ROUNDS)["ours"]
    figures: dict[str, float] = {"ours_ms": float(np.median(ours))}
    for name, carriers in (("one_carrier", 1), ("all_carriers", network.band_count)):
        peer = MobileEnv(network, world.walks.xy_m, world.channel.own_site, carriers)
        taken = alternating_ms({"peer": peer.step}, PEER_ROUNDS)["peer"]
        figures[f"mobile_env_{name}_ms"] = float(np.median(taken))
        figures[f"{name}_ratio"] = float(np.median(taken) / np.median(ours))
    publish(out, "emulator", figures)
