"""The cheapest way to serve Table III's targets at one moment, relaxed so that no strategy can undercut it.

Theory of operation. A mixed-integer program over awake sites a_i, carriers z_ib, volumes x_gi that site i serves of the
users g, effective volumes v_ib of a carrier, and the users y_u that are served:

    min Σ_i π_i·P_i    subject to
    P_i = P_sleep + (Σ_b P_std,b − P_sleep)·a_i + Σ_b (P_0,b − P_std,b)·z_ib + Σ_b k_ib·v_ib <= P_max,i      (2)-(4)
    z_ib <= a_i <= Σ_b z_ib,   v_ib <= C_ib·z_ib                                                             (9), (24)
    Σ_g x_gi·w_gi = Σ_b v_ib,   Σ_i x_gi >= Σ_u∈g D_u·y_u,   x_gi <= D_g·a_i
    y_u <= Σ_i∈reach(u) a_i,    Σ_u∈class y_u >= target·users,   0 <= y <= 1.

What it leaves out only makes it cheaper: interference and blockers (a carrier gives C_ib, the best rate that any user
has there against noise alone), links, K_max and κ_min, one site per user, whole users. What it keeps binds every
strategy: who can be reached (5)-(6) at the expanded radius or as own cell, the blocks of a carrier, the power of its
load, the sleepers' own draw, the power limit of battery and cars, and λ_loss: who serves users beyond its nominal
coverage is a helper, so they cost w = 1/(1 − λ_loss) of their volume. Where even so somebody is out of everybody's
reach, the target of the class falls to those who are not.

Users with the same sites in reach are alike here, so they share their volumes x without any loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import scipy.sparse as sp

from gridran.energy.site_power import idle_kw, per_load_kw, per_mbps_kw, standby_kw
from gridran.radio.rate import full_band_rate_mbps
from gridran.radio.sinr import noise_mw, received_mw
from gridran.service import least_mbps
from gridran.types import BoolArray, FloatArray, IntArray, Network, Snapshot
from rapp.cooperation.highs import model_of, solver
from rapp.cooperation.rows import Rows
from studies.availability import CLASS_COUNT, SLA_TARGET_FRAC

_SAME_MBPS = 1e-6  # needs that differ by less are one, rounded down
_SLACK_FRAC = 1e-6
_ROUND_OFF = 1e-4  # of a user; with less the solver takes what only just fits for what does not


@dataclass(frozen=True)
class Demand:
    """Who needs what and from whom at one moment.

    Groups of users with the same sites in reach: ``reach`` and ``abroad`` (all of them beyond the site's nominal
    coverage) [G, N]. Users alike in group, class and need: ``group``, ``service_class``, ``need_mbps``, ``users`` [K].
    ``capacity_mbps`` [N, B]: the most that a whole carrier gives to anybody.
    """

    reach: BoolArray
    abroad: BoolArray
    group: IntArray
    service_class: IntArray
    need_mbps: FloatArray
    users: IntArray
    capacity_mbps: FloatArray


@dataclass(frozen=True)
class Cover:
    """The program for one moment: its ``rows`` (A, lower, upper) over columns in [0, ``top``], of which the first
    ``whole`` are whole; P = ``power_kw`` [N, columns] · columns + ``asleep_kw``."""

    rows: tuple[sp.csr_matrix, FloatArray, FloatArray]
    top: FloatArray
    whole: int
    power_kw: FloatArray
    asleep_kw: float

    @property
    def sites(self) -> int:
        return len(self.power_kw)


class UnservableError(Exception):
    """At this moment nothing meets the targets."""


@dataclass(frozen=True)
class Way:
    """A way to serve: ``power_kw`` and ``awake`` [N]."""

    power_kw: FloatArray
    awake: BoolArray


@dataclass(frozen=True)
class Relaxed:
    """The cheapest way to serve without whole sites and carriers: how much of each site is awake [N], and its cost,
    which no way to serve undercuts."""

    awake_frac: FloatArray
    cost: float


def demand(network: Network, snapshot: Snapshot) -> Demand:
    """What the users of ``snapshot`` need, and who could serve them if nobody interfered."""
    rate, nominal = _alone(network, snapshot)
    reach, group = np.unique(rate.max(axis=2) > 0.0, axis=0, return_inverse=True)
    group = group.ravel()
    near = np.zeros(reach.shape, dtype=np.bool_)
    np.logical_or.at(near, group, nominal)
    need = np.floor(least_mbps(snapshot) / _SAME_MBPS) * _SAME_MBPS
    alike, users = np.unique(np.column_stack([group, snapshot.service_class, need]), axis=0, return_counts=True)
    return Demand(
        reach=reach,
        abroad=reach & ~near,
        group=alike[:, 0].astype(np.int64),
        service_class=alike[:, 1].astype(np.int64),
        need_mbps=alike[:, 2],
        users=users.astype(np.int64),
        capacity_mbps=rate.max(axis=0),
    )


def _alone(network: Network, snapshot: Snapshot) -> tuple[FloatArray, BoolArray]:
    """Rates [U, N, B] of whole carriers against noise alone, 0 out of reach; and nominal coverage [U, N]."""
    site, coop = snapshot.neighbour_site, network.cooperation
    snr = received_mw(network, snapshot.gain_db) / noise_mw(network)
    helping = np.zeros(network.site_count, dtype=np.bool_)
    distance_m = np.hypot(*(snapshot.ue_xy_m[:, None] - network.site_xy_m[site]).transpose(2, 0, 1))
    rate = full_band_rate_mbps(network, snr, helping, site)
    own = np.arange(site.shape[1]) == 0
    rate = np.where((own | (distance_m <= coop.expanded_radius_m))[..., None], rate, 0.0)
    user = np.arange(len(site))[:, None]
    rate_by_site = np.zeros((len(site), network.site_count, network.band_count))
    rate_by_site[user, site] = rate
    nominal = np.zeros(rate_by_site.shape[:2], dtype=np.bool_)
    nominal[user, site] = own | (distance_m <= coop.nominal_radius_m)
    return rate_by_site, nominal


def cover(network: Network, asked: Demand, limit_kw: FloatArray) -> Cover:
    """The program that serves ``asked`` with at most ``limit_kw`` [N] at a site."""
    at = _Columns.of(network, asked)
    rows = Rows(at.count)
    _sites(rows, at, asked)
    _volumes(rows, network, at, asked)
    _users(rows, at, asked)
    power_kw = _power_kw(network, at, asked)
    drawing = power_kw != 0.0
    asleep_kw = network.power.deep_sleep_kw
    beyond_kw = np.maximum(limit_kw - asleep_kw, 0.0)  # who has not even that is dead, and draws nothing
    rows.add([(*np.nonzero(drawing), power_kw[drawing])], -np.inf, beyond_kw, len(limit_kw))
    return Cover(rows.matrix(), _top(at), at.v, power_kw, asleep_kw)


def cheapest_way(program: Cover, price: FloatArray, gap_frac: float, awake: BoolArray | None = None) -> Way | None:
    """The cheapest way to serve at ``price`` [N] > 0, to ``gap_frac``; with exactly the sites ``awake`` [N] if given.
    None where nothing serves."""
    lower, upper = np.zeros(len(program.top)), program.top.copy()
    if awake is not None:
        lower[: program.sites] = upper[: program.sites] = awake
    highs = solver(mip_rel_gap=gap_frac)
    highs.passModel(model_of(program.rows, price @ program.power_kw, (lower, upper), np.arange(program.whole)))
    columns = _solved(highs)
    return (
        None if columns is None else Way(program.power_kw @ columns + program.asleep_kw, columns[: program.sites] > 0.5)
    )


def relaxed(program: Cover, price: FloatArray) -> Relaxed:
    """Serving at ``price`` [N] without whole sites and carriers. UnservableError: nothing serves."""
    highs = solver()
    highs.passModel(model_of(program.rows, price @ program.power_kw, (np.zeros(len(program.top)), program.top)))
    columns = _solved(highs)
    if columns is None:
        raise UnservableError
    return Relaxed(columns[: program.sites], float(price @ (program.power_kw @ columns + program.asleep_kw)))


def relaxed_price(program: Cover, energy_kwh: FloatArray) -> FloatArray:
    """Prices [N] with π·E = 1 at which nothing but whole sites and carriers can lengthen the life: the duals of
    min s with P <= s·E, ``energy_kwh`` [N]. UnservableError: nothing serves."""
    matrix, lower, upper = program.rows
    sites, columns = program.power_kw.shape
    spent = sp.hstack([sp.csr_matrix(program.power_kw), sp.csr_matrix(-energy_kwh[:, None])])
    rows = sp.vstack([sp.hstack([matrix, sp.csr_matrix((matrix.shape[0], 1))]), spent], format="csr")
    limits = np.append(lower, np.full(sites, -np.inf)), np.append(upper, np.full(sites, -program.asleep_kw))
    highs = solver()
    bounds = np.zeros(columns + 1), np.append(program.top, np.inf)
    highs.passModel(model_of((rows, *limits), np.append(np.zeros(columns), 1.0), bounds))
    if _solved(highs) is None:
        raise UnservableError
    price = np.maximum(-np.asarray(highs.getSolution().row_dual)[-sites:], 0.0)
    return np.asarray(price / float(price @ energy_kwh), dtype=np.float64)


def _solved(highs: highspy.Highs) -> FloatArray | None:
    """The optimum's columns; None where there is no solution. RuntimeError: the solver gave up."""
    highs.run()
    status = highs.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None
    if status != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(f"a program of the bound ended with {highs.modelStatusToString(status)}")
    return np.asarray(highs.getSolution().col_value)


