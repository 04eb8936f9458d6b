"""Made-up runs for tests of what comes after the emulator: figures of merit, files, reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gridran.types import Band, Network, ServiceClass, ShedReason, Site, SiteMode, StepOutcome

DT_H = 30.0 / 3600.0


def network(rings: int = 1) -> Network:
    """Hexagons of sites 500 m apart (7 for one ring), one low and one high band."""
    cells = [(q, r) for q in range(-rings, rings + 1) for r in range(-rings, rings + 1) if abs(q + r) <= rings]
    places = [(500.0 * (q + r / 2.0), 500.0 * r * 3.0**0.5 / 2.0) for q, r in cells]
    sites = tuple(Site(f"site-{i:02d}", x, y) for i, (x, y) in enumerate(places))
    bands = (
        Band("800", 800.0, 10.0, 50.0, 46.0, 15.0, 78.7, 57.4, 171.8, 3.44, True),
        Band("3700", 3700.0, 100.0, 500.0, 53.0, 24.0, 136.5, 451.1, 616.8, 0.0, False),
    )
    return Network(sites, bands)


def outcome(period: int = 0, served_frac: Any = 1.0, sites: int = 2, ues: int = 10, **changes: Any) -> StepOutcome:
    """One period: users of all classes in turn, each given ``served_frac`` (scalar or [U]) of 1 Mbps."""
    nothing, demand = np.zeros(sites), np.ones(ues)
    fields: dict[str, Any] = {
        "period": period,
        "time_h": period * DT_H,
        "dt_h": DT_H,
        "strategy": "independent",
        "policy_id": "",
        "mode": np.zeros(sites, dtype=np.int64),
        "site_up": np.ones(sites, dtype=np.bool_),
        "soc_frac": np.full(sites, 0.8),
        "load_kw": np.full(sites, 2.0),
        "battery_discharge_kw": np.full(sites, 2.0),
        "battery_charge_kw": nothing,
        "v2g_kw": nothing,
        "ev_charge_kw": nothing,
        "pv_kw": nothing,
        "grid_import_kw": nothing,
        "ev_connected": np.zeros(sites, dtype=np.int64),
        "ev_usable_kwh": nothing,
        "price_usd_per_kwh": np.full(sites, 0.5),
        "band_on": np.ones((sites, 2), dtype=np.bool_),
        "prb_used_frac": np.full((sites, 2), 0.3),
        "service_class": np.arange(ues, dtype=np.int64) % 4,
        "demand_mbps": demand,
        "min_rate_mbps": np.where(np.arange(ues) % 4 == ServiceClass.BEST_EFFORT, 0.0, 0.5),
        "served_mbps": demand * served_frac,
        "ue_site": np.arange(ues, dtype=np.int64) % sites,
        "own_site": np.arange(ues, dtype=np.int64) % sites,
        "shed_reason": np.zeros(ues, dtype=np.int64),
        "ue_xy_m": np.zeros((ues, 2)),
        "handovers": 0,
        "ledger_error_kwh": 0.0,
    }
    return StepOutcome(**(fields | changes))


def blackout(net: Network, periods: int = 480, ues: int = 200, seed: int = 1) -> Iterator[StepOutcome]:
    """A run in which a few helpers carry sleeping neighbours, cars come and go, and batteries run down."""
    rng = np.random.default_rng(seed)
    sites = net.site_count
    home = rng.integers(0, sites, ues)
    xy_m = net.site_xy_m[home] + rng.normal(0.0, 150.0, (ues, 2))
    service_class = rng.choice(4, ues, p=(0.02, 0.15, 0.5, 0.33))
    soc, helper = 0.8 + rng.normal(0.0, 0.03, sites), np.zeros(ues, dtype=np.int64)
    rate = rng.uniform(0.14, 0.22, sites)
    for k in range(periods):
        if k % 30 == 0:
            mode = rng.choice([1, 1, 2, 2, 3, 0], sites) if k else np.zeros(sites, dtype=np.int64)
            nearest = np.where(mode == SiteMode.HELPING, net.site_distance_m, np.inf)
            asleep = (mode >= SiteMode.ASSISTED)[home] & (rng.random(ues) < 0.8)
            helper = np.where(asleep & np.isfinite(nearest.min(axis=1))[home], nearest.argmin(axis=1)[home], home)
        draw = rate * np.array([1.0, 1.4, 0.6, 0.05])[mode]
        soc = np.maximum(soc - draw * DT_H, 0.2)
        up = soc > 0.2001
        served = up[helper] & (rng.random(ues) > np.array([0.0, 0.0, 0.04, 0.2])[service_class])
        parked = (np.arange(sites) % 3 == 0) & (k > 60)
        yield outcome(
            k,
            served_frac=served * 1.0,
            sites=sites,
            ues=ues,
            strategy="msrc",
            policy_id=f"plan-{k // 30}",
            mode=mode,
            site_up=up,
            soc_frac=soc,
            load_kw=draw * 19.0 * up,
            battery_discharge_kw=draw * 16.0 * up,
            v2g_kw=np.where(parked & up, draw * 3.0, 0.0),
            ev_connected=parked.astype(np.int64),
            ev_usable_kwh=parked * 15.0,
            service_class=service_class,
            min_rate_mbps=np.where(service_class == ServiceClass.BEST_EFFORT, 0.0, 0.5),
            ue_site=np.where(served, helper, -1),
            own_site=home,
            shed_reason=np.where(served, ShedReason.SERVED, np.where(up[helper], ShedReason.NO_CAPACITY, 2)),
            ue_xy_m=xy_m,
            handovers=int(k % 30 == 0) * ues // 10,
            ledger_error_kwh=1e-14,
        )
