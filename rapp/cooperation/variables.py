"""The columns of the cooperation model: where each decision variable lives.

γ_i,m mode · z_i^b carrier · y_ij link (helper i, assisted j) · x_g,c,b volume of point g on carrier b of its
candidate c, Mbps · u_g volume left unserved, Mbps · s the largest mean power over energy, 1/h (so that the network
survives 1/s hours, SPEC 4 (26)).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gridran.radio.coverage import kappa_frac
from gridran.types import BoolArray, FloatArray, IntArray, Network, SiteMode
from rapp.cooperation.demand import DemandPoints
from rapp.plan import UNDECIDED

MODES = 4


@dataclass(frozen=True)
class Problem:
    """What the model is built from. Shape [N]: ``energy_kwh`` to spend, ``alive`` (has a source of power at all),
    ``drains`` (lives on stored energy; a site with grid power does not), ``previous_mode`` (-1 where unknown),
    ``decided_mode``: what others have settled, ``UNDECIDED`` where nothing is."""

    network: Network
    points: DemandPoints
    energy_kwh: FloatArray
    alive: IntArray
    drains: IntArray
    previous_mode: IntArray
    objective_weight: tuple[float, float, float, float]
    decided_mode: IntArray

    @cached_property
    def open(self) -> BoolArray:
        """The sites [N] that nobody has decided on."""
        return np.asarray(self.decided_mode == UNDECIDED, dtype=np.bool_)

    @cached_property
    def helped_elsewhere(self) -> BoolArray:
        """The sites [N] that others let sleep or be assisted; they have their helpers."""
        return np.isin(self.decided_mode, (SiteMode.DEEP_SLEEP, SiteMode.ASSISTED))


@dataclass(frozen=True)
class Variables:
    """Column numbers. ``gamma`` [N, 4], ``z`` [N, B], ``unserved`` [G], ``s`` scalar; links ``y`` [E] with ends
    ``helper`` and ``assisted`` [E]; flows ``x`` [F] with ``point``, ``place`` (candidate number), ``site`` and
    ``band`` [F] and ``rate_mbps`` [F]."""

    gamma: IntArray
    z: IntArray
    y: IntArray
    helper: IntArray
    assisted: IntArray
    x: IntArray
    point: IntArray
    place: IntArray
    site: IntArray
    band: IntArray
    rate_mbps: FloatArray
    unserved: IntArray
    s: int
    count: int


def variables(problem: Problem) -> Variables:
    """Lay out the columns for ``problem``; flows exist only where the radio allows them (6)."""
    network, points = problem.network, problem.points
    sites, bands, groups = network.site_count, network.band_count, len(points.volume_mbps)
    usable = (points.candidate >= 0)[..., None] & (points.rate_mbps > 0)
    usable &= (problem.alive[points.candidate] > 0)[..., None]
    point, place, band = np.nonzero(usable)
    helper, assisted = link_pairs(network)
    at = np.cumsum([0, MODES * sites, bands * sites, len(helper), len(point), groups])
    return Variables(
        gamma=np.arange(at[0], at[1]).reshape(sites, MODES),
        z=np.arange(at[1], at[2]).reshape(sites, bands),
        y=np.arange(at[2], at[3]),
        helper=helper,
        assisted=assisted,
        x=np.arange(at[3], at[4]),
        point=point,
        place=place,
        site=points.candidate[point, place],
        band=band,
        rate_mbps=points.rate_mbps[point, place, band],
        unserved=np.arange(at[4], at[5]),
        s=int(at[5]),
        count=int(at[5]) + 1,
    )


def link_pairs(network: Network) -> tuple[IntArray, IntArray]:
    """Ordered pairs (helper, assisted) with κ >= κ_min inside R_coop; with literal links all pairs inside R_coop."""
    coop = network.cooperation
    kappa = kappa_frac(network)
    near = (network.site_distance_m <= coop.cooperation_radius_m * (1.0 + 1e-9)) & ~np.eye(
        network.site_count, dtype=bool
    )
    pairs = near if coop.links == "literal" else near & (kappa >= coop.kappa_min_frac)
    helper, assisted = np.nonzero(pairs)
    return helper, assisted


def bounds(problem: Problem, v: Variables, columns: int) -> tuple[FloatArray, FloatArray]:
    """Lower and upper bounds of the model's columns and of further shares behind them, [``columns``] each. A dead site
    sleeps, so that its neighbours may help where it cannot; what is decided stands."""
    lower, upper = np.zeros(columns), np.full(columns, np.inf)
    lower[v.gamma[problem.alive == 0, SiteMode.DEEP_SLEEP]] = 1.0
    for mode in (SiteMode.DEEP_SLEEP, SiteMode.ASSISTED):
        lower[v.gamma[problem.decided_mode == mode, mode]] = 1.0
    upper[v.gamma.ravel()] = 1.0
    awake = ~problem.open & ~problem.helped_elsewhere & (problem.alive > 0)
    upper[v.gamma[awake][:, [SiteMode.DEEP_SLEEP, SiteMode.ASSISTED]]] = 0.0
    upper[v.z] = np.broadcast_to(problem.alive[:, None], v.z.shape)
    upper[v.y] = 1.0
    upper[v.count :] = 1.0
    return lower, upper
