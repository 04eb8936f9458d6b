"""Small scenarios and a hand-made control for the emulator's tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from emulator import watchdog
from emulator.streams import Streams
from emulator.world import World, advance, initial, observe
from gridran.radio.geometry import hex_sites_xy_m
from gridran.scenario.params import Scenario, TrafficParams
from gridran.types import Band, Battery, Dispatch, Network, PowerParams, Site, StepOutcome

BANDS = (
    Band("LTE800", 800, 10, 50, 46, 15, 78.7, 57.4, 171.8, 3.44, True),
    Band("LTE1800", 1800, 20, 100, 46, 17, 66.1, 94.6, 87.0, 0.28, False),
    Band("LTE2600", 2600, 20, 120, 46, 18, 44.7, 101.5, 90.6, 0.0, False),
    Band("NR3700", 3700, 100, 500, 53, 24, 136.5, 451.1, 616.8, 0.0, False),
)
DT_H = 1.0 / 120.0

Run = Callable[..., tuple[World, list[StepOutcome]]]


@pytest.fixture
def scenario_of() -> Callable[..., Scenario]:
    """Factory of scenarios: ``rings``, ``ues``, ``site_scale``, per-site ``battery``/``evse_count``/``pv_kwp``."""

    def build(
        rings: int = 1,
        ues: int = 150,
        site_scale: float = 2.5,
        battery: Battery | None = None,
        evse_count: int = 1,
        pv_kwp: float = 0.0,
        **parts: object,
    ) -> Scenario:
        sites = tuple(
            Site(f"site-{i}", x, y, battery=battery or Battery(), evse_count=evse_count, pv_kwp=pv_kwp)
            for i, (x, y) in enumerate(hex_sites_xy_m(rings, 500.0).tolist())
        )
        network = Network(sites, BANDS, power=PowerParams(site_scale=site_scale))
        parts.setdefault("traffic", TrafficParams(ue_count=ues))
        return Scenario("test", network, **parts)  # type: ignore[arg-type]

    return build


@pytest.fixture
def own_cell() -> Callable[..., Dispatch]:
    """Factory of the hand-made control: everybody on the own cell, all bands on; ``changes`` replace fields."""

    def build(world: World, **changes: object) -> Dispatch:
        control = watchdog.safe_state(world.scenario.network, observe(world))
        return replace(control, strategy="hand-made", **changes)  # type: ignore[arg-type]

    return build


@pytest.fixture
def run(own_cell: Callable[..., Dispatch]) -> Run:
    """Run ``periods`` periods under the hand-made control with ``v2g_kw`` wanted at every site."""

    def go(
        scenario: Scenario, periods: int, seed: int = 1, v2g_kw: float = 0.0, price: float = 0.5
    ) -> tuple[World, list[StepOutcome]]:
        world, outcomes = initial(scenario, seed), []
        sites = scenario.network.site_count
        for _ in range(periods):
            control = own_cell(world, v2g_kw=np.full(sites, v2g_kw), price_usd_per_kwh=np.full(sites, price))
            world, outcome = advance(world, control, DT_H, Streams(seed))
            outcomes.append(outcome)
        return world, outcomes

    return go
