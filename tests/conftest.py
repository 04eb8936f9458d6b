"""Scenarios that any test may ask for. They are frozen, so one copy serves all tests."""

from __future__ import annotations

import pytest

from gridran.scenario.loader import load_scenario
from gridran.scenario.params import Scenario
from gridran.types import Network


@pytest.fixture(scope="session")
def paper_scenario() -> Scenario:
    """The paper's scenario: 19 sites, 1,000 users."""
    return load_scenario("paper")


@pytest.fixture(scope="session")
def small_scenario() -> Scenario:
    """7 sites and 200 users, otherwise as the paper."""
    return load_scenario("small", {"traffic.ue_count": 200})


@pytest.fixture(scope="session")
def small_network(small_scenario: Scenario) -> Network:
    """The network of ``small_scenario``."""
    return small_scenario.network
