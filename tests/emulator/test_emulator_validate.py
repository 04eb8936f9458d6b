"""Bad controls are refused with the path of the wrong field (SPEC 8)."""

from __future__ import annotations

import numpy as np
import pytest

from emulator.validate import problems
from emulator.world import initial, observe
from gridran.types import SiteMode


def _put(array, index, value):
    out = array.copy()
    out[index] = value
    return out


CASES = {
    "stale": (lambda d, _s: {"period": d.period - 1}, "period", "stale"),
    "early": (lambda d, _s: {"period": d.period + 1}, "period", "future"),
    "unknown site": (lambda d, _s: {"ue_site": _put(d.ue_site, 5, 7)}, "ue_site[5]", "not a site"),
    "unknown mode": (lambda d, _s: {"mode": _put(d.mode, 2, 4)}, "mode[2]", "not a site mode"),
    "unknown reason": (lambda d, _s: {"shed_reason": _put(d.shed_reason, 0, 9)}, "shed_reason[0]", "not a shed"),
    "NaN": (lambda d, _s: {"v2g_kw": _put(d.v2g_kw, 3, np.nan)}, "v2g_kw[3]", "finite"),
    "infinite": (
        lambda d, _s: {"price_usd_per_kwh": _put(d.price_usd_per_kwh, 3, np.inf)},
        "price_usd_per_kwh[3]",
        "finite",
    ),
    "negative": (lambda d, _s: {"ev_charge_kw": _put(d.ev_charge_kw, 1, -1.0)}, "ev_charge_kw[1]", "negative"),
    "sizes": (lambda d, _s: {"rate_mbps": d.rate_mbps[:-1]}, "rate_mbps", "shape"),
    "awake sleeper": (lambda d, _s: {"mode": _put(d.mode, 4, SiteMode.DEEP_SLEEP)}, "band_on[4][0]", "deep sleep"),
    "greedy": (
        lambda d, s: {"rate_mbps": _put(d.rate_mbps, (9, 1), s.demand_mbps[9] * 1.01)},
        "rate_mbps[9]",
        "more than the demand",
    ),
    "nobody": (lambda d, _s: {"ue_site": _put(d.ue_site, 8, -1)}, "rate_mbps[8]", "without a site"),
    "both ways": (
        lambda d, _s: {"v2g_kw": np.ones(7), "ev_charge_kw": _put(d.ev_charge_kw, 6, 1.0)},
        "ev_charge_kw[6]",
        "above zero",
    ),
}


@pytest.fixture
def world(scenario_of):
    return initial(scenario_of(ues=60), 1)


def test_a_good_control_has_no_problems(world, own_cell):
    """The hand-made control passes."""
    assert problems(world.scenario.network, observe(world), own_cell(world)) == []


@pytest.mark.parametrize("case", CASES)
def test_each_fault_is_named_by_its_path(world, own_cell, case):
    """One wrong value, one problem, with the field path of the value."""
    change, path, words = CASES[case]
    snapshot = observe(world)
    bad = own_cell(world, **change(own_cell(world), snapshot))
    found = problems(world.scenario.network, snapshot, bad)
    assert [p for p, _ in found] == [path]
    assert words in found[0][1]


def test_many_wrong_entries_make_one_problem(world, own_cell):
    """A field that is wrong everywhere is named once, with the count."""
    bad = own_cell(world, v2g_kw=np.full(7, -1.0))
    assert problems(world.scenario.network, observe(world), bad) == [("v2g_kw[0]", "is negative (7 entries)")]
