"""The rules of cooperation links, (19)-(25) of MSRC, as a check of a finished plan, and what a dead helper means.

Planners enforce these rules in their own way; this is the one place that says whether they did.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

from gridran.radio.coverage import kappa_frac
from gridran.types import BoolArray, FloatArray, IntArray, Network, ServiceClass, SiteMode
from rapp.plan import Plan, in_slot


def helper_pairs(network: Network) -> BoolArray:
    """[N, N]: whether site i may help site j: inside R_coop, and κ_ij >= κ_min (21)."""
    return near_pairs(network) & (kappa_frac(network) >= network.cooperation.kappa_min_frac)


def near_pairs(network: Network) -> BoolArray:
    """[N, N]: the neighbourhood 𝒩_i, the other sites inside R_coop."""
    near: BoolArray = network.site_distance_m <= network.cooperation.cooperation_radius_m * (1.0 + 1e-9)
    return near & ~np.eye(network.site_count, dtype=np.bool_)


def kept_bands(network: Network) -> BoolArray:
    """[B]: the carriers that an assisted site may keep: B_low of (25), or the others as the text of II-C has it."""
    return network.low_bands if network.cooperation.assisted_bands == "low" else ~network.low_bands


def violations(network: Network, plan: Plan, alive: BoolArray) -> tuple[str, ...]:
    """The rules that ``plan`` breaks, in words, empty where it holds all of (19)-(25).

    ``alive`` [N]: sites with power. Of a dead site (24) asks no carrier and (21) no helper; it may still be helped.
    """
    shaped = shape_faults(network, plan)
    if shaped:
        return shaped
    rules = _chosen_faults if network.cooperation.links == "chosen" else _literal_faults
    broken = (*rules(network, plan, alive), *_band_faults(network, plan, alive))
    return (*broken, *_slot_faults(plan, lambda slot: violations(network, slot, alive)))


def shape_faults(network: Network, plan: Plan) -> tuple[str, ...]:
    """What makes ``plan`` unusable on this network: wrong shapes, modes or sites; empty where nothing does."""
    n, b = network.site_count, network.band_count
    if plan.mode.shape != (n,) or plan.band_on.shape != (n, b) or plan.mean_power_kw.shape != (n,):
        return (f"arrays are not of {n} sites and {b} bands",)
    if not np.isin(plan.mode, [int(m) for m in SiteMode]).all():
        return ("(19): a mode is not one of the four",)
    if any(not (0 <= i < n and 0 <= j < n and i != j) for i, j in plan.links):
        return ("(22): a link names a site that does not exist, or one site twice",)
    for name in ("service_frac", "availability_frac"):
        share_frac = getattr(plan, name)
        if share_frac is not None and not _are_shares(share_frac, n):
            return (f"{name} is not of {n} sites and {len(ServiceClass)} classes, or not from 0 to 1",)
    starts_h = [slot.from_h for slot in plan.slots]
    if any(not before < after for before, after in itertools.pairwise([-math.inf, *starts_h, math.inf])):
        return ("slots do not begin one after the other",)
    return _slot_faults(plan, lambda slot: shape_faults(network, slot))


def _slot_faults(plan: Plan, faults_of: Callable[[Plan], tuple[str, ...]]) -> tuple[str, ...]:
    """What ``faults_of`` says of the plan in each of its later slots."""
    return tuple(
        f"slot from {slot.from_h:g} h: {fault}" for slot in plan.slots for fault in faults_of(in_slot(plan, slot))
    )


def _are_shares(share_frac: FloatArray, sites: int) -> bool:
    good = (share_frac >= 0.0) & (share_frac <= 1.0)
    return share_frac.shape == (sites, len(ServiceClass)) and bool(good.all())


def _linked(network: Network, plan: Plan) -> BoolArray:
    linked = np.zeros((network.site_count, network.site_count), dtype=np.bool_)
    for helper, assisted in plan.links:
        linked[helper, assisted] = True
    return linked


def _chosen_faults(network: Network, plan: Plan, alive: BoolArray) -> tuple[str, ...]:
    """(20)-(23) with chosen links: every helper and every helped site has a link, and links join only such pairs."""
    linked, helping, helped = _linked(network, plan), plan.mode == SiteMode.HELPING, _helped(plan.mode)
    return _named(
        ("(20): helps nobody", helping & ~linked.any(axis=1)),
        ("(21): has no helper", helped & alive & ~linked.any(axis=0)),
        ("(22): more than K_max links", _degree(linked, network)),
        ("(23): linked without helping", linked.any(axis=1) & ~helping),
        ("(23): linked without being helped", linked.any(axis=0) & ~helped),
        ("(21): helps a site it does not cover", _any_of(linked & ~helper_pairs(network))),
    )


def _literal_faults(network: Network, plan: Plan, alive: BoolArray) -> tuple[str, ...]:
    """(20)-(23) as printed: every helper and helped site of a neighbourhood are linked."""
    linked, helping, helped = _linked(network, plan), plan.mode == SiteMode.HELPING, _helped(plan.mode)
    both: BoolArray = helping[:, None] & helped[None, :]
    near = near_pairs(network)
    return _named(
        ("(20): helps nobody", helping & ~_any_of(both & near)),
        ("(21): has no helper", helped & alive & ~np.any(both & helper_pairs(network), axis=0)),
        ("(22): more than K_max links", _degree(linked, network)),
        ("(23): a helper and a helped neighbour are not linked", _any_of(both & near & ~linked)),
    )


def _band_faults(network: Network, plan: Plan, alive: BoolArray) -> tuple[str, ...]:
    lit, asleep = plan.band_on.any(axis=1), plan.mode == SiteMode.DEEP_SLEEP
    barred = (plan.band_on & ~kept_bands(network)).any(axis=1)
    return _named(
        ("(24): asleep with a carrier on", asleep & lit),
        ("(24): awake without a carrier", ~asleep & ~lit & alive),
        ("(25): assisted with a barred carrier on", (plan.mode == SiteMode.ASSISTED) & barred),
    )


def _helped(mode: IntArray) -> BoolArray:
    return np.asarray((mode == SiteMode.ASSISTED) | (mode == SiteMode.DEEP_SLEEP), dtype=np.bool_)


def _degree(linked: BoolArray, network: Network) -> BoolArray:
    count = linked.sum(axis=1) + linked.sum(axis=0)
    return np.asarray(count > network.cooperation.max_links, dtype=np.bool_)


def _any_of(pairs: BoolArray) -> BoolArray:
    return np.asarray(pairs.any(axis=1), dtype=np.bool_)


def _named(*rules: tuple[str, BoolArray]) -> tuple[str, ...]:
    return tuple(f"{rule} at sites {np.flatnonzero(broken).tolist()}" for rule, broken in rules if broken.any())


def without_dead_helpers(
    mode: IntArray, links: tuple[tuple[int, int], ...], alive: BoolArray
) -> tuple[IntArray, tuple[tuple[int, int], ...]]:
    """Modes and links once the links of dead helpers are gone: whom nobody helps any more wakes up.

    A dead helper turns NORMAL, so that it serves its own cell when it returns. A helper whose assisted site died goes
    on helping: that site's users now depend on it.
    """
    kept = tuple((helper, assisted) for helper, assisted in links if alive[helper])
    linked = np.zeros(len(mode), dtype=np.bool_)
    linked[[site for link in kept for site in link]] = True
    return np.where(linked, mode, int(SiteMode.NORMAL)).astype(np.int64), kept