@dataclass(frozen=True)
class _Columns:
    """Where a, z and v ([N], [N·B] each), x [F] of ``flow_group`` and ``flow_site`` [F], and y [K] begin."""

    sites: int
    bands: int
    flow_group: IntArray
    flow_site: IntArray
    z: int
    v: int
    x: int
    y: int
    count: int

    @classmethod
    def of(cls, network: Network, asked: Demand) -> _Columns:
        n, b = network.site_count, network.band_count
        group, site = np.nonzero(asked.reach)
        x = n + 2 * n * b
        y = x + len(group)
        return cls(n, b, group, site, n, n + n * b, x, y, y + len(asked.users))


def _sites(rows: Rows, at: _Columns, asked: Demand) -> None:
    """z <= a <= Σ z and v <= C·z."""
    site, carrier = np.arange(at.sites), np.arange(at.sites * at.bands)
    of = carrier // at.bands
    rows.add([(carrier, at.z + carrier, 1.0), (carrier, of, -1.0)], -np.inf, 0.0, len(carrier))
    rows.add([(of, at.z + carrier, 1.0), (site, site, -1.0)], 0.0, np.inf, at.sites)
    full = asked.capacity_mbps.ravel()
    rows.add([(carrier, at.v + carrier, 1.0), (carrier, at.z + carrier, -full)], -np.inf, 0.0, len(carrier))


