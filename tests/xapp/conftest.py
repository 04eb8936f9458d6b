"""Small networks, reports and policies for the fast loop's tests."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from gridran.radio.geometry import hex_sites_xy_m
from gridran.radio.pathloss import uma_nlos_db
from gridran.scenario.params import ControlParams
from gridran.strategies import STRATEGIES
from gridran.types import (
    Band,
    CooperationParams,
    Network,
    PlanTier,
    Policy,
    PowerParams,
    Site,
    SiteMode,
    Snapshot,
)
from xapp.dispatch.task import DispatchTask

BANDS = (
    Band("LTE800", 800, 10, 50, 46, 15, 78.7, 57.4, 171.8, 3.44, True),
    Band("LTE1800", 1800, 20, 100, 46, 17, 66.1, 94.6, 87.0, 0.28, False),
    Band("LTE2600", 2600, 20, 120, 46, 18, 44.7, 101.5, 90.6, 0.0, False),
    Band("NR3700", 3700, 100, 500, 53, 24, 136.5, 451.1, 616.8, 0.0, False),
)
CLASS_WEIGHT = np.array([1000.0, 100.0, 10.0, 1.0])


def make_network(sites: int = 7, **cooperation: Any) -> Network:
    """The first ``sites`` of a hexagonal network."""
    xy_m = hex_sites_xy_m(1, 500.0)[:sites]
    return Network(
        tuple(Site(f"s{i:02d}", float(x), float(y)) for i, (x, y) in enumerate(xy_m)),
        BANDS,
        cooperation=CooperationParams(**cooperation),
        power=PowerParams(site_scale=2.5),
    )


def make_report(network: Network, seed: int = 0, users: int = 120, load: float = 1.0, **changes: Any) -> Snapshot:
    """A report with users strewn over the network; ``load`` multiplies demand; ``changes`` replace fields."""
    rng = np.random.default_rng(seed)
    sites, bands = network.site_count, network.band_count
    home = network.site_xy_m[rng.integers(sites, size=users)]
    xy_m = home + rng.uniform(-230.0, 230.0, (users, 2))
    service_class = rng.choice(4, size=users, p=[0.04, 0.16, 0.48, 0.32]).astype(np.int64)
    essential, best_effort = rng.lognormal(0.0, 0.5, users), rng.lognormal(1.5, 0.7, users)
    demand = load * np.choose(service_class, [np.full(users, 0.064), np.full(users, 0.064), essential, best_effort])
    least = np.minimum(np.array([0.064, 0.064, 0.5, 0.0])[service_class], demand)
    distance_m = np.maximum(np.hypot(*(network.site_xy_m[None] - xy_m[:, None]).transpose(2, 0, 1)), 10.0)
    shadow_db = rng.normal(0.0, 6.0, (users, sites))
    gain = np.stack([-uma_nlos_db(distance_m, b.carrier_mhz, 25.0, 1.5) - shadow_db for b in network.bands], axis=-1)
    order = np.argsort(-gain[..., 0], axis=1)
    report = Snapshot(
        period=10,
        time_h=0.25,
        ue_id=np.arange(users),
        service_class=service_class,
        demand_mbps=demand,
        min_rate_mbps=least,
        ue_xy_m=xy_m,
        serving_site=np.full(users, -1, dtype=np.int64),
        served_mbps=np.zeros(users),
        neighbour_site=order,
        gain_db=np.take_along_axis(gain, order[..., None], axis=1),
        mode=np.zeros(sites, dtype=np.int64),
        soc_frac=np.full(sites, 0.8),
        site_up=np.ones(sites, dtype=np.bool_),
        grid_up=np.zeros(sites, dtype=np.bool_),
        load_kw=np.full(sites, 4.0),
        pv_kw=np.zeros(sites),
        ev_connected=np.ones(sites, dtype=np.int64),
        ev_usable_kwh=np.full(sites, 10.0),
        ev_accepting=np.ones(sites, dtype=np.bool_),
        price_usd_per_kwh=np.full(sites, 0.5),
        v2g_kw=np.zeros(sites),
        band_on=np.ones((sites, bands), dtype=np.bool_),
        prb_used_frac=np.full((sites, bands), 0.3),
    )
    return replace(report, **changes)


def make_policy(network: Network, strategy: str = "msrc", **changes: Any) -> Policy:
    """A policy with every site normal and no binding limits; ``changes`` replace fields."""
    sites = network.site_count
    policy = Policy(
        policy_id="p1",
        strategy=strategy,
        issued_h=0.25,
        valid_until_h=0.75,
        tier=PlanTier.OPTIMAL,
        gap_frac=0.0,
        plan_age_h=0.0,
        mode=np.full(sites, int(SiteMode.NORMAL), dtype=np.int64),
        links=(),
        band_planned=np.ones((sites, network.band_count), dtype=np.bool_),
        power_budget_kw=np.full(sites, 17.0),
        reserve_soc_frac=np.full(sites, 0.2),
        price_usd_per_kwh=np.full(sites, 0.5),
        class_weight=CLASS_WEIGHT,
        service_frac=np.ones((sites, 4)),
        availability_frac=np.ones((sites, 4)),
    )
    return replace(policy, **changes)


def make_task(network: Network, report: Snapshot, policy: Policy, **changes: Any) -> DispatchTask:
    """What the dispatcher is asked under ``policy``'s strategy."""
    strategy = STRATEGIES[policy.strategy]
    task = DispatchTask(
        network=network,
        snapshot=report,
        policy=policy,
        association=strategy.association,
        band_rule=strategy.band_rule,
        control=ControlParams(),
        period_h=1.0 / 120.0,
        previous=None,
    )
    return replace(task, **changes)


@pytest.fixture(name="network_of", scope="session")
def _network_of() -> Callable[..., Network]:
    return make_network


@pytest.fixture(name="report_of", scope="session")
def _report_of() -> Callable[..., Snapshot]:
    return make_report


@pytest.fixture(name="policy_of", scope="session")
def _policy_of() -> Callable[..., Policy]:
    return make_policy


@pytest.fixture(name="task_of", scope="session")
def _task_of() -> Callable[..., DispatchTask]:
    return make_task


@pytest.fixture(scope="session")
def reference() -> ModuleType:
    """``benchmarks.peers.pf_cvxpy``; skipped where cvxpy is not installed."""
    pytest.importorskip("cvxpy")
    return importlib.import_module("benchmarks.peers.pf_cvxpy")
