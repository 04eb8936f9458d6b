"""The rate of a whole carrier: Shannon (8) and nominal capacity (9), whichever is less."""

from __future__ import annotations

import numpy as np

from gridran.types import BoolArray, FloatArray, IntArray, Network


def total_mbps(rate_mbps: FloatArray) -> FloatArray:
    """Rates [..., U, B] of each user over all carriers, [..., U]; a product, since a sum over few is slow."""
    return np.asarray(rate_mbps @ np.ones(rate_mbps.shape[-1]), dtype=np.float64)


def full_band_rate_mbps(network: Network, sinr: FloatArray, helping: BoolArray, neighbour_site: IntArray) -> FloatArray:
    """Rate in Mbps that a user would have with all blocks of a carrier of each site, shape [U, K, B].

    min(sectors·B·log2(1 + SINR), C)·(1 − λ_loss if helping); zero where SINR < Γ_min (6). A rate r then costs r/e of
    the carrier, and Σ χ <= 1 per site and carrier implies (9). ``sinr`` linear [U, K, B], ``helping`` [N].
    """
    sectors = np.array([s.sectors for s in network.sites], dtype=np.float64)
    bandwidth_mhz = np.array([b.bandwidth_mhz for b in network.bands])
    capacity_mbps = np.array([b.capacity_mbps for b in network.bands])
    kept_frac = 1.0 - network.cooperation.helper_loss_frac * helping
    rate_mbps = np.log2(1.0 + sinr)
    rate_mbps *= np.outer(sectors, bandwidth_mhz).take(neighbour_site, axis=0)
    np.minimum(rate_mbps, capacity_mbps, out=rate_mbps)
    rate_mbps *= kept_frac.take(neighbour_site)[..., None]
    rate_mbps *= sinr >= 10.0 ** (network.radio.sinr_min_db / 10.0)
    return np.asarray(rate_mbps, dtype=np.float64)
