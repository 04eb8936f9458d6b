"""The true radio channel between every user and every site (TR 38.901 UMa), correlated along the user's walk.

Per link two standard normal processes are kept, each first-order autoregressive in the distance walked:

* line of sight holds while Φ(g) < P_LOS(d): a Gaussian copula, decorrelation distance 50 m;
* shadowing s, decorrelation 37 m in LOS and 50 m in NLOS (TR 38.901 Table 7.5-6, UMa), the same for all bands of
  a site. Innovations share a common part, so that two sites are correlated by 0.5 (TR 36.942, 5.2).

The own cell is the strongest site at the lowest band, with the margin that any network gives the present cell against
ping-pong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from emulator.area import distance_m
from emulator.hearing import Heard, hearing_of, places
from gridran.radio.pathloss import SHADOW_LOS_DB, SHADOW_NLOS_DB, uma_both_db, uma_los_probability
from gridran.radio.sinr import received_mw
from gridran.types import BoolArray, FloatArray, IntArray, Network

LOS_STATE_DECORRELATION_M = 50.0
SHADOW_LOS_DECORRELATION_M = 37.0
SHADOW_NLOS_DECORRELATION_M = 50.0
SITE_CORRELATION = 0.5
HANDOVER_MARGIN_DB = 3.0  # event A3 offset of TS 38.331: the own cell stays until another is this much stronger


@dataclass(frozen=True)
class Channel:
    """State of all links. Arrays [U, M] or [U, M, B] are of the sites that are ``heard``, or of all N where that is
    None; ``neighbour_*`` are the K strongest first.

    ``los_normal``, ``shadow_normal`` [U, M]: the processes g and s. ``received_mw`` [U, M, B]: power received while
    the site transmits. ``neighbour_site`` [U, K], ``neighbour_gain_db`` [U, K, B].
    """

    heard: Heard | None
    los_normal: FloatArray
    shadow_normal: FloatArray
    received_mw: FloatArray
    neighbour_site: IntArray
    neighbour_gain_db: FloatArray

    @property
    def own_site(self) -> IntArray:
        """Each user's own cell: strongest at the lowest band with everything on, shape [U]."""
        own: IntArray = self.neighbour_site[:, 0]
        return own


def initial_channel(network: Network, xy_m: FloatArray, rng: np.random.Generator) -> Channel:
    """The channel of users at ``xy_m`` [U, 2], drawn from its stationary distribution."""
    hearing = hearing_of(network)
    heard = None if hearing is None else hearing.at(xy_m)
    los_normal = rng.standard_normal((len(xy_m), network.site_count if heard is None else heard.site.shape[1]))
    nobody = np.full(len(xy_m), -1, dtype=np.int64)
    return _channel(network, heard, xy_m, los_normal, _site_correlated(los_normal.shape, rng), nobody)


def next_channel(
    network: Network, channel: Channel, old_xy_m: FloatArray, xy_m: FloatArray, rng: np.random.Generator
) -> Channel:
    """The channel after users walked from ``old_xy_m`` to ``xy_m`` [U, 2]; who stood still keeps every value."""
    walked_m = np.hypot(*(xy_m - old_xy_m).T)
    moved = np.flatnonzero(walked_m > 0.0)
    if moved.size == 0:
        return channel
    step_m = walked_m[moved, None]
    g, s = channel.los_normal[moved], channel.shadow_normal[moved]
    heard = None if channel.heard is None else channel.heard.of(moved)
    los = _is_los(network, _distance_m(network, old_xy_m[moved], heard), g)
    keep = np.exp(-step_m / np.where(los, SHADOW_LOS_DECORRELATION_M, SHADOW_NLOS_DECORRELATION_M))
    s = keep * s + np.sqrt(1.0 - keep**2) * _site_correlated(s.shape, rng)
    keep = np.exp(-step_m / LOS_STATE_DECORRELATION_M)
    g = keep * g + np.sqrt(1.0 - keep**2) * rng.standard_normal(g.shape)
    if heard is not None:
        before, heard = heard, heard.hearing.at(xy_m[moved])
        g, s = (
            _carried_over(before.site, heard.site, g, rng.standard_normal(g.shape)),
            _carried_over(before.site, heard.site, s, _site_correlated(s.shape, rng, given=s)),
        )
    part = _channel(network, heard, xy_m[moved], g, s, channel.own_site[moved])
    return _merged(channel, moved, part)


def _carried_over(before: IntArray, heard: IntArray, normal: FloatArray, fresh: FloatArray) -> FloatArray:
    """The process ``normal`` [U, M] of the sites ``before`` as one of the sites ``heard`` [U, M]; ``fresh`` where a
    site was not heard before."""
    place = places(before, heard)
    return np.where(place >= 0, np.take_along_axis(normal, np.maximum(place, 0), axis=1), fresh)


