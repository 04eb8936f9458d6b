"""The shipped scenarios, and what may be laid over them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gridran.scenario.catalogue import shipped
from gridran.scenario.loader import load_scenario, with_load
from gridran.scenario.params import Scenario
from gridran.scenario.problem import ScenarioError
from gridran.types import Band, Battery, Network

BANDS = (
    Band("LTE800", 800.0, 10.0, 50.0, 46.0, 15.0, 78.7, 57.4, 171.8, 3.44, True),
    Band("LTE1800", 1800.0, 20.0, 100.0, 46.0, 17.0, 66.1, 94.6, 87.0, 0.28, False),
    Band("LTE2600", 2600.0, 20.0, 120.0, 46.0, 18.0, 44.7, 101.5, 90.6, 0.0, False),
    Band("NR3700", 3700.0, 100.0, 500.0, 53.0, 24.0, 136.5, 451.1, 616.8, 0.0, False),
)


@pytest.mark.parametrize("name", ["paper", "small", "pure-model", "irregular"])
def test_every_shipped_scenario_loads(name: str) -> None:
    """A shipped scenario has no mistakes and is called as its file."""
    assert load_scenario(name).name == name
    assert name in shipped()


def test_the_paper_scenario_is_that_of_the_specification(paper_scenario: Scenario) -> None:
    """19 sites 500 m apart with three sectors and 20 kWh, 1,000 users, and the bands of SPEC 2 and 3."""
    network = paper_scenario.network
    assert network.bands == BANDS
    assert network.site_count == 19
    assert {(s.sectors, s.battery, s.evse_count, s.pv_kwp) for s in network.sites} == {(3, Battery(), 1, 0.0)}
    nearest_m = np.where(network.site_distance_m > 0.0, network.site_distance_m, np.inf).min(axis=1)
    np.testing.assert_allclose(nearest_m, 500.0)
    assert paper_scenario == replace(Scenario("paper", network))


def test_pure_model_differs_from_the_paper_in_the_scale_alone(paper_scenario: Scenario) -> None:
    """``pure-model`` is the paper's scenario with m = 1."""
    pure = load_scenario("pure-model")
    power = replace(paper_scenario.network.power, site_scale=1.0)
    assert pure.network == replace(paper_scenario.network, power=power)


def test_the_small_scenario_is_small(small_scenario: Scenario, small_network: Network) -> None:
    """7 sites and, in the shared fixture, 200 users; the paper's bands."""
    assert (small_network.site_count, small_scenario.traffic.ue_count) == (7, 200)
    assert small_network.bands == BANDS


@pytest.mark.parametrize(("load", "scale"), [("light", 0.5), ("medium", 1.0), ("heavy", 1.8), ("0.7", 0.7), (2, 2.0)])
def test_a_load_replaces_the_scenarios_own(small_scenario: Scenario, load: str | float, scale: float) -> None:
    """Names stand for ×0.5, ×1 and ×1.8; a number stands for itself; nothing else changes."""
    loaded = with_load(small_scenario, load)
    assert loaded.traffic.load_scale == scale
    assert with_load(loaded, 1.0) == small_scenario


@pytest.mark.parametrize("load", ["hevy", 0.0, -1, "nan", float("inf")])
def test_a_load_that_is_none_is_refused(small_scenario: Scenario, load: str | float) -> None:
    """A misspelt name, zero, negative and infinite loads: the message says what a load is."""
    with pytest.raises(ScenarioError, match="light, medium, heavy"):
        with_load(small_scenario, load)
