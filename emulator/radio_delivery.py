"""What users truly get under a control (SPEC 2): the radio network as a fixed point of its own interference.

1. A carrier interferes as much as it is used: z·ρ weighs it in Eq. (7).
2. ρ follows from the rates that the SINR makes possible, Eqs. (8), (9), (11).
3. Rounds of 1 and 2 nearly always settle: more load means more interference and more load, up to ρ = 1. Where a user
   falls below Γ_min its load is gone again and two states can alternate; the last of ``_MAX_ROUNDS`` then stands.

Within one round each (site, band) hands out its blocks in class order; what a full or weak carrier leaves of a user's
grant is topped up from idle blocks of the site's other carriers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from emulator.hearing import Heard, places
from gridran.radio.rate import full_band_rate_mbps, total_mbps
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
    """One period's radio task. ``received_mw`` [U, M, B] of the sites that are ``heard``, or of all N where that
    is None; ``ue_site`` [U], -1 for none; ``granted_mbps`` [U, B];
    ``service_class`` [U]; ``live`` [N, B], carriers that transmit; ``helping`` [N], sites with λ_loss of Eq. (9);
    ``prb_limit_frac`` [N, B], the most of each carrier that may be used."""

    network: Network
    received_mw: FloatArray
    heard: Heard | None
    ue_site: IntArray
    granted_mbps: FloatArray
    service_class: IntArray
    live: BoolArray
    helping: BoolArray
    prb_limit_frac: FloatArray


@dataclass(frozen=True)
class _Links:
    """What does not change from round to round, by band and with users last, which is how the sums run fastest.

    ``site`` [U], 0 for none; ``signal_mw`` and ``usable`` [B, U]; ``heard_mw``, of activities z·ρ [B, N] the sum of all
    that users receive [B, U]; ``noise_mw`` [B, 1].
    """

    site: IntArray
    signal_mw: FloatArray
    usable: BoolArray
    heard_mw: Callable[[FloatArray], FloatArray]
    noise_mw: FloatArray


def deliver(radio: Radio, prb_guess_frac: FloatArray) -> Delivery:
    """Served rates and loads, from the first guess of ρ [N, B] (any value in [0, 1] leads to the same place)."""
    rho = np.where(radio.live, prb_guess_frac, 0.0)
    links = _links(radio)
    radio = replace(radio, granted_mbps=np.asfortranarray(radio.granted_mbps))
    for _ in range(_MAX_ROUNDS):
        rate_mbps = _full_rate_mbps(radio, links, rho)
        served_mbps, used = scheduled(radio, rate_mbps)
        settled = bool(np.abs(used - rho).max(initial=0.0) <= _TOLERANCE)
        rho = used
        if settled:
            break
    return Delivery(served_mbps, rho, rate_mbps)


def full_rate_mbps(radio: Radio, prb_used_frac: FloatArray) -> FloatArray:
    """e [U, B]: the rate of each user on the whole carrier of its site under loads ρ [N, B]; 0 where it has none."""
    return _full_rate_mbps(radio, _links(radio), prb_used_frac)


def _links(radio: Radio) -> _Links:
    site = np.maximum(radio.ue_site, 0)
    place = radio.ue_site if radio.heard is None else places(radio.heard.site, radio.ue_site[:, None])[:, 0]
    return _Links(
        site=site,
        signal_mw=np.ascontiguousarray(radio.received_mw[np.arange(len(site)), np.maximum(place, 0)].T),
        usable=(place >= 0) & radio.live.T.take(site, axis=1),
        heard_mw=_sum_of_all(radio) if radio.heard is None else _sum_of_near(radio, radio.heard),
        noise_mw=noise_mw(radio.network)[:, None],
    )


def _sum_of_all(radio: Radio) -> Callable[[FloatArray], FloatArray]:
    on = np.flatnonzero(radio.live.any(axis=1))
    received_mw = np.ascontiguousarray(radio.received_mw.T[:, on])  # [B, L, U] of the sites that transmit anything
    return lambda activity: np.asarray(np.einsum("bnu,bn->bu", received_mw, activity[:, on]), dtype=np.float64)


def _sum_of_near(radio: Radio, heard: Heard) -> Callable[[FloatArray], FloatArray]:
    users, count = heard.site.shape
    shape, first = (users, radio.network.site_count), np.arange(users + 1) * count
    by_band = [
        sp.csr_matrix((np.ascontiguousarray(radio.received_mw[:, :, b]).ravel(), heard.site.ravel(), first), shape)
        for b in range(radio.received_mw.shape[2])
    ]

    def summed(activity: FloatArray) -> FloatArray:
        near_mw = np.stack([received_mw @ z for received_mw, z in zip(by_band, activity, strict=True)])
        return np.asarray(near_mw + heard.far_mw(activity), dtype=np.float64)

    return summed


def _full_rate_mbps(radio: Radio, links: _Links, prb_used_frac: FloatArray) -> FloatArray:
    activity = np.where(radio.live, prb_used_frac, 0.0).T
    own_mw = links.signal_mw * activity.take(links.site, axis=1)
    heard_mw = links.heard_mw(activity) - own_mw
    sinr = links.signal_mw / (links.noise_mw + np.maximum(heard_mw, 0.0))
    rate = full_band_rate_mbps(radio.network, sinr.T[:, None, :], radio.helping, links.site[:, None])[:, 0, :]
    return np.where(links.usable, rate.T, 0.0).T


def scheduled(radio: Radio, rate_mbps: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rates served [U, B] and blocks used ρ [N, B], when the full-carrier rates are e = ``rate_mbps`` [U, B]."""
    group = np.maximum(radio.ue_site, 0) * CLASSES + radio.service_class
    served_mbps, used = _carried(group, radio.granted_mbps, rate_mbps, radio.prb_limit_frac)
    short = np.flatnonzero(total_mbps(radio.granted_mbps - served_mbps) > 0.0)
    granted, served, rate, group = radio.granted_mbps[short], served_mbps[short], rate_mbps[short], group[short]
    for b in range(rate_mbps.shape[1]):
        missing_mbps = np.maximum(total_mbps(granted - served), 0.0)
        if not missing_mbps.any():
            break
        free = radio.prb_limit_frac[:, b] - used[:, b]
        more_mbps, more = _carried(group, missing_mbps[:, None], rate[:, b : b + 1], free[:, None])
        served[:, b] += more_mbps[:, 0]
        used[:, b] = np.minimum(used[:, b] + more[:, 0], 1.0)
    served_mbps[short] = served
    return served_mbps, used


def _carried(
    group: IntArray, wanted_mbps: FloatArray, rate_mbps: FloatArray, free: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Carriers [B] of all sites: serve ``wanted_mbps`` [U, B] in class order from the blocks ``free`` [N, B].

    ``group`` [U] numbers site and class. The first class that does not fit shares what is left in proportion. Returns
    served Mbps [U, B] and blocks used [N, B].
    """
    sites, bands = free.shape
    blocks = np.divide(wanted_mbps, rate_mbps, out=np.zeros_like(rate_mbps), where=rate_mbps > 0.0)
    cell = np.arange(bands)[:, None] + group * bands
    need = np.bincount(cell.ravel(), blocks.T.ravel(), minlength=sites * CLASSES * bands)
    need = need.reshape(sites, CLASSES, bands)
    more_important = np.cumsum(need, axis=1) - need
    left = np.maximum(free[:, None] - more_important, 0.0)
    share = np.divide(left, need, out=np.ones_like(need), where=need > left)
    served_mbps = blocks * rate_mbps * share.reshape(-1, bands).take(group, axis=0)
    return served_mbps, np.minimum((need * share).sum(axis=1), 1.0)