def gain_db(network: Network, d_m: FloatArray, los_normal: FloatArray, shadow_normal: FloatArray) -> FloatArray:
    """Coupling gain without antenna gain, minus path loss and shadowing, [U, M, B], of links ``d_m`` [U, M] long."""
    los = _is_los(network, d_m, los_normal)
    shadow_db = shadow_normal * np.where(los, SHADOW_LOS_DB, SHADOW_NLOS_DB)
    height_m, ue_height_m = network.radio.site_height_m, network.radio.ue_height_m
    gain = np.empty((*d_m.shape, network.band_count))
    for b, band in enumerate(network.bands):
        los_db, nlos_db = uma_both_db(d_m, band.carrier_mhz, height_m, ue_height_m)
        gain[:, :, b] = -(np.where(los, los_db, nlos_db) + shadow_db)
    return gain


def _distance_m(network: Network, xy_m: FloatArray, heard: Heard | None) -> FloatArray:
    """Length [U, M] of the links of users at ``xy_m`` [U, 2]."""
    if heard is None:
        return distance_m(xy_m, network.site_xy_m)
    x_m, y_m = network.site_xy_m.T
    return np.asarray(
        np.hypot(x_m.take(heard.site) - xy_m[:, :1], y_m.take(heard.site) - xy_m[:, 1:]), dtype=np.float64
    )


def _is_los(network: Network, d_m: FloatArray, los_normal: FloatArray) -> BoolArray:
    result: BoolArray = ndtr(los_normal) < uma_los_probability(d_m, network.radio.ue_height_m)
    return result


def _site_correlated(shape: tuple[int, ...], rng: np.random.Generator, given: FloatArray | None = None) -> FloatArray:
    """Standard normal [U, M] with correlation 0.5 between the sites of one user, also with those that are ``given``
    [U, L]: their sum says how likely each common part is."""
    known = np.zeros((shape[0], 0)) if given is None else given
    own = 1.0 - SITE_CORRELATION
    scale = own + SITE_CORRELATION * known.shape[1]
    common = np.sqrt(SITE_CORRELATION) / scale * known.sum(axis=1, keepdims=True)
    common = common + np.sqrt(own / scale) * rng.standard_normal((shape[0], 1))
    return np.asarray(np.sqrt(SITE_CORRELATION) * common + np.sqrt(own) * rng.standard_normal(shape), dtype=np.float64)


def _channel(
    network: Network,
    heard: Heard | None,
    xy_m: FloatArray,
    los_normal: FloatArray,
    shadow_normal: FloatArray,
    old_own_site: IntArray,
) -> Channel:
    gain = gain_db(network, _distance_m(network, xy_m, heard), los_normal, shadow_normal)
    old_own = old_own_site if heard is None else places(heard.site, old_own_site[:, None])[:, 0]
    order = _by_strength(network, gain, old_own)
    return Channel(
        heard=heard,
        los_normal=los_normal,
        shadow_normal=shadow_normal,
        received_mw=received_mw(network, gain),
        neighbour_site=order if heard is None else np.take_along_axis(heard.site, order, axis=1),
        neighbour_gain_db=np.take_along_axis(gain, order[:, :, None], axis=1),
    )


def _by_strength(network: Network, gain: FloatArray, old_own_site: IntArray) -> IntArray:
    """The places [U, K] of the K strongest of the sites heard, at the lowest band; that of the old own cell (-1: none)
    first while within the margin."""
    lowest = min(range(network.band_count), key=lambda b: network.bands[b].carrier_mhz)
    strength_db = gain[:, :, lowest].copy()
    old_db = np.take_along_axis(strength_db, np.maximum(old_own_site, 0)[:, None], axis=1)[:, 0]
    stays = np.flatnonzero((old_own_site >= 0) & (old_db + HANDOVER_MARGIN_DB >= strength_db.max(axis=1)))
    strength_db[stays, old_own_site[stays]] = np.inf
    order: IntArray = np.argsort(-strength_db, axis=1, kind="stable")[:, : network.radio.measured_sites]
    return order


def _merged(channel: Channel, moved: IntArray, part: Channel) -> Channel:
    """``channel`` with the rows ``moved`` taken from ``part``."""

    def put(old: FloatArray, new: FloatArray) -> FloatArray:
        out = old.copy()
        out[moved] = new
        return out

    neighbour_site = channel.neighbour_site.copy()
    neighbour_site[moved] = part.neighbour_site
    heard = channel.heard
    if heard is not None and part.heard is not None:
        heard = heard.put(moved, part.heard)
    return Channel(
        heard,
        put(channel.los_normal, part.los_normal),
        put(channel.shadow_normal, part.shadow_normal),
        put(channel.received_mw, part.received_mw),
        neighbour_site,
        put(channel.neighbour_gain_db, part.neighbour_gain_db),
    )
