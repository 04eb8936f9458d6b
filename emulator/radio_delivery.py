"""What users truly get under a control (SPEC 2): the radio network as a fixed point of its own interference.

1. A carrier interferes as much as it is used: z·ρ weighs it in Eq. (7).
2. ρ follows from the rates that the SINR makes possible, Eqs. (8), (9), (11).
3. Rounds of 1 and 2 converge, because more load only ever means more interference and more load, up to ρ = 1.

Within one round each (site, band) hands out its blocks in class order; what a full or weak carrier leaves of a user's
grant is topped up from idle blocks of the site's other carriers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridran.radio.rate import full_band_rate_mbps
from gridran.radio.sinr import noise_mw
from gridran.types import BoolArray, FloatArray, IntArray, Network

CLASSES = 4
_MAX_ROUNDS = 8
_TOLERANCE = 1e-4  # of ρ


@dataclass(frozen=True)
class Delivery:
    """``rate_mbps`` [U, B], served; ``prb_used_frac`` ρ [N, B]; ``full_rate_mbps`` e [U, B], the rate at χ = 1."""

    rate_mbps: FloatArray
    prb_used_frac: FloatArray
    full_rate_mbps: FloatArray


@dataclass(frozen=True)
class Radio:
    """One period's radio task. ``received_mw`` [U, N, B]; ``ue_site`` [U], -1 for none; ``granted_mbps`` [U, B];
    ``service_class`` [U]; ``live`` [N, B], carriers that transmit; ``helping`` [N], sites with λ_loss of Eq. (9);
    ``prb_limit_frac`` [N, B], the most of each carrier that may be used."""

    network: Network
    received_mw: FloatArray
    ue_site: IntArray
    granted_mbps: FloatArray
    service_class: IntArray
    live: BoolArray
    helping: BoolArray
    prb_limit_frac: FloatArray


def deliver(radio: Radio, prb_guess_frac: FloatArray) -> Delivery:
    """Served rates and loads, from the first guess of ρ [N, B] (any value in [0, 1] leads to the same place)."""
    rho = np.where(radio.live, prb_guess_frac, 0.0)
    for _ in range(_MAX_ROUNDS):
        rate_mbps = full_rate_mbps(radio, rho)
        served_mbps, used = scheduled(radio, rate_mbps)
        settled = bool(np.abs(used - rho).max(initial=0.0) <= _TOLERANCE)
        rho = used
        if settled:
            break
    return Delivery(served_mbps, rho, rate_mbps)


def full_rate_mbps(radio: Radio, prb_used_frac: FloatArray) -> FloatArray:
    """e [U, B]: the rate of each user on the whole carrier of its site under loads ρ [N, B]; 0 where it has none."""
    users = np.arange(len(radio.ue_site))
    site = np.maximum(radio.ue_site, 0)
    activity = np.where(radio.live, prb_used_frac, 0.0)
    signal_mw = radio.received_mw[users, site]
    heard_mw = np.einsum("unb,nb->ub", radio.received_mw, activity) - signal_mw * activity[site]
    sinr = signal_mw / (noise_mw(radio.network) + np.maximum(heard_mw, 0.0))
    rate = full_band_rate_mbps(radio.network, sinr[:, None, :], radio.helping, site[:, None])[:, 0, :]
    result: FloatArray = np.where((radio.ue_site >= 0)[:, None] & radio.live[site], rate, 0.0)
    return result


def scheduled(radio: Radio, rate_mbps: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rates served [U, B] and blocks used ρ [N, B], when the full-carrier rates are e = ``rate_mbps`` [U, B]."""
    sites, bands = radio.live.shape
    served_mbps = np.zeros_like(rate_mbps)
    used = np.zeros((sites, bands))
    for b in range(bands):
        free = radio.prb_limit_frac[:, b]
        served_mbps[:, b], used[:, b] = _carrier(radio, radio.granted_mbps[:, b], rate_mbps[:, b], free)
    for b in range(bands):
        missing_mbps = np.maximum((radio.granted_mbps - served_mbps).sum(axis=1), 0.0)
        if not missing_mbps.any():
            break
        free = radio.prb_limit_frac[:, b] - used[:, b]
        more_mbps, more = _carrier(radio, missing_mbps, rate_mbps[:, b], free)
        served_mbps[:, b] += more_mbps
        used[:, b] = np.minimum(used[:, b] + more, 1.0)
    return served_mbps, used


def _carrier(
    radio: Radio, wanted_mbps: FloatArray, rate_mbps: FloatArray, free: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """One band of all sites: serve ``wanted_mbps`` [U] in class order from the blocks ``free`` [N].

    The first class that does not fit shares what is left in proportion. Returns served Mbps [U] and blocks used [N].
    """
    blocks = np.divide(wanted_mbps, rate_mbps, out=np.zeros_like(rate_mbps), where=rate_mbps > 0.0)
    group = np.maximum(radio.ue_site, 0) * CLASSES + radio.service_class
    need = np.bincount(group, blocks, minlength=len(free) * CLASSES).reshape(-1, CLASSES)
    more_important = np.cumsum(need, axis=1) - need
    left = np.maximum(free[:, None] - more_important, 0.0)
    share = np.divide(left, need, out=np.ones_like(need), where=need > left)
    return blocks * rate_mbps * share.ravel()[group], np.minimum((need * share).sum(axis=1), 1.0)
