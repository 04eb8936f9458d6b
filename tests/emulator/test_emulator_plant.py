"""The plant: merit order, limits and a ledger that closes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.power_flow import Plant, PlantTask, step
from gridran.energy import battery, microgrid
from gridran.types import Battery, Network, Site

DT_H = 1.0 / 120.0
SITES = 4


def _plant(topology="none", cable_limit_kw=5.0, loss=0.02):
    sites = tuple(Site(f"s{i}", 500.0 * i, 0.0, battery=Battery()) for i in range(SITES))
    network = Network(sites, ())
    cables = microgrid.cables(network, topology, cable_limit_kw, loss)
    return Plant(battery.battery_arrays(network), cables, np.full(SITES, 7.0), 7.0)


def _task(**changes):
    """Four sites that draw 4 kW each from half-full batteries, with one 60 kWh car each that would sell."""
    task = PlantTask(
        plant=_plant(),
        up=np.ones(SITES, dtype=bool),
        load_kw=np.full(SITES, 4.0),
        pv_kw=np.zeros(SITES),
        grid_up=np.zeros(SITES, dtype=bool),
        soc_frac=np.full(SITES, 0.5),
        v2g_wanted_kw=np.zeros(SITES),
        ev_charge_wanted_kw=np.zeros(SITES),
        ev_energy_kwh=np.full((SITES, 1), 40.0),
        ev_capacity_kwh=np.full((SITES, 1), 60.0),
        ev_usable_kwh=np.full((SITES, 1), 20.2),
        ev_selling=np.ones((SITES, 1), dtype=bool),
    )
    return replace(task, **changes)


def test_the_battery_covers_a_load_alone():
    """4 kW for 30 s take 4/120/0.95 kWh from the cells."""
    done = step(_task(), DT_H)
    assert done.covered.all()
    assert done.soc_frac == pytest.approx(np.full(SITES, 0.5 - 4.0 * DT_H / 0.95 / 20.0))
    assert done.battery_discharge_kw == pytest.approx(np.full(SITES, 4.0))


def test_v2g_beyond_the_load_charges_the_battery():
    """7 kW from the car, 4 kW to the load, 3 kW to the battery at η_ch."""
    done = step(_task(v2g_wanted_kw=np.full(SITES, 9.0)), DT_H)
    assert done.v2g_kw == pytest.approx(np.full(SITES, 7.0))
    assert done.battery_charge_kw == pytest.approx(np.full(SITES, 3.0))
    assert done.battery_discharge_kw == pytest.approx(np.zeros(SITES))
    assert done.soc_frac == pytest.approx(np.full(SITES, 0.5 + 3.0 * DT_H * 0.95 / 20.0))
    assert done.ev_energy_kwh == pytest.approx(np.full((SITES, 1), 40.0 - 7.0 * DT_H))


def test_a_full_battery_takes_no_v2g_surplus():
    """Only what the load needs is bought when the battery is full."""
    done = step(_task(v2g_wanted_kw=np.full(SITES, 7.0), soc_frac=np.ones(SITES)), DT_H)
    assert done.v2g_kw == pytest.approx(np.full(SITES, 4.0))


def test_cars_that_do_not_sell_give_nothing():
    """V2G wanted from a car that refuses the offer is not delivered."""
    done = step(_task(v2g_wanted_kw=np.full(SITES, 7.0), ev_selling=np.zeros((SITES, 1), dtype=bool)), DT_H)
    assert done.v2g_kw.sum() == 0.0


def test_an_empty_battery_leaves_the_load_uncovered():
    """At SOC_min nothing can be drawn; a site with a selling car is still covered."""
    v2g = np.array([0.0, 7.0, 0.0, 0.0])
    done = step(_task(soc_frac=np.full(SITES, 0.2), v2g_wanted_kw=v2g), DT_H)
    assert done.covered.tolist() == [False, True, False, False]


def test_discharge_limit_binds():
    """A load of 11 kW is beyond the battery's 10 kW."""
    assert not step(_task(load_kw=np.full(SITES, 11.0)), DT_H).covered.any()


def test_grid_carries_the_load_and_fills_the_battery():
    """With the grid up, import is load plus the battery's charge limit."""
    done = step(_task(grid_up=np.ones(SITES, dtype=bool)), DT_H)
    assert done.grid_import_kw == pytest.approx(np.full(SITES, 14.0))
    assert done.battery_charge_kw == pytest.approx(np.full(SITES, 10.0))


def test_unused_sun_is_curtailed():
    """20 kW of sun: 4 to the load, 10 to the battery, the rest not drawn."""
    done = step(_task(pv_kw=np.full(SITES, 20.0)), DT_H)
    assert done.pv_used_kw == pytest.approx(np.full(SITES, 14.0))


