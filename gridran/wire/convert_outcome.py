"""StepOutcome: what truly happened in a period, as observers get it."""

from __future__ import annotations

from typing import Any

import numpy as np

from gridran.types import FloatArray, IntArray, Network, ServiceClass, ShedReason, SiteMode, StepOutcome
from gridran.wire import checks
from gridran.wire.rows import Rows, rows_of
from gridran.wire.v1 import common_pb2 as pb
from gridran.wire.v1 import o1_telemetry_pb2 as o1

_ON, _OFF = pb.ENERGY_SAVING_STATE_IS_NOT_ENERGY_SAVING, pb.ENERGY_SAVING_STATE_IS_ENERGY_SAVING
_SITE_NUMBERS = {
    "soc_frac": checks.MEASURED_FRACTION,
    "load_kw": checks.MEASURED,
    "battery_discharge_kw": checks.MEASURED,
    "battery_charge_kw": checks.MEASURED,
    "v2g_kw": checks.MEASURED,
    "ev_charge_kw": checks.MEASURED,
    "pv_kw": checks.MEASURED,
    "grid_import_kw": checks.MEASURED,
    "ev_usable_kwh": checks.MEASURED,
    "price_usd_per_kwh": checks.NON_NEGATIVE,
}
_USER_NUMBERS = {
    "demand_mbps": checks.NON_NEGATIVE,
    "min_rate_mbps": checks.NON_NEGATIVE,
    "served_mbps": checks.MEASURED,
}


def outcome_to_proto(outcome: StepOutcome, network: Network) -> o1.StepOutcome:
    """The record of ``network``'s sites and all users."""
    return o1.StepOutcome(
        period=outcome.period,
        time_h=outcome.time_h,
        dt_h=outcome.dt_h,
        strategy=outcome.strategy,
        policy_id=outcome.policy_id,
        sites=[_site_to_proto(outcome, network, i) for i in range(network.site_count)],
        users=_users_to_proto(outcome),
        handovers=outcome.handovers,
        ledger_error_kwh=outcome.ledger_error_kwh,
    )


def outcome_from_proto(message: o1.StepOutcome, network: Network, at: str = "") -> StepOutcome:
    """The record, checked; paths in a WireError begin with ``at``."""
    checks.present(message, "users", at)
    sites = rows_of(message.sites, "site_id", [site.site_id for site in network.sites], f"{at}sites", "site")
    return StepOutcome(
        period=message.period,
        time_h=checks.number(message.time_h, f"{at}time_h"),
        dt_h=checks.number(message.dt_h, f"{at}dt_h"),
        strategy=checks.text(message.strategy, f"{at}strategy"),
        policy_id=message.policy_id,
        handovers=message.handovers,
        ledger_error_kwh=checks.number(message.ledger_error_kwh, f"{at}ledger_error_kwh"),
        **_site_columns(sites),
        **_cell_columns(sites, network),
        **_user_columns(message.users, network, f"{at}users."),
    )


def _site_to_proto(outcome: StepOutcome, network: Network, i: int) -> o1.SiteOutcome:
    cells = zip(network.bands, outcome.band_on[i].tolist(), outcome.prb_used_frac[i].tolist(), strict=True)
    return o1.SiteOutcome(
        site_id=network.sites[i].site_id,
        mode=pb.SiteMode.ValueType(int(outcome.mode[i]) + 1),
        up=bool(outcome.site_up[i]),
        ev_connected=int(outcome.ev_connected[i]),
        cells=[
            pb.CellReport(band=band.name, energy_saving_state=_ON if on else _OFF, prb_used_frac=used)
            for band, on, used in cells
        ],
        **{field: float(getattr(outcome, field)[i]) for field in _SITE_NUMBERS},
    )


def _users_to_proto(outcome: StepOutcome) -> o1.UserOutcomes:
    return o1.UserOutcomes(
        service_class=(outcome.service_class + 1).tolist(),
        demand_mbps=outcome.demand_mbps.tolist(),
        min_rate_mbps=outcome.min_rate_mbps.tolist(),
        served_mbps=outcome.served_mbps.tolist(),
        ue_site=outcome.ue_site.tolist(),
        own_site=outcome.own_site.tolist(),
        shed_reason=(outcome.shed_reason + 1).tolist(),
        x_m=outcome.ue_xy_m[:, 0].tolist(),
        y_m=outcome.ue_xy_m[:, 1].tolist(),
    )


def _site_columns(sites: Rows[o1.SiteOutcome]) -> dict[str, Any]:
    return {
        "mode": sites.enums("mode", SiteMode),
        "site_up": sites.flags("up"),
        "ev_connected": sites.counts("ev_connected"),
        **{field: sites.numbers(field, allowed) for field, allowed in _SITE_NUMBERS.items()},
    }


def _cell_columns(sites: Rows[o1.SiteOutcome], network: Network) -> dict[str, Any]:
    names = [band.name for band in network.bands]
    cells = [rows_of(site.cells, "band", names, f"{path}.cells", "band") for site, path in sites.ordered()]
    return {
        "band_on": np.array([row.choices("energy_saving_state", (_ON, _OFF)) == _ON for row in cells]),
        "prb_used_frac": np.array([row.numbers("prb_used_frac", checks.MEASURED_FRACTION) for row in cells]),
    }


def _user_columns(users: o1.UserOutcomes, network: Network, at: str) -> dict[str, Any]:
    count = len(users.service_class)
    checks.size(users.shed_reason, count, f"{at}shed_reason")

    def numbers(field: str, allowed: checks.Range) -> FloatArray:
        return checks.column(getattr(users, field), count, f"{at}{field}", allowed)

    def sites(field: str) -> IntArray:
        return checks.site_column(getattr(users, field), count, network.site_count, f"{at}{field}")

    return {
        "service_class": checks.enum_values(users.service_class, ServiceClass, lambda i: f"{at}service_class[{i}]"),
        "shed_reason": checks.enum_values(users.shed_reason, ShedReason, lambda i: f"{at}shed_reason[{i}]"),
        "ue_site": sites("ue_site"),
        "own_site": sites("own_site"),
        "ue_xy_m": np.stack([numbers("x_m", checks.ANY), numbers("y_m", checks.ANY)], axis=1),
        **{field: numbers(field, allowed) for field, allowed in _USER_NUMBERS.items()},
    }
