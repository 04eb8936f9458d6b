"""The bands of the shipped scenarios, number by number."""

from __future__ import annotations

import pytest

from gridran.scenario.loader import load_scenario
from gridran.types import Band

BANDS = (
    Band("LTE800", 800.0, 10.0, 50.0, 46.0, 15.0, 78.7, 57.4, 171.8, 3.44, True),
    Band("LTE1800", 1800.0, 20.0, 100.0, 46.0, 17.0, 66.1, 94.6, 87.0, 0.28, False),
    Band("LTE2600", 2600.0, 20.0, 120.0, 46.0, 18.0, 44.7, 101.5, 90.6, 0.0, False),
    Band("NR3700", 3700.0, 100.0, 500.0, 53.0, 24.0, 136.5, 451.1, 616.8, 0.0, False),
)


@pytest.mark.parametrize("name", ["paper", "small", "pure-model", "irregular"])
def test_bands_are_those_of_the_paper(name: str) -> None:
    """Bandwidth, capacity, transmit power, gain and power coefficients as in SPEC 2 and 3; 800 MHz is the low band."""
    assert load_scenario(name).network.bands == BANDS
