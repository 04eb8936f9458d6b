"""Checks of values on their way in; each names the field path of the first value that fails."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from google.protobuf.message import Message

from gridran.types import BoolArray, FloatArray, IntArray
from gridran.wire.errors import WireError

ROUNDING = 1e-9  # how far beyond its range a measured value may be, from sums that do not quite cancel


@dataclass(frozen=True, slots=True)
class Range:
    """Lowest and highest good value, both included; every good value is finite."""

    low: float = -math.inf
    high: float = math.inf


ANY = Range()
NON_NEGATIVE = Range(0.0)
FRACTION = Range(0.0, 1.0)
MEASURED = Range(-ROUNDING)
MEASURED_FRACTION = Range(-ROUNDING, 1.0 + ROUNDING)

# By the end of a name, first match first: what its numbers may be. The unit says it all.
_RANGE_BY_SUFFIX = {"_frac": FRACTION, "_db": ANY, "_dbm": ANY, "_dbi": ANY, "x_m": ANY, "y_m": ANY}


def range_of(name: str) -> Range:
    """The range that the unit in a field's name implies."""
    return next((r for suffix, r in _RANGE_BY_SUFFIX.items() if name.endswith(suffix)), NON_NEGATIVE)


def number(value: float, path: str, allowed: Range = NON_NEGATIVE) -> float:
    """``value``, if it is finite and within ``allowed``."""
    numbers(np.array([value]), lambda _: path, allowed)
    return value


def text(value: str, path: str) -> str:
    """``value``, if it is not empty."""
    if not value:
        raise WireError(path, "is missing")
    return value


def numbers(values: FloatArray, path_of: Callable[[int], str], allowed: Range) -> FloatArray:
    """``values`` [n], if all are finite and within ``allowed``; ``path_of(i)`` names the i-th."""
    good = np.isfinite(values) & (values >= allowed.low) & (values <= allowed.high)
    if not good.all():
        first = int(np.argmin(good))
        raise WireError(path_of(first), _fault(float(values[first]), allowed))
    return values


def _fault(value: float, allowed: Range) -> str:
    if not math.isfinite(value):
        return f"{value} is not a finite number"
    if value > allowed.high:
        return f"{value:g} is above {allowed.high:g}"
    return f"{value:g} is negative" if value < 0.0 else f"{value:g} is below {allowed.low:g}"


def size(values: Sized, expected: int, path: str) -> None:
    """WireError unless there are ``expected`` values."""
    if len(values) != expected:
        raise WireError(path, f"has {len(values)} entries, expected {expected}")


def column(values: Sequence[float], expected: int, path: str, allowed: Range) -> FloatArray:
    """A column of ``expected`` numbers within ``allowed``."""
    size(values, expected, path)
    return numbers(np.array(values, dtype=np.float64), lambda i: f"{path}[{i}]", allowed)


def site_column(values: Sequence[int], expected: int, site_count: int, path: str) -> IntArray:
    """A column of ``expected`` site indices, -1 where there is none."""
    size(values, expected, path)
    sites = np.array(values, dtype=np.int64)
    _all(
        (sites >= -1) & (sites < site_count),
        lambda i: f"{path}[{i}]",
        lambda i: f"unknown site {sites[i]}, the network has {site_count}",
    )
    return sites


def enum_values(values: Sequence[int], expected: type[IntEnum], path_of: Callable[[int], str]) -> IntArray:
    """Wire values of an enum that mirrors ``expected`` one higher (0 is "unspecified"), as values of ``expected``."""
    found = np.array(values, dtype=np.int64) - 1
    _all(
        (found >= 0) & (found < len(expected)),
        path_of,
        lambda i: f"{found[i] + 1} is not a {expected.__name__}",
    )
    return found


def _all(good: BoolArray, path_of: Callable[[int], str], fault: Callable[[int], str]) -> None:
    if not good.all():
        first = int(np.argmin(good))
        raise WireError(path_of(first), fault(first))


def present(message: Message, field: str, at: str) -> None:
    """WireError unless the sub-message ``field`` was sent."""
    if not message.HasField(field):
        raise WireError(f"{at}{field}", "is missing")
