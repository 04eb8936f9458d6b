"""What a site draws: linear per sector and band, summed over carriers and modes, Eqs. (2)-(4) and (11) of MSRC.

The terms β_0 + β_5 P_TX + β_6 L of Eq. (2) are constants of a carrier, folded into ``Band.idle_w``; β_4 is zero for
every band. Uplink utilisation is taken equal to downlink utilisation (SPEC 3), so β_1 and β_2 add up. The scalar
``PowerParams.site_scale`` m multiplies everything except deep sleep.
"""

from __future__ import annotations

import numpy as np

from gridran.types import Band, BoolArray, FloatArray, IntArray, Network, SiteMode
from gridran.units import w_to_kw


def idle_kw(network: Network) -> FloatArray:
    """Draw of a switched-on carrier at zero load, all sectors, shape [N, B]; the constant terms of Eq. (2)."""
    return _all_sectors_kw(network, [band.idle_w for band in network.bands])


def standby_kw(network: Network) -> FloatArray:
    """Draw P_std of a carrier that is off while its site is awake, Eq. (4), shape [N, B].

    A fixed share of the zero-load draw: the light to micro sleep ratio of 3GPP TR 38.864 (SPEC 3).
    """
    return network.power.standby_frac * idle_kw(network)


def per_load_kw(network: Network) -> FloatArray:
    """Draw per unit of resource-block utilisation, downlink and uplink together, shape [N, B]; β_1 + β_2 of Eq. (2)."""
    return _all_sectors_kw(network, [band.per_dl_load_w + band.per_ul_load_w for band in network.bands])


def per_mbps_kw(network: Network) -> FloatArray:
    """Draw per Mbps of a site's downlink volume, shape [B]; β_3 of Eq. (2).

    The volume is spread over the sectors and each sector draws for its part, so their number cancels.
    """
    return network.power.site_scale * w_to_kw(np.array([band.per_dl_mbps_w for band in network.bands], dtype=float))


def sector_power_w(band: Band, prb_used_frac: FloatArray, served_mbps: FloatArray) -> FloatArray:
    """Draw of one sector on one band, Eq. (2), before m is applied; any shape.

    ``prb_used_frac`` is ρ_DL = ρ_UL, ``served_mbps`` the sector's own downlink volume ν_DL.
    """
    load_w = (band.per_dl_load_w + band.per_ul_load_w) * prb_used_frac
    return np.asarray(band.idle_w + load_w + band.per_dl_mbps_w * served_mbps, dtype=np.float64)


def carrier_totals(
    ue_site: IntArray, rate_mbps: FloatArray, share_frac: FloatArray, site_count: int
) -> tuple[FloatArray, FloatArray]:
    """Volume ν_DL in Mbps and utilisation ρ_DL of every carrier, Eq. (11): two arrays of shape [N, B].

    ``ue_site`` [U] is the serving site (-1: none), ``rate_mbps`` [U, B] r_u on each carrier, ``share_frac`` [U, B] χ.
    """
    served = ue_site >= 0
    totals = np.zeros((2, site_count, rate_mbps.shape[1]))
    np.add.at(totals[0], ue_site[served], rate_mbps[served])
    np.add.at(totals[1], ue_site[served], share_frac[served])
    return totals[0], totals[1]


def effective_mbps(own_mbps: FloatArray, helped_mbps: FloatArray, offloaded_mbps: FloatArray) -> FloatArray:
    """Volume that a carrier really handles, Eq. (3): its own, plus what it takes over, minus what it hands over."""
    return own_mbps + helped_mbps - offloaded_mbps


def effective_prb_frac(prb_used_frac: FloatArray, own_mbps: FloatArray, effective_mbps: FloatArray) -> FloatArray:
    """Utilisation scaled linearly with volume, ρ_eff = ρ · ν_eff / ν, text after Eq. (3); any shape.

    Raises ValueError where ``own_mbps`` is 0 but ``effective_mbps`` is not: linear scaling then says nothing.
    """
    if np.any((own_mbps <= 0.0) & (effective_mbps > 0.0)):
        raise ValueError("own_mbps: 0 where effective_mbps is not, utilisation cannot be scaled from it")
    ratio = np.divide(effective_mbps, own_mbps, out=np.zeros_like(effective_mbps), where=own_mbps > 0.0)
    return np.asarray(prb_used_frac * ratio, dtype=np.float64)


def site_power_kw(
    network: Network, mode: IntArray, band_on: BoolArray, prb_used_frac: FloatArray, served_mbps: FloatArray
) -> FloatArray:
    """Draw of every site, Eq. (4), shape [N].

    ``mode`` [N]; ``band_on`` z, ``prb_used_frac`` ρ (mean over the sectors) and ``served_mbps`` ν (all sectors
    together), each [N, B]. A site in deep sleep draws ``deep_sleep_kw`` whatever else is asked.
    """
    active_kw = idle_kw(network) + per_load_kw(network) * prb_used_frac + per_mbps_kw(network) * served_mbps
    awake_kw = np.where(band_on, active_kw, standby_kw(network)).sum(axis=1)
    return np.where(mode == SiteMode.DEEP_SLEEP, network.power.deep_sleep_kw, awake_kw)


def _all_sectors_kw(network: Network, per_sector_w: list[float]) -> FloatArray:
    """A coefficient per sector [B] for whole sites, m included, shape [N, B]."""
    sectors = np.array([site.sectors for site in network.sites], dtype=np.float64)
    return network.power.site_scale * np.outer(sectors, w_to_kw(np.array(per_sector_w, dtype=np.float64)))
