"""Is a control fit to act on? Every fault is named by its field path, so that a caller can find it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gridran.types import Dispatch, Network, ShedReason, SiteMode, Snapshot

Problem = tuple[str, str]
_RATE_TOLERANCE = 1e-6  # relative, for rates that a solver brought exactly up to the demand


def problems(network: Network, snapshot: Snapshot, dispatch: Dispatch) -> list[Problem]:
    """Everything wrong with ``dispatch`` as (field path, message); empty when it may act. State is not touched."""
    found = _wrong_sizes(network, snapshot, dispatch)
    if found:
        return found  # the other checks index by site, user and band
    return [
        *_wrong_period(snapshot, dispatch),
        *_wrong_numbers(dispatch),
        *_wrong_indices(network, dispatch),
        *_wrong_combinations(snapshot, dispatch),
    ]


def _wrong_sizes(network: Network, snapshot: Snapshot, dispatch: Dispatch) -> list[Problem]:
    n, b, u = network.site_count, network.band_count, len(snapshot.ue_id)
    expected = {
        "mode": (n,), "band_on": (n, b), "price_usd_per_kwh": (n,), "v2g_kw": (n,), "ev_charge_kw": (n,),
        "ue_site": (u,), "rate_mbps": (u, b), "shed_reason": (u,),
    }  # fmt: skip
    return [
        (field, f"has shape {getattr(dispatch, field).shape}, expected {shape}")
        for field, shape in expected.items()
        if getattr(dispatch, field).shape != shape
    ]


def _wrong_period(snapshot: Snapshot, dispatch: Dispatch) -> list[Problem]:
    if dispatch.period == snapshot.period:
        return []
    age = "stale" if dispatch.period < snapshot.period else "from the future"
    return [("period", f"{dispatch.period} is {age}, the current period is {snapshot.period}")]


def _wrong_numbers(dispatch: Dispatch) -> list[Problem]:
    found: list[Problem] = []
    for field in ("price_usd_per_kwh", "v2g_kw", "ev_charge_kw", "rate_mbps"):
        values = getattr(dispatch, field)
        found += _first(field, ~np.isfinite(values), "is not a finite number")
        found += _first(field, values < 0.0, "is negative")
    return found


def _wrong_indices(network: Network, dispatch: Dispatch) -> list[Problem]:
    site, mode, reason = dispatch.ue_site, dispatch.mode, dispatch.shed_reason
    return [
        *_first("ue_site", (site < -1) | (site >= network.site_count), "is not a site"),
        *_first("mode", (mode < 0) | (mode >= len(SiteMode)), "is not a site mode"),
        *_first("shed_reason", (reason < 0) | (reason >= len(ShedReason)), "is not a shed reason"),
    ]


def _wrong_combinations(snapshot: Snapshot, dispatch: Dispatch) -> list[Problem]:
    asleep = dispatch.mode == SiteMode.DEEP_SLEEP
    granted_mbps = dispatch.rate_mbps.sum(axis=1)
    too_much = granted_mbps > snapshot.demand_mbps * (1.0 + _RATE_TOLERANCE)
    both = (dispatch.v2g_kw > 0.0) & (dispatch.ev_charge_kw > 0.0)
    return [
        *_first("band_on", asleep[:, None] & dispatch.band_on, "is on in a site in deep sleep"),
        *_first("rate_mbps", too_much, "adds up to more than the demand"),
        *_first("rate_mbps", (dispatch.ue_site < 0) & (granted_mbps > 0.0), "is granted to a user without a site"),
        *_first("ev_charge_kw", both, "is above zero while v2g_kw is, too"),
    ]


def _first(field: str, wrong: npt.NDArray[np.bool_], message: str) -> list[Problem]:
    """The first wrong entry of an array field, with how many there are."""
    where = np.argwhere(wrong)
    if len(where) == 0:
        return []
    path = field + "".join(f"[{index}]" for index in where[0])
    return [(path, message if len(where) == 1 else f"{message} ({len(where)} entries)")]
