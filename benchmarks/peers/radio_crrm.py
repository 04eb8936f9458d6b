"""CRRM (PyPI ``CRRM``) on our network: one simulator a carrier, so that every carrier has its own path loss, as here.

It computes path loss of all links, SINR of every user at its own best cell under full load, spectral efficiency by CQI
tables, and equal-share throughputs. It has no shadowing by link, no load-dependent interference and no demands.
"""

from __future__ import annotations

import os

os.environ.setdefault("MPLBACKEND", "Agg")  # it imports pyplot

import numpy as np
from CRRM import Parameters, Simulator

from gridran.types import FloatArray, IntArray, Network

_ANTENNA_DBI = 8.0  # added to every link by the simulator
_NOISE_W_PER_HZ = 2.0e-20  # thermal noise and a noise figure of 7 dB


class Crrm:
    """The four carriers of ``network`` for users at ``xy_m`` [U, 2]. ``smart``: recompute only what moves change."""

    def __init__(self, network: Network, xy_m: FloatArray, *, smart: bool) -> None:
        sites = _at_height(network.site_xy_m, network.radio.site_height_m)
        users = _at_height(xy_m, network.radio.ue_height_m)
        self._height_m = network.radio.ue_height_m
        self._carriers = [
            Simulator(
                Parameters(
                    cell_locations=sites,
                    ue_initial_locations=users,
                    pathloss_model_name="UMa",
                    LOS=False,
                    h_BS_default=network.radio.site_height_m,
                    h_UT_default=network.radio.ue_height_m,
                    fc_GHz=band.carrier_mhz / 1e3,
                    bw_MHz=band.bandwidth_mhz,
                    n_subbands=1,
                    n_sectors=1,
                    power_matrix=np.full((len(sites), 1), _watts(band.tx_power_dbm + band.antenna_gain_dbi)),
                    σ2=_NOISE_W_PER_HZ,
                    shadow_fading=True,
                    rayleigh_fading=False,
                    MIMO=None,
                    smart_update=smart,
                    rng_seeds=1,
                )
            )
            for band in network.bands
        ]
        self.update()

    def place(self, users: IntArray, xy_m: FloatArray) -> None:
        """Moves ``users`` to ``xy_m`` [len(users), 2]; nothing is computed yet."""
        for carrier in self._carriers:
            carrier.set_ue_locations(users, _at_height(xy_m, self._height_m))

    def update(self) -> None:
        """Computes throughputs and all that they depend on."""
        for carrier in self._carriers:
            carrier.update()


def _watts(eirp_dbm: float) -> float:
    return float(10.0 ** ((eirp_dbm - _ANTENNA_DBI - 30.0) / 10.0))


def _at_height(xy_m: FloatArray, height_m: float) -> FloatArray:
    return np.column_stack([xy_m, np.full(len(xy_m), height_m)])
