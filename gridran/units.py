"""Conversions between units, and nothing else. Every function takes a float or an array of any shape."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

_Value = TypeVar("_Value", float, npt.NDArray[np.float64])


def db_to_frac(value_db: _Value) -> _Value:
    """Decibels to a linear power ratio."""
    ratio: _Value = 10.0 ** (value_db / 10.0)
    return ratio


def frac_to_db(value_frac: _Value) -> _Value:
    """A linear power ratio > 0 to decibels."""
    level: _Value = 10.0 * np.log10(value_frac)
    return level


def dbm_to_mw(power_dbm: _Value) -> _Value:
    """dBm to milliwatts."""
    return db_to_frac(power_dbm)


def mw_to_dbm(power_mw: _Value) -> _Value:
    """Milliwatts > 0 to dBm."""
    return frac_to_db(power_mw)


def w_to_kw(power_w: _Value) -> _Value:
    """Watts to kilowatts."""
    return power_w / 1000.0


def kw_to_w(power_kw: _Value) -> _Value:
    """Kilowatts to watts, as 3GPP PEE.AvgPower counts."""
    return power_kw * 1000.0


def m_to_km(length_m: _Value) -> _Value:
    """Metres to kilometres."""
    return length_m / 1000.0


def s_to_h(time_s: _Value) -> _Value:
    """Seconds to hours."""
    return time_s / 3600.0


def h_to_s(time_h: _Value) -> _Value:
    """Hours to seconds."""
    return time_h * 3600.0


def min_to_h(time_min: _Value) -> _Value:
    """Minutes to hours."""
    return time_min / 60.0
