"""Snapshot and Telemetry: what the node reports to the fast and to the slow loop."""

from __future__ import annotations

from typing import Any

import numpy as np

from gridran.types import FloatArray, Network, ServiceClass, SiteMode, Snapshot, Telemetry
from gridran.wire import checks
from gridran.wire.errors import WireError
from gridran.wire.rows import Rows, rows_of
from gridran.wire.tensor import tensor_from_proto, tensor_to_proto
from gridran.wire.v1 import common_pb2 as pb
from gridran.wire.v1 import o1_telemetry_pb2 as o1

_ON, _OFF = pb.ENERGY_SAVING_STATE_IS_NOT_ENERGY_SAVING, pb.ENERGY_SAVING_STATE_IS_ENERGY_SAVING
_GRID = pb.ENERGY_SUPPLY_MODE_GRID_ELECTRICITY
_BACKUP, _LOCAL = pb.ENERGY_SUPPLY_MODE_BACKUP_ENERGY, pb.ENERGY_SUPPLY_MODE_LOCALLY_GENERATED_ENERGY


def snapshot_to_proto(snapshot: Snapshot, network: Network) -> pb.Snapshot:
    """The report of ``network``'s sites and all users."""
    return pb.Snapshot(
        period=snapshot.period,
        time_h=snapshot.time_h,
        sites=[_site_to_proto(snapshot, network, i) for i in range(network.site_count)],
        users=_users_to_proto(snapshot),
    )


def snapshot_from_proto(message: pb.Snapshot, network: Network, at: str = "") -> Snapshot:
    """The report, checked; paths in a WireError begin with ``at``."""
    checks.present(message, "users", at)
    sites = rows_of(message.sites, "site_id", [site.site_id for site in network.sites], f"{at}sites", "site")
    return Snapshot(
        period=message.period,
        time_h=checks.number(message.time_h, f"{at}time_h"),
        **_user_columns(message.users, network, f"{at}users."),
        **_site_columns(sites),
        **_cell_columns(sites, network),
    )


def telemetry_to_proto(telemetry: Telemetry, network: Network) -> o1.Telemetry:
    """The slow loop's report."""
    windows = [
        o1.SiteWindow(
            site_id=site.site_id,
            mean_load_kw=float(telemetry.mean_load_kw[i]),
            mean_offered_mbps=float(telemetry.mean_offered_mbps[i]),
            mean_v2g_kw=float(telemetry.mean_v2g_kw[i]),
            offers_made=int(telemetry.offers_made[i]),
            offers_accepted=int(telemetry.offers_accepted[i]),
        )
        for i, site in enumerate(network.sites)
    ]
    snapshot = snapshot_to_proto(telemetry.snapshot, network)
    return o1.Telemetry(snapshot=snapshot, window_h=telemetry.window_h, sites=windows)


def telemetry_from_proto(message: o1.Telemetry, network: Network, at: str = "") -> Telemetry:
    """The slow loop's report, checked; paths in a WireError begin with ``at``."""
    checks.present(message, "snapshot", at)
    windows = rows_of(message.sites, "site_id", [site.site_id for site in network.sites], f"{at}sites", "site")
    return Telemetry(
        snapshot=snapshot_from_proto(message.snapshot, network, f"{at}snapshot."),
        window_h=checks.number(message.window_h, f"{at}window_h"),
        mean_load_kw=windows.numbers("mean_load_kw", checks.MEASURED),
        mean_offered_mbps=windows.numbers("mean_offered_mbps", checks.MEASURED),
        mean_v2g_kw=windows.numbers("mean_v2g_kw", checks.MEASURED),
        offers_made=windows.counts("offers_made"),
        offers_accepted=windows.counts("offers_accepted"),
    )


def _site_to_proto(snapshot: Snapshot, network: Network, i: int) -> pb.SiteReport:
    cells = zip(network.bands, snapshot.band_on[i].tolist(), snapshot.prb_used_frac[i].tolist(), strict=True)
    return pb.SiteReport(
        site_id=network.sites[i].site_id,
        mode=pb.SiteMode.ValueType(int(snapshot.mode[i]) + 1),
        up=bool(snapshot.site_up[i]),
        energy_supply_mode=_supply(snapshot, i),
        load_kw=float(snapshot.load_kw[i]),
        soc_frac=float(snapshot.soc_frac[i]),
        pv_kw=float(snapshot.pv_kw[i]),
        ev_connected=int(snapshot.ev_connected[i]),
        ev_usable_kwh=float(snapshot.ev_usable_kwh[i]),
        ev_accepting=bool(snapshot.ev_accepting[i]),
        price_usd_per_kwh=float(snapshot.price_usd_per_kwh[i]),
        v2g_kw=float(snapshot.v2g_kw[i]),
        cells=[
            pb.CellReport(band=band.name, energy_saving_state=_ON if on else _OFF, prb_used_frac=used)
            for band, on, used in cells
        ],
    )


