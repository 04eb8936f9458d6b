"""Expected traffic and EV energy over the planning horizon (SPEC 4); traffic forecasters by name."""

from __future__ import annotations

from rapp.forecast import persistence, seasonal
from rapp.forecast.base import Forecaster

FORECASTERS: dict[str, Forecaster] = {
    "persistence": persistence.demand_frac,
    "seasonal": seasonal.demand_frac,
}
