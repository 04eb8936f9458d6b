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
    power_dbm = np.empty_like(gain_db)
    for b, band in enumerate(network.bands):
        np.add(gain_db[..., b], band.tx_power_dbm + band.antenna_gain_dbi, out=power_dbm[..., b])
    power_dbm *= np.log(10.0) / 10.0
    return np.exp(power_dbm, out=power_dbm)


def sinr_frac(network: Network, gain_db: FloatArray, neighbour_site: IntArray, activity_frac: FloatArray) -> FloatArray:
    """SINR (linear) of every measured site, shape [U, K, B], Eq. (7).

    ``gain_db`` [U, K, B], ``neighbour_site`` [U, K]. ``activity_frac`` [N, B] is z·ρ: an interferer counts for the
    share of resource blocks that it uses. The serving site itself never interferes.
    """
    every = np.broadcast_to(np.arange(neighbour_site.shape[1]), neighbour_site.shape)
    return sinr_of_received(network, received_mw(network, gain_db), neighbour_site, activity_frac, every)


def sinr_of_received(
    network: Network, power_mw: FloatArray, neighbour_site: IntArray, activity_frac: FloatArray, place: IntArray
) -> FloatArray:
    """The same from received powers [U, K, B], which do not change while activities do, for the columns ``place``
    [U, C] alone: shape [U, C, B]."""
    users, measured, bands = power_mw.shape
    busy_frac = activity_frac.take(neighbour_site, axis=0)
    at = np.arange(users)[:, None] * measured + place
    signal_mw: FloatArray = power_mw.reshape(-1, bands).take(at, axis=0)
    own_mw = busy_frac.reshape(-1, bands).take(at, axis=0)
    own_mw *= signal_mw
    other_mw = np.einsum("ukb,ukb->ub", busy_frac, power_mw)[:, None, :] - own_mw
    # The difference of near-equal sums may dip below zero by rounding; noise keeps the quotient finite.
    np.maximum(other_mw, 0.0, out=other_mw)
    other_mw += noise_mw(network)
    signal_mw /= other_mw
    return signal_mw
