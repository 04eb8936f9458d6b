"""Small networks, hand-made telemetry and stand-in planners for the slow loop's tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gridran.radio.geometry import hex_sites_xy_m
from gridran.scenario.params import PlanningParams, Scenario
from gridran.types import Band, CooperationParams, Network, Site, Snapshot, Telemetry

BANDS = (
    Band("LTE800", 800, 10, 50, 46, 15, 78.7, 57.4, 171.8, 3.44, True),
    Band("LTE1800", 1800, 20, 100, 46, 17, 66.1, 94.6, 87.0, 0.28, False),
    Band("LTE2600", 2600, 20, 120, 46, 18, 44.7, 101.5, 90.6, 0.0, False),
    Band("NR3700", 3700, 100, 500, 53, 24, 136.5, 451.1, 616.8, 0.0, False),
)
PERIODS_PER_PLAN = 30


@pytest.fixture
def network_at() -> Callable[..., Network]:
    """Factory of networks from site positions [N, 2]; ``site`` sets fields of every site, ``coop`` of the rules."""

    def build(xy_m: np.ndarray, coop: dict[str, object] | None = None, **site: object) -> Network:
        sites = tuple(Site(f"site-{i}", float(x), float(y), **site) for i, (x, y) in enumerate(xy_m))  # type: ignore[arg-type]
        return Network(sites, BANDS, cooperation=CooperationParams(**(coop or {})))  # type: ignore[arg-type]

    return build


@pytest.fixture
def hexagon(network_at: Callable[..., Network]) -> Callable[..., Network]:
    """Factory of hexagonal networks with ``rings`` rings 500 m apart."""
    return lambda rings=1, **parts: network_at(hex_sites_xy_m(rings, 500.0), **parts)


@pytest.fixture
def telemetry_of() -> Callable[..., Telemetry]:
    """Factory of reports for ``network`` at plan step ``step``; keywords replace fields of snapshot or telemetry."""

    def build(network: Network, step: int = 0, **changes: object) -> Telemetry:
        n, b = network.site_count, network.band_count
        users = np.arange(n)  # one user per site, served by it
        snapshot = Snapshot(
            period=step * PERIODS_PER_PLAN,
            time_h=step * 0.25,
            ue_id=users,
            service_class=users % 4,
            demand_mbps=np.ones(n),
            min_rate_mbps=np.full(n, 0.064),
            ue_xy_m=network.site_xy_m,
            serving_site=users,
            served_mbps=np.ones(n),
            neighbour_site=users[:, None],
            gain_db=np.full((n, 1, b), -90.0),
            mode=np.zeros(n, dtype=np.int64),
            soc_frac=np.full(n, 0.8),
            site_up=np.ones(n, dtype=bool),
            grid_up=np.zeros(n, dtype=bool),
            load_kw=np.full(n, 4.0),
            pv_kw=np.zeros(n),
            ev_connected=np.zeros(n, dtype=np.int64),
            ev_usable_kwh=np.zeros(n),
            ev_accepting=np.zeros(n, dtype=bool),
            price_usd_per_kwh=np.zeros(n),
            v2g_kw=np.zeros(n),
            band_on=np.ones((n, b), dtype=bool),
            prb_used_frac=np.zeros((n, b)),
        )
        telemetry = Telemetry(
            snapshot=snapshot,
            window_h=0.25 if step else 0.0,
            mean_load_kw=np.full(n, 4.0),
            mean_offered_mbps=np.full(n, 50.0),
            mean_v2g_kw=np.zeros(n),
            offers_made=np.zeros(n, dtype=np.int64),
            offers_accepted=np.zeros(n, dtype=np.int64),
        )
        seen = {k: v for k, v in changes.items() if hasattr(snapshot, k)}
        rest = {k: v for k, v in changes.items() if k not in seen}
        return replace(telemetry, snapshot=replace(snapshot, **seen), **rest)  # type: ignore[arg-type]

    return build


@pytest.fixture
def scenario(hexagon: Callable[..., Network]) -> Scenario:
    """Seven sites, the paper's parameters, policies that live 30 minutes."""
    return Scenario("test", hexagon(1), planning=PlanningParams(policy_lifetime_min=30.0))
