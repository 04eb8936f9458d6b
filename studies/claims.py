"""Claims that a study tests, each computed from the rows of its table."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

TARGET = "gridran"
"""Source of a claim that is this project's own aim."""


@dataclass(frozen=True)
class Claim:
    """``value``: what the claim is judged by, None where the rows cannot tell, and then it does not hold."""

    claim: str
    source: str
    value: float | None
    held: bool


def at_least(claim: str, source: str, value: float, limit: float) -> Claim:
    """Holds where ``value`` reaches ``limit``."""
    return _judged(claim, source, value, value >= limit)


def at_most(claim: str, source: str, value: float, limit: float) -> Claim:
    """Holds where ``value`` does not exceed ``limit``."""
    return _judged(claim, source, value, value <= limit)


def within(claim: str, source: str, value: float, target: float, tolerance_frac: float) -> Claim:
    """Holds where ``value`` is within a share ``tolerance_frac`` of ``target``."""
    return _judged(claim, source, value, abs(value - target) <= tolerance_frac * abs(target))


def increasing(claim: str, source: str, values: Iterable[float]) -> Claim:
    """Holds where every value is above the one before; judged by the smallest step."""
    step = worst(later - earlier for earlier, later in pairwise(values))
    return _judged(claim, source, step, step > 0.0)


def worst(values: Iterable[float]) -> float:
    """The smallest value; NaN where any is NaN or there is none."""
    found = list(values)
    return math.nan if not found or any(map(math.isnan, found)) else min(found)


def ratio(part: float, whole: float) -> float:
    """``part`` by ``whole``; NaN where there is no whole."""
    return part / whole if whole else math.nan


def _judged(claim: str, source: str, value: float, held: bool) -> Claim:
    return Claim(claim, source, None if math.isnan(value) else value, held and not math.isnan(value))
