"""Dispatch, as an E2 control carries it."""

from __future__ import annotations

from typing import Any

import numpy as np

from gridran.types import Dispatch, Network, ShedReason, SiteMode
from gridran.wire import checks
from gridran.wire.enums import DISPATCH_TIER, named
from gridran.wire.rows import rows_of
from gridran.wire.v1 import common_pb2 as pb
from gridran.wire.v1 import e2_pb2 as e2

_ON, _OFF = e2.ENERGY_SAVING_CONTROL_TO_BE_NOT_ENERGY_SAVING, e2.ENERGY_SAVING_CONTROL_TO_BE_ENERGY_SAVING


def dispatch_to_proto(dispatch: Dispatch, network: Network) -> e2.Control:
    """The control of ``network``'s sites and all users."""
    return e2.Control(
        period=dispatch.period,
        policy_id=dispatch.policy_id,
        strategy=dispatch.strategy,
        tier=DISPATCH_TIER[dispatch.tier],
        sites=[_site_to_proto(dispatch, network, i) for i in range(network.site_count)],
        users=e2.UserControls(
            target_site=dispatch.ue_site.tolist(),
            rate_mbps=dispatch.rate_mbps.ravel().tolist(),
            shed_reason=(dispatch.shed_reason + 1).tolist(),
        ),
    )


def dispatch_from_proto(message: e2.Control, network: Network, user_count: int, at: str = "") -> Dispatch:
    """The control, checked; paths in a WireError begin with ``at``.

    Each value is good in itself; whether they fit together and the present period is the node's question.
    """
    checks.present(message, "users", at)
    sites = rows_of(message.sites, "site_id", [site.site_id for site in network.sites], f"{at}sites", "site")
    return Dispatch(
        period=message.period,
        policy_id=message.policy_id,
        strategy=checks.text(message.strategy, f"{at}strategy"),
        tier=named(DISPATCH_TIER, message.tier, f"{at}tier"),
        mode=sites.enums("mode", SiteMode),
        band_on=np.array([_cells_on(site, f"{path}.cells", network) for site, path in sites.ordered()]),
        price_usd_per_kwh=sites.numbers("price_usd_per_kwh", checks.NON_NEGATIVE),
        v2g_kw=sites.numbers("v2g_kw", checks.NON_NEGATIVE),
        ev_charge_kw=sites.numbers("ev_charge_kw", checks.NON_NEGATIVE),
        **_user_columns(message.users, network, user_count, f"{at}users."),
    )


def _site_to_proto(dispatch: Dispatch, network: Network, i: int) -> e2.SiteControl:
    on = dispatch.band_on[i].tolist()
    return e2.SiteControl(
        site_id=network.sites[i].site_id,
        mode=pb.SiteMode.ValueType(int(dispatch.mode[i]) + 1),
        cells=[
            e2.CellControl(band=band.name, energy_saving_control=_ON if on[b] else _OFF)
            for b, band in enumerate(network.bands)
        ],
        price_usd_per_kwh=float(dispatch.price_usd_per_kwh[i]),
        v2g_kw=float(dispatch.v2g_kw[i]),
        ev_charge_kw=float(dispatch.ev_charge_kw[i]),
    )


def _cells_on(site: e2.SiteControl, path: str, network: Network) -> Any:
    cells = rows_of(site.cells, "band", [band.name for band in network.bands], path, "band")
    return cells.choices("energy_saving_control", (_ON, _OFF)) == _ON


def _user_columns(users: e2.UserControls, network: Network, count: int, at: str) -> dict[str, Any]:
    bands = network.band_count
    rate_mbps = checks.column(users.rate_mbps, count * bands, f"{at}rate_mbps", checks.NON_NEGATIVE)
    checks.size(users.shed_reason, count, f"{at}shed_reason")
    return {
        "ue_site": checks.site_column(users.target_site, count, network.site_count, f"{at}target_site"),
        "rate_mbps": rate_mbps.reshape(count, bands),
        "shed_reason": checks.enum_values(users.shed_reason, ShedReason, lambda i: f"{at}shed_reason[{i}]"),
    }
