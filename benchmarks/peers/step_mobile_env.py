"""mobile-env (PyPI ``mobile-env``) on our network: one environment step, a base station a site, or one a carrier.

It moves users, computes SNR of every link, equal-share rates, utilities, observations and rewards. It has no
interference, shadowing, demands, batteries or cars. Okumura-Hata is given metres where it expects kilometres, so the
excess is taken off the noise.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from mobile_env.core.base import MComCore
from mobile_env.core.entities import BaseStation, UserEquipment
from mobile_env.core.movement import RandomWaypointMovement
from mobile_env.handlers.central import MComCentralHandler

from gridran.types import FloatArray, IntArray, Network

_STEPS = 10_000
_EXCESS_DB = 30.0 * (44.9 - 6.55 * np.log10(25.0)) / 10.0
_NOISE_MW = 10.0 ** ((-174.0 + 73.0 + 7.0 - _EXCESS_DB) / 10.0)  # 20 MHz, noise figure 7 dB


class _Placed(RandomWaypointMovement):  # type: ignore[misc]
    """Users begin where they are put, and walk to random points."""

    def __init__(self, xy_m: FloatArray, **settings: Any) -> None:
        super().__init__(**settings)
        self._xy_m = xy_m

    def initial_position(self, ue: UserEquipment) -> tuple[float, float]:
        x, y = self._xy_m[ue.ue_id]
        return float(x), float(y)


class MobileEnv:
    """Users at ``xy_m`` [U, 2], each connected to ``ue_site`` [U]; every site has ``carriers`` base stations."""

    def __init__(self, network: Network, xy_m: FloatArray, ue_site: IntArray, carriers: int) -> None:
        corner = np.minimum(network.site_xy_m.min(axis=0), xy_m.min(axis=0)) - 1.0
        sites, users = network.site_xy_m - corner, xy_m - corner
        width, height = (float(size) for size in np.maximum(sites.max(axis=0), users.max(axis=0)) + 1.0)
        stations = [
            BaseStation(c * len(sites) + i, (float(x), float(y)), 20.0, network.bands[c].carrier_mhz, 63.0, 25.0)
            for c in range(carriers)
            for i, (x, y) in enumerate(sites)
        ]
        ues = [
            UserEquipment(i, velocity=30.0, snr_tr=10.0**-0.6, noise=_NOISE_MW, height=1.5) for i in range(len(users))
        ]
        area = {"width": width, "height": height, "reset_rng_episode": False}
        config = {
            "width": width,
            "height": height,
            "EP_MAX_TIME": _STEPS,
            "seed": 1,
            "handler": MComCentralHandler,
            "movement": _Placed,
            "movement_params": {**area, "xy_m": users},
            "arrival_params": {"ep_time": _STEPS, "reset_rng_episode": False},
        }
        self._env = MComCore(stations, ues, config)
        self._env.reset(seed=1)
        for c in range(carriers):
            self._env.step(ue_site + 1 + c * len(sites))  # k connects a user to base station k − 1
        self._stay = np.zeros(len(users), dtype=np.int64)

    def step(self) -> None:
        """One step in which nobody connects or disconnects."""
        self._env.step(self._stay)
