"""The energy side of one period at every site (SPEC 3): who covers the load, who charges, what is left over.

Merit order, the same at every site: PV, then the V2G power that the control asks for, then the grid where it is up,
then PV surplus of other sites over the cables, then the own battery, then other sites' batteries. A surplus serves
cars that may charge, then the battery; what nobody takes is not drawn: first from the cars, then from the PV.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gridran.energy import battery, ev, ledger, microgrid
from gridran.scenario.params import Scenario
from gridran.types import BoolArray, FloatArray

_COVERED_KW = 1e-9  # a load short by no more than this is covered


@dataclass(frozen=True)
class Plant:
    """What never changes at the sites: batteries, cables, ``v2x_limit_kw`` [N] and the limit of a single charger."""

    battery: battery.BatteryArrays
    cables: microgrid.Cables
    v2x_limit_kw: FloatArray
    ev_power_limit_kw: float


@dataclass(frozen=True)
class PlantTask:
    """What the plant is asked. [N]: ``up``, ``load_kw`` (0 where down), ``pv_kw`` available, ``grid_up``,
    ``soc_frac``, ``v2g_wanted_kw``, ``ev_charge_wanted_kw``. [N, C] per charger: ``ev_energy_kwh``,
    ``ev_capacity_kwh`` (0 where empty), ``ev_usable_kwh`` (14), ``ev_selling``."""

    plant: Plant
    up: BoolArray
    load_kw: FloatArray
    pv_kw: FloatArray
    grid_up: BoolArray
    soc_frac: FloatArray
    v2g_wanted_kw: FloatArray
    ev_charge_wanted_kw: FloatArray
    ev_energy_kwh: FloatArray
    ev_capacity_kwh: FloatArray
    ev_usable_kwh: FloatArray
    ev_selling: BoolArray


@dataclass(frozen=True)
class PlantStep:
    """What the plant did: period means in kW and states at the end. ``covered`` [N]: the whole load was met."""

    covered: BoolArray
    soc_frac: FloatArray
    ev_energy_kwh: FloatArray
    battery_discharge_kw: FloatArray
    battery_charge_kw: FloatArray
    v2g_kw: FloatArray
    ev_charge_kw: FloatArray
    pv_used_kw: FloatArray
    grid_import_kw: FloatArray
    cable_received_kw: FloatArray
    cable_sent_kw: FloatArray
    ledger_error_kwh: float


def power_ceiling_kw(task: PlantTask, dt_h: float) -> FloatArray:
    """The most power each site's own plant can give now, [N]: PV, V2G wanted, battery; infinite on the grid.

    Zero where the battery holds too little for a whole period at its power limit: then energy is what lacks.
    """
    limits, limit_kw = _limits(task, dt_h), task.plant.battery.discharge_limit_kw
    own_kw = task.pv_kw + np.minimum(task.v2g_wanted_kw, limits.v2g_kw) + limit_kw
    return np.select([task.grid_up, limits.discharge_kw >= limit_kw], [np.inf, own_kw], 0.0)


@dataclass(frozen=True)
class _Limits:
    """The most that can flow on average over the period, [N]: battery both ways, and cars both ways."""

    discharge_kw: FloatArray
    charge_kw: FloatArray
    v2g_kw: FloatArray
    ev_charge_kw: FloatArray


def plant_of(scenario: Scenario) -> Plant:
    """The plant of a scenario. ValueError for an unknown cable topology."""
    network, cables = scenario.network, scenario.microgrid
    return Plant(
        battery.battery_arrays(network),
        microgrid.cables(network, cables.topology, cables.cable_limit_kw, cables.loss_frac_per_km),
        np.array([site.v2x_limit_kw for site in network.sites]),
        scenario.ev.power_limit_kw,
    )


def step(task: PlantTask, dt_h: float) -> PlantStep:
    """One period of the plant at all sites at once. Where ``covered`` is False the caller must not use the result
    but ask again with that site down."""
    limits = _limits(task, dt_h)
    v2g_kw = np.minimum(task.v2g_wanted_kw, limits.v2g_kw)
    need_kw = task.load_kw - task.pv_kw - v2g_kw
    short_kw, surplus_kw = np.maximum(need_kw, 0.0), np.maximum(-need_kw, 0.0)
    grid_kw = np.where(task.grid_up, short_kw, 0.0)
    short_kw = short_kw - grid_kw

    sun = microgrid.share(task.plant.cables, np.minimum(surplus_kw, task.pv_kw), short_kw)
    surplus_kw = np.maximum(surplus_kw - sun.sent_kw, 0.0)  # what is shared to the last watt differs by round-off
    short_kw = np.maximum(short_kw - sun.received_kw, 0.0)
    discharge_kw = np.minimum(short_kw, limits.discharge_kw)
    short_kw = short_kw - discharge_kw
    stored = microgrid.share(task.plant.cables, limits.discharge_kw - discharge_kw, short_kw, sun.cable_kw)
    discharge_kw, short_kw = discharge_kw + stored.sent_kw, short_kw - stored.received_kw

    wish_kw = np.where(task.up & (v2g_kw <= 0.0), np.minimum(task.ev_charge_wanted_kw, limits.ev_charge_kw), 0.0)
    spare_kw = np.where(task.grid_up, np.inf, surplus_kw + limits.discharge_kw - discharge_kw)
    ev_charge_kw = np.minimum(wish_kw, spare_kw)
    from_surplus_kw = np.minimum(ev_charge_kw, surplus_kw)
    surplus_kw = surplus_kw - from_surplus_kw
    grid_kw = grid_kw + np.where(task.grid_up, ev_charge_kw - from_surplus_kw, 0.0)
    discharge_kw = discharge_kw + np.where(task.grid_up, 0.0, ev_charge_kw - from_surplus_kw)

    # Never charge and discharge at once; with the grid up the battery fills at its limit.
    room_kw = np.where(discharge_kw > 0.0, 0.0, limits.charge_kw)
    charge_kw = np.where(task.grid_up, room_kw, np.minimum(surplus_kw, room_kw))
    grid_kw = grid_kw + np.maximum(charge_kw - surplus_kw, 0.0)
    unused_kw = np.maximum(surplus_kw - charge_kw, 0.0)
    v2g_unused_kw = np.minimum(unused_kw, v2g_kw)

    done = PlantStep(
        covered=short_kw <= _COVERED_KW,
        soc_frac=battery.step(task.plant.battery, task.soc_frac, charge_kw, discharge_kw, dt_h),
        ev_energy_kwh=_ev_energy_after(task, v2g_kw - v2g_unused_kw, ev_charge_kw, dt_h),
        battery_discharge_kw=discharge_kw,
        battery_charge_kw=charge_kw,
        v2g_kw=v2g_kw - v2g_unused_kw,
        ev_charge_kw=ev_charge_kw,
        pv_used_kw=task.pv_kw - (unused_kw - v2g_unused_kw),
        grid_import_kw=grid_kw,
        cable_received_kw=sun.received_kw + stored.received_kw,
        cable_sent_kw=sun.sent_kw + stored.sent_kw,
        ledger_error_kwh=0.0,
    )
    return replace(done, ledger_error_kwh=_ledger_error_kwh(task, done, dt_h))


def _limits(task: PlantTask, dt_h: float) -> _Limits:
    plant, soc_frac = task.plant, task.soc_frac
    car_kw, site_kw = plant.ev_power_limit_kw, plant.v2x_limit_kw
    return _Limits(
        battery.deliverable_kw(plant.battery, soc_frac, dt_h),
        battery.chargeable_kw(plant.battery, soc_frac, dt_h),
        ev.deliverable_kw(task.ev_usable_kwh, task.ev_selling, car_kw, site_kw, dt_h),
        ev.chargeable_kw(task.ev_energy_kwh, task.ev_capacity_kwh, car_kw, site_kw, dt_h),
    )


def _ev_energy_after(task: PlantTask, v2g_kw: FloatArray, ev_charge_kw: FloatArray, dt_h: float) -> FloatArray:
    """Energy of each car at the end, [N, C]: a site's exchange is shared in proportion to what each car can do."""
    limit_kwh = task.plant.ev_power_limit_kw * dt_h
    sellable_kwh = np.where(task.ev_selling, np.minimum(task.ev_usable_kwh, limit_kwh), 0.0)
    room_kwh = np.minimum(np.maximum(task.ev_capacity_kwh - task.ev_energy_kwh, 0.0), limit_kwh)
    return task.ev_energy_kwh + _spread(ev_charge_kw * dt_h, room_kwh) - _spread(v2g_kw * dt_h, sellable_kwh)


