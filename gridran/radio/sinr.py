"""Received power, noise and SINR, MSRC Eq. (7), with interference weighted by how busy each neighbour is."""

from __future__ import annotations

import numpy as np

from gridran.types import FloatArray, IntArray, Network

_THERMAL_DBM_PER_HZ = -174.0


def noise_mw(network: Network) -> FloatArray:
    """Thermal noise over each carrier with the UE's noise figure, mW, shape [B]."""
    bandwidth_hz = np.array([b.bandwidth_mhz for b in network.bands]) * 1e6
    noise_dbm = _THERMAL_DBM_PER_HZ + 10.0 * np.log10(bandwidth_hz) + network.radio.noise_figure_db
    return np.asarray(10.0 ** (noise_dbm / 10.0), dtype=np.float64)


def received_mw(network: Network, gain_db: FloatArray) -> FloatArray:
    """Received power P_tx·G in mW, shape of ``gain_db`` [..., B]; the antenna gain is added here."""
    eirp_dbm = np.array([b.tx_power_dbm + b.antenna_gain_dbi for b in network.bands])
    return np.asarray(np.exp((gain_db + eirp_dbm) * (np.log(10.0) / 10.0)), dtype=np.float64)


def sinr_frac(network: Network, gain_db: FloatArray, neighbour_site: IntArray, activity_frac: FloatArray) -> FloatArray:
    """SINR (linear) of every measured site, shape [U, K, B], Eq. (7).

    ``gain_db`` [U, K, B], ``neighbour_site`` [U, K]. ``activity_frac`` [N, B] is z·ρ: an interferer counts for the
    share of resource blocks that it uses. The serving site itself never interferes.
    """
    return sinr_of_received(network, received_mw(network, gain_db), neighbour_site, activity_frac)


def sinr_of_received(
    network: Network, power_mw: FloatArray, neighbour_site: IntArray, activity_frac: FloatArray
) -> FloatArray:
    """The same from received powers [U, K, B], which do not change while activities do."""
    busy_mw = power_mw * activity_frac[neighbour_site]
    other_mw = busy_mw.sum(axis=1, keepdims=True) - busy_mw
    # The difference of near-equal sums may dip below zero by rounding; noise keeps the quotient finite.
    sinr: FloatArray = power_mw / (noise_mw(network) + np.maximum(other_mw, 0.0))
    return sinr
