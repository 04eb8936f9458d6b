"""What the E2 node does when no control arrives (SPEC 8): hold, then fall into the safe state."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridran.types import Dispatch, DispatchTier, FloatArray, Network, ShedReason, SiteMode, Snapshot

HELD_PERIODS = 1
SAFE_STATE = "safe-state"


def control_in_force(
    network: Network, snapshot: Snapshot, control: Dispatch | None, last: Dispatch | None, missed_periods: int
) -> Dispatch:
    """The control that acts in the snapshot's period.

    ``missed_periods`` counts periods without a control, this one included. The first holds the ``last`` control;
    from the second on, or without a last control, the node is in its safe state.
    """
    if control is not None:
        return control
    if last is not None and missed_periods <= HELD_PERIODS:
        return held(last, snapshot)
    return safe_state(network, snapshot)


def held(last: Dispatch, snapshot: Snapshot) -> Dispatch:
    """The last control once more, its rates cut to what the users ask for now."""
    granted_mbps = last.rate_mbps.sum(axis=1)
    over = granted_mbps > snapshot.demand_mbps
    cut = np.divide(snapshot.demand_mbps, granted_mbps, out=np.ones_like(granted_mbps), where=over)
    return replace(last, period=snapshot.period, rate_mbps=last.rate_mbps * cut[:, None])


def safe_state(network: Network, snapshot: Snapshot) -> Dispatch:
    """Every site normal with all bands on, every user on its own cell, no trade with EVs.

    The reserve floor that holds here is the battery's own, ``soc_min_frac``: the plant never goes below it.
    """
    sites, users = network.site_count, len(snapshot.ue_id)
    return Dispatch(
        period=snapshot.period,
        policy_id="",
        strategy=SAFE_STATE,
        tier=DispatchTier.MAX_SINR,
        mode=np.full(sites, SiteMode.NORMAL, dtype=np.int64),
        band_on=np.ones((sites, network.band_count), dtype=np.bool_),
        price_usd_per_kwh=snapshot.price_usd_per_kwh,
        v2g_kw=np.zeros(sites),
        ev_charge_kw=np.zeros(sites),
        ue_site=snapshot.neighbour_site[:, 0],
        rate_mbps=_spread_over_bands(network, snapshot.demand_mbps),
        shed_reason=np.full(users, ShedReason.SERVED, dtype=np.int64),
    )


def _spread_over_bands(network: Network, demand_mbps: FloatArray) -> FloatArray:
    """Each demand [U] split over all bands in proportion to their capacity, shape [U, B]."""
    capacity_mbps = np.array([band.capacity_mbps for band in network.bands])
    result: FloatArray = demand_mbps[:, None] * (capacity_mbps / capacity_mbps.sum())
    return result