def _supply(snapshot: Snapshot, i: int) -> pb.EnergySupplyMode.ValueType:
    """Without the grid: local generation where the sun alone covers the load."""
    if snapshot.grid_up[i]:
        return _GRID
    return _LOCAL if snapshot.pv_kw[i] >= snapshot.load_kw[i] > 0.0 else _BACKUP


def _users_to_proto(snapshot: Snapshot) -> pb.UserReports:
    return pb.UserReports(
        ue_id=snapshot.ue_id.tolist(),
        service_class=(snapshot.service_class + 1).tolist(),
        demand_mbps=snapshot.demand_mbps.tolist(),
        min_rate_mbps=snapshot.min_rate_mbps.tolist(),
        x_m=snapshot.ue_xy_m[:, 0].tolist(),
        y_m=snapshot.ue_xy_m[:, 1].tolist(),
        serving_site=snapshot.serving_site.tolist(),
        served_mbps=snapshot.served_mbps.tolist(),
        measured_sites=snapshot.neighbour_site.shape[1],
        neighbour_site=snapshot.neighbour_site.ravel().tolist(),
        gain_db=tensor_to_proto(snapshot.gain_db),
    )


def _user_columns(users: pb.UserReports, network: Network, at: str) -> dict[str, Any]:
    count, measured = len(users.ue_id), users.measured_sites
    if measured > network.site_count:
        raise WireError(f"{at}measured_sites", f"{measured} is above the number of sites, {network.site_count}")
    checks.present(users, "gain_db", at)
    checks.size(users.service_class, count, f"{at}service_class")
    neighbours = checks.site_column(
        users.neighbour_site, count * measured, network.site_count, f"{at}neighbour_site"
    ).reshape(count, measured)

    def numbers(field: str, allowed: checks.Range) -> FloatArray:
        return checks.column(getattr(users, field), count, f"{at}{field}", allowed)

    return {
        "ue_id": np.array(users.ue_id, dtype=np.int64),
        "service_class": checks.enum_values(users.service_class, ServiceClass, lambda i: f"{at}service_class[{i}]"),
        "demand_mbps": numbers("demand_mbps", checks.NON_NEGATIVE),
        "min_rate_mbps": numbers("min_rate_mbps", checks.NON_NEGATIVE),
        "ue_xy_m": np.stack([numbers("x_m", checks.ANY), numbers("y_m", checks.ANY)], axis=1),
        "serving_site": checks.site_column(users.serving_site, count, network.site_count, f"{at}serving_site"),
        "served_mbps": numbers("served_mbps", checks.MEASURED),
        "neighbour_site": neighbours,
        "gain_db": tensor_from_proto(
            users.gain_db, (count, measured, network.band_count), f"{at}gain_db", checks.ANY
        ),
    }  # fmt: skip


def _site_columns(sites: Rows[pb.SiteReport]) -> dict[str, Any]:
    return {
        "mode": sites.enums("mode", SiteMode),
        "soc_frac": sites.numbers("soc_frac", checks.MEASURED_FRACTION),
        "site_up": sites.flags("up"),
        "grid_up": sites.choices("energy_supply_mode", (_GRID, _BACKUP, _LOCAL)) == _GRID,
        "load_kw": sites.numbers("load_kw", checks.MEASURED),
        "pv_kw": sites.numbers("pv_kw", checks.MEASURED),
        "ev_connected": sites.counts("ev_connected"),
        "ev_usable_kwh": sites.numbers("ev_usable_kwh", checks.MEASURED),
        "ev_accepting": sites.flags("ev_accepting"),
        "price_usd_per_kwh": sites.numbers("price_usd_per_kwh", checks.NON_NEGATIVE),
        "v2g_kw": sites.numbers("v2g_kw", checks.MEASURED),
    }


def _cell_columns(sites: Rows[pb.SiteReport], network: Network) -> dict[str, Any]:
    names = [band.name for band in network.bands]
    cells = [rows_of(site.cells, "band", names, f"{path}.cells", "band") for site, path in sites.ordered()]
    return {
        "band_on": np.array([row.choices("energy_saving_state", (_ON, _OFF)) == _ON for row in cells]),
        "prb_used_frac": np.array([row.numbers("prb_used_frac", checks.MEASURED_FRACTION) for row in cells]),
    }