def _volumes(rows: Rows, network: Network, at: _Columns, asked: Demand) -> None:
    """What a site serves fits its carriers, covers its groups, and is nothing while it sleeps."""
    flow, carrier = np.arange(len(at.flow_group)), np.arange(at.sites * at.bands)
    abroad = asked.abroad[at.flow_group, at.flow_site]
    weight = np.where(abroad, 1.0 / (1.0 - network.cooperation.helper_loss_frac), 1.0)
    rows.add([(at.flow_site, at.x + flow, weight), (carrier // at.bands, at.v + carrier, -1.0)], 0.0, 0.0, at.sites)
    kind, volume = np.arange(len(asked.users)), asked.need_mbps * asked.users
    groups = len(asked.reach)
    rows.add([(at.flow_group, at.x + flow, 1.0), (asked.group, at.y + kind, -volume)], 0.0, np.inf, groups)
    whole: FloatArray = np.asarray(np.bincount(asked.group, volume, groups), dtype=np.float64)[at.flow_group]
    whole *= 1.0 + _SLACK_FRAC
    rows.add([(flow, at.x + flow, 1.0), (flow, at.flow_site, -whole)], -np.inf, 0.0, len(flow))


def _users(rows: Rows, at: _Columns, asked: Demand) -> None:
    """Nobody is served without an awake site in reach; each class reaches its target."""
    kind = np.arange(len(asked.users))
    row, site = np.nonzero(asked.reach[asked.group])
    rows.add([(kind, at.y + kind, 1.0), (row, site, -1.0)], -np.inf, 0.0, len(kind))
    users: FloatArray = asked.users.astype(np.float64)
    count = np.bincount(asked.service_class, users, CLASS_COUNT)
    reachable = np.asarray(asked.reach.any(axis=1))[asked.group]
    within = np.bincount(asked.service_class, users * reachable, CLASS_COUNT)
    least = np.minimum(np.array(SLA_TARGET_FRAC) * count, within) - _ROUND_OFF
    rows.add([(asked.service_class, at.y + kind, users)], least, np.inf, CLASS_COUNT)


def _power_kw(network: Network, at: _Columns, asked: Demand) -> FloatArray:
    """P of (4) above deep sleep as a matrix [N, columns].

    ``v`` counts the blocks, which λ_loss inflates; the term per Mbps delivered is taken without that.
    """
    standby, idle = standby_kw(network), idle_kw(network)
    per_block = per_load_kw(network) / np.maximum(asked.capacity_mbps, 1e-9)
    per_mbps = per_mbps_kw(network) * (1.0 - network.cooperation.helper_loss_frac)
    site, carrier = np.arange(at.sites), np.arange(at.sites * at.bands)
    power = np.zeros((at.sites, at.count))
    power[site, site] = standby.sum(axis=1) - network.power.deep_sleep_kw
    power[carrier // at.bands, at.z + carrier] = (idle - standby).ravel()
    power[carrier // at.bands, at.v + carrier] = (per_block + per_mbps).ravel()
    return power


def _top(at: _Columns) -> FloatArray:
    top = np.full(at.count, np.inf)
    top[: at.v] = 1.0
    top[at.y :] = 1.0
    return top
