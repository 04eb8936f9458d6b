"""Figures of merit of one run, folded over its ``StepOutcome`` records (SPEC 7).

A threshold is crossed at the start of the first stretch of at least 5 minutes that lies below it. A threshold that is
not crossed is given as the end of the run, and is named in ``censored_metrics``; the run itself is ``censored`` where
that is so of ``survival_h``, that is, where the network was still alive at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridran.lost import ALIVE_FRAC, FULL_TOLERANCE, critical_availability_frac, failing_for_h, is_lost
from gridran.types import Battery, FloatArray, IntArray, Network, ServiceClass, ShedReason, StepOutcome
from studies.availability import (
    CLASS_COUNT,
    SLA_TARGET_FRAC,
    class_availability_frac,
    class_volume_frac,
    served,
)

CRITICAL_THRESHOLD_FRAC = 0.95
LASTING_H = 5.0 / 60.0
QUALITY_AT_H = 2.5  # Table III
CLASS_NAMES = tuple(c.name.lower() for c in ServiceClass)
AVAILABILITY = tuple(f"availability_{name}_2h5_frac" for name in CLASS_NAMES)
VOLUME = tuple(f"served_volume_{name}_2h5_frac" for name in CLASS_NAMES)
SLA_HELD = "sla_held_2h5_frac"
_EPSILON = 1e-9


@dataclass(frozen=True)
class RunMeta:
    """What the outcomes cannot say: how the run was asked for and how long the machine took.

    ``control_latency_ms``: one value per period, from indication to control; empty where nothing was measured.
    """

    strategy: str
    load: str
    seed: int
    wall_s: float
    control_latency_ms: Sequence[float] = ()


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
        if length_h >= lasting_h - _EPSILON:
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
    return bool((availability_frac < np.array(SLA_TARGET_FRAC) - _EPSILON).any())


def misses_volume_sla(volume_frac: FloatArray) -> bool:
    """Whether any class [4] gets less of its volume than its target of Table III; emergency may lose a millionth."""
    return bool((volume_frac < np.array(SLA_TARGET_FRAC) * (1.0 - FULL_TOLERANCE)).any())


def threshold_times_h(shares: Sequence[PeriodShares]) -> dict[str, float | None]:
    """survival_h, critical_h, sla_h (users) and sla_volume_h (volume); None where the threshold was not crossed."""
    time_h, dt_h = [s.time_h for s in shares], [s.dt_h for s in shares]
    bad = {
        "survival_h": [s.critical_frac < ALIVE_FRAC - _EPSILON for s in shares],
        "critical_h": [s.critical_frac < CRITICAL_THRESHOLD_FRAC - _EPSILON for s in shares],
        "sla_h": [misses_sla(s.availability_frac) for s in shares],
        "sla_volume_h": [misses_volume_sla(s.volume_frac) for s in shares],
    }
    return {name: first_lasting_h(periods, time_h, dt_h) for name, periods in bad.items()}


def quality_at(shares: Sequence[PeriodShares], at_h: float = QUALITY_AT_H) -> dict[str, float | None]:
    """Availability and served volume per class in the period that covers ``at_h`` (Table III).

    A network that was lost before then keeps the state in which it was lost; a run that merely ended before has none.
    """
    covering = [s for s in shares if s.time_h <= at_h + _EPSILON < s.time_h + s.dt_h]
    if not covering and shares and lost([s.critical_frac for s in shares], [s.dt_h for s in shares]):
        covering = [shares[-1]]
    result: dict[str, float | None] = {}
    for index, (users, volume) in enumerate(zip(AVAILABILITY, VOLUME, strict=True)):
        result[users] = float(covering[0].availability_frac[index]) if covering else None
        result[volume] = float(covering[0].volume_frac[index]) if covering else None
    return result


@dataclass(frozen=True)
class _Signalling:
    """What a period adds to Table IV: handovers, mode switches; energy sold, what full use of the cars there would have
    given, and usable energy that came with new cars, all kWh."""

    handovers: int
    mode_switches: int
    v2g_kwh: float
    v2g_most_kwh: float
    ev_offered_kwh: float


class KpiAccumulator:
    """Folds the periods of a run, in order; ``result`` may be asked at any time.

    ``depleted_soc_frac``, scalar or [N]: a site that is down below this charge is depleted, above it is broken.
    """

    def __init__(self, depleted_soc_frac: FloatArray | float | None = None, ev_power_limit_kw: float = 7.0) -> None:
        paper = Battery()
        default = paper.soc_min_frac + paper.restart_margin_frac
        self._depleted_soc_frac = default if depleted_soc_frac is None else depleted_soc_frac
        self._ev_power_limit_kw = ev_power_limit_kw
        self._shares: list[PeriodShares] = []
        self._last: StepOutcome | None = None
        self._depleted_at_h: FloatArray = np.zeros(0)
        self._lost_for_h = 0.0
        self._signalling: list[_Signalling] = []
        self._mode_with_power: IntArray = np.zeros(0, dtype=np.int64)
        self._energy_kwh = dict.fromkeys(_ENERGY_FIELDS, 0.0)
        self._ledger_error_kwh = 0.0

    @classmethod
    def for_network(cls, network: Network, ev_power_limit_kw: float = 7.0) -> KpiAccumulator:
        """An accumulator that knows each site's own battery floor."""
        batteries = [site.battery for site in network.sites]
        depleted_frac = np.array([b.soc_min_frac + b.restart_margin_frac for b in batteries])
        return cls(depleted_frac, ev_power_limit_kw)

    @property
    def lost(self) -> bool:
        """Whether critical availability has been below 50 % for the last 30 minutes: the run may stop."""
        return is_lost(self._lost_for_h)

    @property
    def shares(self) -> Sequence[PeriodShares]:
        """The shares of every period so far."""
        return self._shares

    def add(self, outcome: StepOutcome) -> None:
        """Takes the next period."""
        shares = shares_of(outcome)
        self._shares.append(shares)
        self._lost_for_h = failing_for_h(self._lost_for_h, outcome)
        self._add_depletion(outcome)
        self._signalling.append(self._signalling_of(outcome))
        for name in _ENERGY_FIELDS:
            self._energy_kwh[name] += float(getattr(outcome, _ENERGY_FIELDS[name]).sum()) * outcome.dt_h
        self._ledger_error_kwh = max(self._ledger_error_kwh, outcome.ledger_error_kwh)
        self._last = outcome

    def result(self, meta: RunMeta) -> dict[str, Any]:
        """Flat figures of merit, ready for ``kpis.json``. ValueError before the first period."""
        if self._last is None:
            raise ValueError("a run without periods has no figures of merit")
        end_h = self._last.time_h + self._last.dt_h
        times_h = threshold_times_h(self._shares) | self._depletion_h()
        censored_metrics = sorted(name for name, at_h in times_h.items() if at_h is None)
        reached_h = {name: end_h if at_h is None else at_h for name, at_h in times_h.items()}
        return {
            "strategy": meta.strategy,
            "load": meta.load,
            "seed": meta.seed,
            "sites": len(self._last.mode),
            "ues": len(self._last.service_class),
            **reached_h,
            **self._service(reached_h["survival_h"]),
            **quality_at(self._shares),
            SLA_HELD: _held_until(QUALITY_AT_H, times_h["sla_h"], end_h),
            **self._table_iv(self._last, reached_h["survival_h"]),
            **self._energy_kwh,
            "censored": "survival_h" in censored_metrics,
            "censored_metrics": censored_metrics,
            "lost": self.lost,
            "sim_h": end_h,
            "wall_s": meta.wall_s,
            "ledger_error_kwh": self._ledger_error_kwh,
            **_latency_percentiles(meta.control_latency_ms),
        }

    def _add_depletion(self, outcome: StepOutcome) -> None:
        if self._last is None:
            self._depleted_at_h = np.full(len(outcome.mode), np.inf)
        empty = ~outcome.site_up & (outcome.soc_frac < self._depleted_soc_frac)
        self._depleted_at_h = np.where(empty, np.minimum(self._depleted_at_h, outcome.time_h), self._depleted_at_h)

    def _signalling_of(self, outcome: StepOutcome) -> _Signalling:
        return _Signalling(
            handovers=outcome.handovers,
            mode_switches=self._mode_switches(outcome),
            v2g_kwh=float(outcome.v2g_kw.sum()) * outcome.dt_h,
            v2g_most_kwh=self._ev_power_limit_kw * float(outcome.ev_connected.sum()) * outcome.dt_h,
            ev_offered_kwh=self._ev_offered_kwh(outcome),
        )

    def _mode_switches(self, outcome: StepOutcome) -> int:
        """A site without power is in no mode, whatever it is told: what counts is the mode that it comes back in."""
        if self._last is None:
            self._mode_with_power = outcome.mode
        now = np.where(outcome.site_up, outcome.mode, self._mode_with_power)
        switches = int((now != self._mode_with_power).sum())
        self._mode_with_power = now
        return switches

    def _ev_offered_kwh(self, outcome: StepOutcome) -> float:
        """Usable energy is a stock: what it grew by, beyond what was sold or charged, came with new cars."""
        expected_kwh: FloatArray = np.zeros(len(outcome.mode))
        if self._last is not None:
            net_kw = self._last.ev_charge_kw - self._last.v2g_kw
            expected_kwh = self._last.ev_usable_kwh + net_kw * self._last.dt_h
        return float(np.maximum(outcome.ev_usable_kwh - expected_kwh, 0.0).sum())

    def _depletion_h(self) -> dict[str, float | None]:
        first_h, last_h = float(self._depleted_at_h.min()), float(self._depleted_at_h.max())
        return {
            "first_depletion_h": first_h if np.isfinite(first_h) else None,
            "last_depletion_h": last_h if np.isfinite(last_h) else None,
        }

    def _service(self, survival_h: float) -> dict[str, float]:
        """service_h over the whole run; continuity and site power over [0, survival_h]."""
        alive = [s for s in self._shares if s.time_h < survival_h - _EPSILON]
        asked_h = sum(s.users * s.dt_h for s in alive)
        alive_h = sum(s.dt_h for s in alive)
        return {
            "service_h": sum(s.served_users / max(s.users, 1) * s.dt_h for s in self._shares),
            "continuity_frac": _ratio(sum(s.served_users * s.dt_h for s in alive), asked_h),
            "mean_site_power_kw": _ratio(sum(s.mean_load_kw * s.dt_h for s in alive), alive_h),
        }

    def _table_iv(self, last: StepOutcome, survival_h: float) -> dict[str, float]:
        """Signalling and use of the cars over [0, survival_h], the outage as Table IV has it."""
        lived = [
            s for period, s in zip(self._shares, self._signalling, strict=True) if period.time_h < survival_h - _EPSILON
        ]
        v2g_kwh = sum(s.v2g_kwh for s in lived)
        handovers = sum(s.handovers for s in lived) / max(len(last.service_class), 1)
        switches = sum(s.mode_switches for s in lived) / max(len(last.mode), 1)
        return {
            "ev_utilisation_frac": _ratio(v2g_kwh, sum(s.v2g_most_kwh for s in lived)),
            "ev_utilisation_usable_frac": _ratio(v2g_kwh, sum(s.ev_offered_kwh for s in lived)),
            "handovers_per_user": handovers,
            "handovers_per_user_hour": _ratio(handovers, survival_h),
            "mode_switches_per_site": switches,
            "mode_switches_per_site_hour": _ratio(switches, survival_h),
        }