def _spread(total_kwh: FloatArray, able_kwh: FloatArray) -> FloatArray:
    """``total_kwh`` [N] over chargers in proportion to ``able_kwh`` [N, C]."""
    able_total_kwh = able_kwh.sum(axis=1)
    share = np.divide(total_kwh, able_total_kwh, out=np.zeros_like(total_kwh), where=able_total_kwh > 0.0)
    result: FloatArray = able_kwh * share[:, None]
    return result


def _ledger_error_kwh(task: PlantTask, done: PlantStep, dt_h: float) -> float:
    """The largest imbalance of any site: of its powers (17), of its battery (12), of its cars."""
    charge_kw, discharge_kw = done.battery_charge_kw, done.battery_discharge_kw
    powers_kwh = ledger.imbalance_kwh(
        dt_h,
        load_kw=task.load_kw,
        battery_discharge_kw=discharge_kw,
        battery_charge_kw=charge_kw,
        v2g_kw=done.v2g_kw,
        ev_charge_kw=done.ev_charge_kw,
        pv_kw=done.pv_used_kw,
        grid_import_kw=done.grid_import_kw,
        cable_received_kw=done.cable_received_kw,
        cable_sent_kw=done.cable_sent_kw,
    )
    cells_kwh = ledger.battery_imbalance_kwh(
        task.plant.battery, task.soc_frac, done.soc_frac, charge_kw, discharge_kw, dt_h
    )
    cars_kwh = ledger.ev_imbalance_kwh(task.ev_energy_kwh, done.ev_energy_kwh, done.v2g_kw, done.ev_charge_kw, dt_h)
    return float(np.abs([powers_kwh, cells_kwh, cars_kwh]).max(initial=0.0))
