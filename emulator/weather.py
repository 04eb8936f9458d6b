"""What the sun gives: PV power available at each site (SPEC 3)."""

from __future__ import annotations

import numpy as np

from emulator.streams import Streams
from gridran.energy import pv
from gridran.scenario.params import PvProfile, Scenario
from gridran.types import FloatArray


def pv_available_kw(scenario: Scenario, time_h: float, streams: Streams) -> FloatArray:
    """PV power at ``time_h`` >= 0, shape [N]: the measured profile, or clear sky times this hour's cloud factor."""
    kwp = np.array([site.pv_kwp for site in scenario.network.sites])
    if not kwp.any():
        return kwp
    if scenario.pv_profile is not None:
        return kwp * _profile_frac(scenario.pv_profile, time_h)
    hour = scenario.time.start_hour + time_h
    cloud_frac = _cloud_frac(scenario, time_h, streams)
    return kwp * pv.output_frac(
        scenario.pv.latitude_deg, scenario.pv.day_of_year, hour, scenario.pv.performance_ratio, cloud_frac
    )


def _profile_frac(profile: PvProfile, time_h: float) -> float:
    row = int(time_h * 60.0 / profile.step_min + 1e-9) % len(profile.output_frac)
    return float(profile.output_frac[row])


def _cloud_frac(scenario: Scenario, time_h: float, streams: Streams) -> float:
    """One factor per hour for the whole region: sites a few hundred metres apart lie under the same clouds."""
    return float(streams.at("cloud", int(time_h + 1e-9)).uniform(*scenario.pv.cloud_factor))