_ENERGY_FIELDS = {
    "load_kwh": "load_kw",
    "battery_kwh": "battery_discharge_kw",
    "battery_charge_kwh": "battery_charge_kw",
    "v2g_kwh": "v2g_kw",
    "ev_charge_kwh": "ev_charge_kw",
    "pv_kwh": "pv_kw",
    "grid_kwh": "grid_import_kw",
}


def shed_counts(outcome: StepOutcome) -> IntArray:
    """Users by class and shed reason, shape [4, 6]; column 0 counts the served."""
    reasons = len(ShedReason)
    cell = outcome.service_class * reasons + outcome.shed_reason
    return np.bincount(cell, minlength=CLASS_COUNT * reasons).reshape(CLASS_COUNT, reasons).astype(np.int64)


def _held_until(at_h: float, missed_h: float | None, end_h: float) -> float | None:
    """1 where the targets held at least until ``at_h``, 0 where they were missed before; None: the run was shorter."""
    if missed_h is None and end_h < at_h - _EPSILON:
        return None
    return float(missed_h is None or missed_h >= at_h - _EPSILON)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0.0 else 0.0


def _latency_percentiles(latency_ms: Sequence[float]) -> dict[str, float | None]:
    if len(latency_ms) == 0:
        return {"control_latency_p50_ms": None, "control_latency_p99_ms": None}
    p50, p99 = np.percentile(np.asarray(latency_ms, dtype=np.float64), [50.0, 99.0])
    return {"control_latency_p50_ms": float(p50), "control_latency_p99_ms": float(p99)}
