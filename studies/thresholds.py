"""Shares of users who are served, period by period, and when they fall below a threshold (SPEC 7).

A threshold is crossed at the start of the first stretch of at least 5 minutes that lies below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gridran.lost import ALIVE_FRAC, critical_availability_frac, is_lost
from gridran.service import WHOLE
from gridran.types import FloatArray, StepOutcome
from studies.availability import (
    CLASS_NAMES,
    SLA_TARGET_FRAC,
    class_availability_frac,
    class_volume_frac,
    served,
)

CRITICAL_THRESHOLD_FRAC = 0.95
LASTING_H = 5.0 / 60.0
QUALITY_AT_H = 2.5  # Table III
AVAILABILITY = tuple(f"availability_{name}_2h5_frac" for name in CLASS_NAMES)
VOLUME = tuple(f"served_volume_{name}_2h5_frac" for name in CLASS_NAMES)
SLA_HELD = "sla_held_2h5_frac"
EPSILON = 1e-9


@dataclass(frozen=True)
class PeriodShares:
    """What the thresholds need of one period: availability and served volume per class, shape [4]."""

    time_h: float
    dt_h: float
    critical_frac: float
    availability_frac: FloatArray
    volume_frac: FloatArray
    served_users: int
    users: int
    mean_load_kw: float


def shares_of(outcome: StepOutcome) -> PeriodShares:
    """The shares of one period."""
    return PeriodShares(
        time_h=outcome.time_h,
        dt_h=outcome.dt_h,
        critical_frac=critical_availability_frac(outcome),
        availability_frac=class_availability_frac(outcome),
        volume_frac=class_volume_frac(outcome),
        served_users=int(served(outcome).sum()),
        users=len(outcome.service_class),
        mean_load_kw=float(outcome.load_kw.mean()),
    )


def first_lasting_h(
    bad: Sequence[bool], time_h: Sequence[float], dt_h: Sequence[float], lasting_h: float = LASTING_H
) -> float | None:
    """Start of the first unbroken stretch of ``bad`` periods that lasts at least ``lasting_h``; None without one."""
    start_h, length_h = 0.0, 0.0
    for is_bad, at_h, step_h in zip(bad, time_h, dt_h, strict=True):
        if not is_bad:
            length_h = 0.0
            continue
        start_h = at_h if length_h == 0.0 else start_h
        length_h += step_h
        if length_h >= lasting_h - EPSILON:
            return start_h
    return None


def lost(critical_frac: Sequence[float], dt_h: Sequence[float]) -> bool:
    """The stop rule: critical availability has been below 50 % for the last 30 minutes on end."""
    length_h = 0.0
    for frac, step_h in zip(reversed(critical_frac), reversed(dt_h), strict=True):
        if frac >= ALIVE_FRAC:
            return False
        length_h += step_h
        if is_lost(length_h):
            return True
    return False


def misses_sla(availability_frac: FloatArray) -> bool:
    """Whether any class [4] is below its target of Table III."""
    return bool((availability_frac < np.array(SLA_TARGET_FRAC) - EPSILON).any())


def misses_volume_sla(volume_frac: FloatArray) -> bool:
    """Whether any class [4] gets less of its volume than its target of Table III; emergency may lose a millionth."""
    return bool((volume_frac < np.array(SLA_TARGET_FRAC) * WHOLE).any())


def threshold_times_h(shares: Sequence[PeriodShares]) -> dict[str, float | None]:
    """survival_h, critical_h, sla_h (users) and sla_volume_h (volume); None where the threshold was not crossed."""
    time_h, dt_h = [s.time_h for s in shares], [s.dt_h for s in shares]
    bad = {
        "survival_h": [s.critical_frac < ALIVE_FRAC - EPSILON for s in shares],
        "critical_h": [s.critical_frac < CRITICAL_THRESHOLD_FRAC - EPSILON for s in shares],
        "sla_h": [misses_sla(s.availability_frac) for s in shares],
        "sla_volume_h": [misses_volume_sla(s.volume_frac) for s in shares],
    }
    return {name: first_lasting_h(periods, time_h, dt_h) for name, periods in bad.items()}


def held_h(shares: Sequence[PeriodShares], sla_h: float) -> float:
    """Hours of the periods that began before ``sla_h`` and met every target of Table III."""
    held = (s.dt_h for s in shares if s.time_h < sla_h - EPSILON and not misses_sla(s.availability_frac))
    return float(np.sum(np.fromiter(held, dtype=np.float64)))


def quality_at(shares: Sequence[PeriodShares], at_h: float = QUALITY_AT_H) -> dict[str, float | None]:
    """Availability and served volume per class in the period that covers ``at_h`` (Table III).

    A network that was lost before then keeps the state in which it was lost; a run that merely ended before has none.
    """
    covering = [s for s in shares if s.time_h <= at_h + EPSILON < s.time_h + s.dt_h]
    if not covering and shares and lost([s.critical_frac for s in shares], [s.dt_h for s in shares]):
        covering = [shares[-1]]
    result: dict[str, float | None] = {}
    for index, (users, volume) in enumerate(zip(AVAILABILITY, VOLUME, strict=True)):
        result[users] = float(covering[0].availability_frac[index]) if covering else None
        result[volume] = float(covering[0].volume_frac[index]) if covering else None
    return result


def held_until(at_h: float, missed_h: float | None, end_h: float) -> float | None:
    """1 where the targets held at least until ``at_h``, 0 where they were missed before; None: the run was shorter."""
    if missed_h is None and end_h < at_h - EPSILON:
        return None
    return float(missed_h is None or missed_h >= at_h - EPSILON)
