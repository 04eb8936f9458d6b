"""Networks and values of every kind that travels, small and odd rather than realistic."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from gridran.types import (
    Band,
    Battery,
    Dispatch,
    DispatchTier,
    Network,
    PlanTier,
    Policy,
    PolicySlot,
    Site,
    Snapshot,
    Telemetry,
)

SITES, USERS, MEASURED = 3, 4, 2


def three_sites() -> Network:
    """Three sites, two bands."""
    sites = tuple(Site(f"S{i}", 100.0 * i, -50.0 * i, battery=Battery(capacity_kwh=20.0 + i)) for i in range(SITES))
    bands = (
        Band("LTE800", 800.0, 10.0, 50.0, 46.0, 15.0, 78.7, 57.4, 171.8, 3.44, True),
        Band("NR3700", 3700.0, 100.0, 500.0, 53.0, 24.0, 136.5, 451.1, 616.8, 0.0, False),
    )
    return Network(sites, bands)


def bits(value: object) -> Any:
    """``value`` so that == means the same type, shape and bits; NaN equals itself."""
    if is_dataclass(value):
        return {field.name: bits(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return tuple(bits(item) for item in value)
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


def drawn(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def snapshot(seed: int = 1, users: int = USERS) -> Snapshot:
    """Any values that a node may report; ``seed`` decides all of them."""
    rng, n, b = drawn(seed), SITES, 2

    def some(*shape: int) -> Any:
        return rng.lognormal(0.0, 3.0, shape) * rng.integers(0, 2, shape)

    return Snapshot(
        period=int(rng.integers(0, 2**31)),
        time_h=float(rng.random() * 24.0),
        ue_id=rng.integers(0, 2**62, users),
        service_class=rng.integers(0, 4, users),
        demand_mbps=some(users),
        min_rate_mbps=some(users),
        ue_xy_m=rng.normal(0.0, 500.0, (users, 2)),
        serving_site=rng.integers(-1, n, users),
        served_mbps=some(users),
        neighbour_site=rng.integers(-1, n, (users, MEASURED)),
        gain_db=rng.normal(-110.0, 20.0, (users, MEASURED, b)),
        mode=rng.integers(0, 4, n),
        soc_frac=rng.random(n),
        site_up=rng.random(n) < 0.5,
        grid_up=rng.random(n) < 0.5,
        load_kw=some(n),
        pv_kw=some(n),
        ev_connected=rng.integers(0, 9, n),
        ev_usable_kwh=some(n),
        ev_accepting=rng.random(n) < 0.5,
        price_usd_per_kwh=some(n),
        v2g_kw=some(n),
        band_on=rng.random((n, b)) < 0.5,
        prb_used_frac=rng.random((n, b)),
    )


def telemetry(seed: int = 1) -> Telemetry:
    rng = drawn(seed)
    return Telemetry(
        snapshot=snapshot(seed),
        window_h=float(rng.random()),
        mean_load_kw=rng.lognormal(0.0, 1.0, SITES),
        mean_offered_mbps=rng.lognormal(3.0, 1.0, SITES),
        mean_v2g_kw=rng.lognormal(0.0, 1.0, SITES),
        offers_made=rng.integers(0, 99, SITES),
        offers_accepted=rng.integers(0, 99, SITES),
    )


def policy(seed: int = 1, slots: int | None = None) -> Policy:
    rng = drawn(seed)
    issued_h = float(rng.random() * 24.0)
    valid_until_h = issued_h + float(rng.random())
    return Policy(
        policy_id=f"policy-{seed}",
        strategy="msrc",
        issued_h=issued_h,
        valid_until_h=valid_until_h,
        tier=list(PlanTier)[int(rng.integers(0, 5))],
        gap_frac=math.nan if seed % 2 else float(rng.random()),
        plan_age_h=float(rng.random()),
        mode=rng.integers(0, 4, SITES),
        links=((0, 2), (2, 1))[: int(rng.integers(0, 3))],
        band_planned=rng.random((SITES, 2)) < 0.5,
        power_budget_kw=rng.lognormal(1.0, 1.0, SITES),
        reserve_soc_frac=rng.random(SITES),
        price_usd_per_kwh=rng.lognormal(-1.0, 1.0, SITES),
        class_weight=rng.lognormal(3.0, 2.0, 4),
        service_frac=rng.random((SITES, 4)),
        availability_frac=rng.random((SITES, 4)),
        slots=policy_slots(rng, issued_h, valid_until_h, int(rng.integers(0, 4)) if slots is None else slots),
    )


def policy_slots(rng: np.random.Generator, issued_h: float, valid_until_h: float, count: int) -> tuple[PolicySlot, ...]:
    """``count`` later slots, evenly spread."""
    starts_h = np.linspace(issued_h, valid_until_h, count + 2)[1:-1]
    return tuple(
        PolicySlot(
            from_h=from_h,
            mode=rng.integers(0, 4, SITES),
            links=((1, 0), (1, 2))[: int(rng.integers(0, 3))],
            band_planned=rng.random((SITES, 2)) < 0.5,
            service_frac=rng.random((SITES, 4)),
        )
        for from_h in starts_h.tolist()
    )


def dispatch(seed: int = 1, users: int = USERS) -> Dispatch:
    rng = drawn(seed)
    return Dispatch(
        period=int(rng.integers(0, 2**31)),
        policy_id="" if seed % 2 else "policy",
        strategy="independent",
        tier=list(DispatchTier)[int(rng.integers(0, 3))],
        mode=rng.integers(0, 4, SITES),
        band_on=rng.random((SITES, 2)) < 0.5,
        price_usd_per_kwh=rng.lognormal(-1.0, 1.0, SITES),
        v2g_kw=rng.lognormal(1.0, 1.0, SITES),
        ev_charge_kw=np.zeros(SITES),
        ue_site=rng.integers(-1, SITES, users),
        rate_mbps=rng.lognormal(0.0, 3.0, (users, 2)),
        shed_reason=rng.integers(0, 6, users),
    )


class Made:
    """The makers above; a fixture, because test files cannot import from here."""

    snapshot = staticmethod(snapshot)
    telemetry = staticmethod(telemetry)
    policy = staticmethod(policy)
    dispatch = staticmethod(dispatch)
    bits = staticmethod(bits)


@pytest.fixture(scope="session")
def made() -> Made:
    return Made()


@pytest.fixture(scope="session")
def network() -> Network:
    return three_sites()