def test_cars_charge_from_the_battery_when_asked():
    """3 kW for the car come on top of the load, and stop at what the battery may give."""
    done = step(_task(ev_charge_wanted_kw=np.full(SITES, 3.0), load_kw=np.full(SITES, 9.0)), DT_H)
    assert done.ev_charge_kw == pytest.approx(np.full(SITES, 1.0))
    assert done.battery_discharge_kw == pytest.approx(np.full(SITES, 10.0))


def test_cables_carry_sun_before_batteries_are_touched():
    """Site 0's surplus of 4 kW goes to its neighbour's load first; the loss is what the cable keeps."""
    task = _task(plant=_plant("bus"), pv_kw=np.array([8.0, 0.0, 0.0, 0.0]))
    done = step(task, DT_H)
    assert done.cable_sent_kw == pytest.approx([4.0, 0.0, 0.0, 0.0])
    assert done.cable_received_kw[1] == pytest.approx(4.0 * 0.98**0.5)
    assert done.battery_charge_kw.sum() == 0.0
    assert done.battery_discharge_kw[1] == pytest.approx(4.0 - 4.0 * 0.98**0.5)


def test_cables_carry_battery_power_to_an_empty_site():
    """A site at SOC_min stays covered by its neighbours' batteries within the cable limit."""
    soc = np.array([0.5, 0.2, 0.5, 0.5])
    assert not step(_task(soc_frac=soc), DT_H).covered[1]
    done = step(_task(plant=_plant("bus"), soc_frac=soc), DT_H)
    assert done.covered.all()
    assert done.cable_received_kw[1] == pytest.approx(4.0)
    assert done.ledger_error_kwh < 1e-9


KW = st.floats(0.0, 15.0)
FRAC = st.floats(0.0, 1.0)


def _each(values):
    return st.lists(values, min_size=SITES, max_size=SITES).map(np.array)


@st.composite
def tasks(draw):
    up = draw(_each(st.booleans()))
    capacity = np.array([[60.0, 0.0], [40.0, 80.0], [0.0, 0.0], [15.0, 60.0]])
    energy = capacity * draw(_each(st.floats(0.2, 1.0)))[:, None]
    wants_v2g = draw(_each(st.booleans()))
    return _task(
        plant=_plant(draw(st.sampled_from(["none", "bus", "star"])), draw(KW)),
        up=up,
        load_kw=np.where(up, draw(_each(KW)), 0.0),
        pv_kw=draw(_each(KW)),
        grid_up=np.full(SITES, draw(st.booleans())),
        soc_frac=0.2 + 0.8 * draw(_each(FRAC)),
        v2g_wanted_kw=np.where(wants_v2g, draw(_each(KW)), 0.0),
        ev_charge_wanted_kw=np.where(wants_v2g, 0.0, draw(_each(KW))),
        ev_energy_kwh=energy,
        ev_capacity_kwh=capacity,
        ev_usable_kwh=np.maximum(energy - 0.33 * capacity, 0.0),
        ev_selling=draw(_each(st.booleans()))[:, None] & (capacity > 0.0),
    )


@given(tasks(), st.sampled_from([DT_H, 0.25, 1.0]))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_the_plant_keeps_its_limits_and_its_books(task, dt_h):
    """For any loads, sun, cars and cables: every bound holds, and where all are covered the ledger closes to 1e-9."""
    done = step(task, dt_h)
    if done.covered.all():
        assert done.ledger_error_kwh < 1e-9
    assert (done.soc_frac >= 0.2 - 1e-12).all()
    assert (done.soc_frac <= 1.0 + 1e-12).all()
    assert not ((done.battery_charge_kw > 0.0) & (done.battery_discharge_kw > 0.0)).any()
    assert max(done.battery_charge_kw.max(), done.battery_discharge_kw.max()) <= 10.0 + 1e-9
    assert max(done.v2g_kw.max(), done.ev_charge_kw.max()) <= 7.0 + 1e-9
    assert (done.v2g_kw <= task.v2g_wanted_kw + 1e-9).all()
    assert (done.ev_charge_kw <= task.ev_charge_wanted_kw + 1e-9).all()
    assert (done.pv_used_kw <= task.pv_kw + 1e-9).all()
    assert (done.grid_import_kw[~task.grid_up] == 0.0).all()
    assert (done.ev_energy_kwh <= task.ev_capacity_kwh + 1e-9).all()
    floor = np.minimum(task.ev_energy_kwh, 0.33 * task.ev_capacity_kwh)
    assert (done.ev_energy_kwh >= floor - 1e-9).all()
    for flow in (done.battery_discharge_kw, done.battery_charge_kw, done.v2g_kw, done.ev_charge_kw, done.pv_used_kw):
        assert (flow >= 0.0).all()
