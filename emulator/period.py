"""One lived period: the radio network and the plant under the control in force, and the record of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator import ev_arrivals, power_flow, record
from emulator.radio_delivery import Delivery, Radio, deliver
from emulator.state import World, grid_up, min_rate_mbps, working
from gridran.energy.site_power import per_load_kw, site_power_kw
from gridran.types import BoolArray, Dispatch, FloatArray, IntArray, ShedReason, SiteMode, StepOutcome

_MAX_THROTTLES = 4
_THROTTLE_MARGIN = 1e-3  # of the power limit, so that the rounds of throttling end


@dataclass(frozen=True)
class Period:
    """What the radio and the plant did in one period. ``up`` [N]; ``live`` [N, B], carriers that transmitted;
    ``throttled`` [N], sites held to what their plant can give at once; ``ue_site`` [U], -1 where the site was dead."""

    up: BoolArray
    live: BoolArray
    throttled: BoolArray
    ue_site: IntArray
    delivery: Delivery
    load_kw: FloatArray
    plant: power_flow.PlantStep


def lived(world: World, control: Dispatch, dt_h: float) -> Period:
    """Radio and plant together, until every running site covers its load.

    A site that lacks energy for the period is down. One that has the energy but would exceed the power limit of its
    battery does not trip: its plant limits the current, so the scheduler gets fewer blocks and spends them in class
    order. Without this, an interference forecast 1 % too low would black out a fully used helper.
    """
    network = world.scenario.network
    up = working(world)
    prb_limit_frac = np.ones((network.site_count, network.band_count))
    for attempt in range(network.site_count + _MAX_THROTTLES + 1):
        period = _period_with(world, control, up, prb_limit_frac, dt_h)
        failed = up & ~period.plant.covered
        if not failed.any():
            break
        limit_frac = _power_limited_prb_frac(world, control, period, dt_h)
        throttle = failed & (limit_frac > 0.0).any(axis=1) & (attempt < _MAX_THROTTLES)
        prb_limit_frac = np.where(throttle[:, None], limit_frac, prb_limit_frac)
        up = up & (~failed | throttle)
    return period


def _power_limited_prb_frac(world: World, control: Dispatch, period: Period, dt_h: float) -> FloatArray:
    """ρ [N, B] at which a site just stays within its plant's power, 0 where it lacks the energy for that.

    The volume term of Eq. (2) is taken as it was; the next round corrects what shedding changes in it.
    """
    network, used = world.scenario.network, period.delivery.prb_used_frac
    ceiling_kw = power_flow.power_ceiling_kw(_plant_task(world, control, period.up, period.load_kw), dt_h)
    for_blocks_kw = (per_load_kw(network) * used).sum(axis=1)
    spare_kw = ceiling_kw * (1.0 - _THROTTLE_MARGIN) - (period.load_kw - for_blocks_kw)
    scale = np.divide(spare_kw, for_blocks_kw, out=np.zeros_like(spare_kw), where=for_blocks_kw > 0.0)
    limited: FloatArray = used * np.clip(scale, 0.0, 1.0)[:, None]
    return limited


def _period_with(world: World, control: Dispatch, up: BoolArray, prb_limit_frac: FloatArray, dt_h: float) -> Period:
    """The period if exactly the sites ``up`` [N] run, with at most ``prb_limit_frac`` [N, B] of their carriers."""
    network = world.scenario.network
    live = control.band_on & (up & (control.mode != SiteMode.DEEP_SLEEP))[:, None]
    ue_site = np.where((control.ue_site >= 0) & up[control.ue_site], control.ue_site, -1)
    radio = Radio(
        network,
        world.channel.received_mw,
        world.channel.heard,
        ue_site,
        control.rate_mbps,
        world.users.service_class,
        live,
        control.mode == SiteMode.HELPING,
        prb_limit_frac,
    )
    delivery = deliver(radio, world.prb_used_frac)
    volume_mbps = _per_site(ue_site, delivery.rate_mbps, network.site_count)
    load_kw = np.where(up, site_power_kw(network, control.mode, live, delivery.prb_used_frac, volume_mbps), 0.0)
    plant = power_flow.step(_plant_task(world, control, up, load_kw), dt_h)
    throttled = np.asarray((prb_limit_frac < 1.0).any(axis=1))
    return Period(up, live, throttled, ue_site, delivery, load_kw, plant)


def _plant_task(world: World, control: Dispatch, up: BoolArray, load_kw: FloatArray) -> power_flow.PlantTask:
    scenario, timeline, fleet = world.scenario, world.timeline, world.fleet
    return power_flow.PlantTask(
        plant=world.plant,
        up=up,
        load_kw=load_kw,
        pv_kw=world.pv_kw,
        grid_up=grid_up(world),
        soc_frac=world.soc_frac,
        v2g_wanted_kw=control.v2g_kw,
        ev_charge_wanted_kw=control.ev_charge_kw,
        ev_energy_kwh=fleet.energy_kwh,
        ev_capacity_kwh=ev_arrivals.capacity_kwh(timeline, fleet),
        ev_usable_kwh=ev_arrivals.usable_kwh(scenario.ev, timeline, fleet),
        ev_selling=ev_arrivals.accepting(timeline, fleet, control.price_usd_per_kwh),
    )


def outcome(world: World, control: Dispatch, period: Period, dt_h: float) -> StepOutcome:
    """The record of the period."""
    plant, fleet = period.plant, world.fleet
    min_rate = min_rate_mbps(world)
    served_mbps = period.delivery.rate_mbps.sum(axis=1)
    wanted_site_dead = (control.ue_site >= 0) & ~period.up[control.ue_site]
    return StepOutcome(
        period=world.period,
        time_h=world.time_h,
        dt_h=dt_h,
        strategy=control.strategy,
        policy_id=control.policy_id,
        mode=control.mode,
        site_up=period.up,
        soc_frac=plant.soc_frac,
        load_kw=period.load_kw,
        battery_discharge_kw=plant.battery_discharge_kw,
        battery_charge_kw=plant.battery_charge_kw,
        v2g_kw=plant.v2g_kw,
        ev_charge_kw=plant.ev_charge_kw,
        pv_kw=plant.pv_used_kw,
        grid_import_kw=plant.grid_import_kw,
        ev_connected=ev_arrivals.connected(fleet).sum(axis=1),
        ev_usable_kwh=ev_arrivals.usable_kwh(world.scenario.ev, world.timeline, fleet).sum(axis=1),
        price_usd_per_kwh=control.price_usd_per_kwh,
        band_on=period.live,
        prb_used_frac=period.delivery.prb_used_frac,
        service_class=world.users.service_class,
        demand_mbps=world.demand_mbps,
        min_rate_mbps=min_rate,
        served_mbps=served_mbps,
        ue_site=period.ue_site,
        own_site=world.channel.own_site,
        shed_reason=record.shed_reasons(
            world.users.service_class,
            world.demand_mbps,
            min_rate,
            served_mbps,
            control.shed_reason,
            wanted_site_dead,
            _surprise(period),
        ),
        ue_xy_m=world.walks.xy_m,
        handovers=record.handovers(world.attached_site, period.ue_site),
        ledger_error_kwh=plant.ledger_error_kwh,
    )


def _surprise(period: Period) -> IntArray:
    """Why a user that was granted service did not get it, [U]: no coverage, no power or no blocks."""
    reachable = (period.delivery.full_rate_mbps > 0.0).any(axis=1)
    short = np.where(period.throttled[period.ue_site], ShedReason.POWER_BUDGET, ShedReason.NO_CAPACITY)
    return np.where(reachable, short, ShedReason.OUT_OF_COVERAGE).astype(np.int64)


def _per_site(ue_site: IntArray, rate_mbps: FloatArray, site_count: int) -> FloatArray:
    """Rates [U, B] summed per site, shape [N, B]; users without a site count nowhere."""
    at = np.where(ue_site >= 0, ue_site, site_count)
    sums = [np.bincount(at, rate_mbps[:, b], minlength=site_count + 1)[:-1] for b in range(rate_mbps.shape[1])]
    return np.column_stack(sums)
