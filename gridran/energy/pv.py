"""Photovoltaic output: clear sky by latitude, day and hour, then performance ratio and clouds.

Sources: declination after P. I. Cooper, "The absorption of radiation in solar stills", Solar Energy 12(3), 1969;
clear-sky global horizontal irradiance after B. Haurwitz, "Insolation in relation to cloudiness and cloud density",
Journal of Meteorology 2, 1945, in the form kept by pvlib (``clearsky.haurwitz``). Modules are taken as horizontal.
"""

from __future__ import annotations

import numpy as np

from gridran.types import FloatArray

_STANDARD_W_PER_M2 = 1000.0  # irradiance at which a module gives its peak power (IEC 61215)


def declination_rad(day_of_year: int) -> float:
    """Solar declination δ = 23.45° · sin(2π (284 + n) / 365), Cooper 1969; n = 1 on 1 January."""
    return float(np.deg2rad(23.45) * np.sin(2.0 * np.pi * (284 + day_of_year) / 365.0))


def zenith_cosine_frac(latitude_deg: float, day_of_year: int, solar_hour: FloatArray | float) -> FloatArray:
    """cos θ = sin φ sin δ + cos φ cos δ cos ω, with ω 15° an hour from noon; negative at night, shape of the hour.

    ``solar_hour`` is apparent solar time, in hours; scenarios take their local hour for it. It may exceed 24.
    """
    latitude, declination = np.deg2rad(latitude_deg), declination_rad(day_of_year)
    hour_angle = np.deg2rad(15.0 * (np.asarray(solar_hour, dtype=np.float64) - 12.0))
    across = np.cos(latitude) * np.cos(declination) * np.cos(hour_angle)
    return np.asarray(np.sin(latitude) * np.sin(declination) + across, dtype=np.float64)


def clear_sky_w_per_m2(zenith_cosine_frac: FloatArray) -> FloatArray:
    """Global horizontal irradiance of a clear sky, 1098 · cos θ · exp(−0.057 / cos θ), Haurwitz 1945; 0 at night."""
    up = zenith_cosine_frac > 0.0
    cosine = np.where(up, zenith_cosine_frac, 1.0)
    return np.where(up, 1098.0 * cosine * np.exp(-0.057 / cosine), 0.0)


def output_frac(
    latitude_deg: float,
    day_of_year: int,
    solar_hour: FloatArray | float,
    performance_ratio: float,
    cloud_factor: FloatArray | float = 1.0,
) -> FloatArray:
    """PV power in units of kWp, shape of the hour: multiply by the installed kWp for kW.

    Irradiance over 1000 W/m², times ``performance_ratio`` (IEC 61724, all losses of the plant), times
    ``cloud_factor`` (1 for a clear sky).
    """
    sky_w_per_m2 = clear_sky_w_per_m2(zenith_cosine_frac(latitude_deg, day_of_year, solar_hour))
    return np.asarray(sky_w_per_m2 / _STANDARD_W_PER_M2 * performance_ratio * cloud_factor, dtype=np.float64)
