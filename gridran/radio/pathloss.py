"""3GPP TR 38.901 V16.1 urban-macro path loss (Tables 7.4.1-1 and 7.4.2-1), for 10 m <= d_2D <= 5 km.

Distances below 10 m are taken as 10 m, the model's lower bound. All functions are vectorised over their arguments.
"""

from __future__ import annotations

import numpy as np

from gridran.types import FloatArray

SHADOW_LOS_DB = 4.0
SHADOW_NLOS_DB = 6.0
MIN_DISTANCE_M = 10.0
_LIGHT_M_PER_S = 3.0e8
_ENVIRONMENT_HEIGHT_M = 1.0


def uma_los_probability(distance_2d_m: FloatArray | float, ue_height_m: float = 1.5) -> FloatArray:
    """Probability of line of sight, Table 7.4.2-1 UMa, for users up to 13 m high (C' = 0).

    ValueError: a user above 13 m, where the table needs more than a distance.
    """
    if ue_height_m > 13.0:
        raise ValueError("the line-of-sight probability is implemented for users up to 13 m high")
    d = np.maximum(np.asarray(distance_2d_m, dtype=np.float64), 1e-9)
    far = 18.0 / d + np.exp(-d / 63.0) * (1.0 - 18.0 / d)
    return np.asarray(np.where(d <= 18.0, 1.0, far), dtype=np.float64)


def uma_los_db(
    distance_2d_m: FloatArray | float, carrier_mhz: FloatArray | float, site_height_m: float, ue_height_m: float
) -> FloatArray:
    """Line-of-sight path loss, dB: slope 22 up to the breakpoint d'_BP = 4·h'_BS·h'_UT·f/c, slope 40 beyond."""
    d2, f_ghz = np.maximum(np.asarray(distance_2d_m), MIN_DISTANCE_M), np.asarray(carrier_mhz) / 1e3
    rise_m = site_height_m - ue_height_m
    d3 = np.hypot(d2, rise_m)
    heights_m2 = (site_height_m - _ENVIRONMENT_HEIGHT_M) * (ue_height_m - _ENVIRONMENT_HEIGHT_M)
    breakpoint_m = 4.0 * heights_m2 * f_ghz * 1e9 / _LIGHT_M_PER_S
    near = 28.0 + 22.0 * np.log10(d3) + 20.0 * np.log10(f_ghz)
    far = 28.0 + 40.0 * np.log10(d3) + 20.0 * np.log10(f_ghz) - 9.0 * np.log10(breakpoint_m**2 + rise_m**2)
    return np.asarray(np.where(d2 <= breakpoint_m, near, far), dtype=np.float64)


def uma_nlos_db(
    distance_2d_m: FloatArray | float, carrier_mhz: FloatArray | float, site_height_m: float, ue_height_m: float
) -> FloatArray:
    """Path loss without line of sight, dB: never below the line-of-sight value."""
    return uma_both_db(distance_2d_m, carrier_mhz, site_height_m, ue_height_m)[1]


def uma_both_db(
    distance_2d_m: FloatArray | float, carrier_mhz: FloatArray | float, site_height_m: float, ue_height_m: float
) -> tuple[FloatArray, FloatArray]:
    """Path loss with and without line of sight, dB."""
    d2, f_ghz = np.maximum(np.asarray(distance_2d_m), MIN_DISTANCE_M), np.asarray(carrier_mhz) / 1e3
    d3 = np.hypot(d2, site_height_m - ue_height_m)
    blocked = 13.54 + 39.08 * np.log10(d3) + 20.0 * np.log10(f_ghz) - 0.6 * (ue_height_m - 1.5)
    los_db = uma_los_db(d2, carrier_mhz, site_height_m, ue_height_m)
    return los_db, np.asarray(np.maximum(blocked, los_db), dtype=np.float64)
