"""Signalling and use of the cars, Table IV of the paper: what a run costs beside energy (SPEC 7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridran.types import FloatArray, IntArray, StepOutcome
from studies.thresholds import EPSILON


@dataclass(frozen=True)
class _Added:
    """What the period from ``time_h`` on adds: handovers and mode switches; energy sold, what full use of the cars
    there would have given, and usable energy that came with new cars, all kWh."""

    time_h: float
    handovers: int
    mode_switches: int
    v2g_kwh: float
    v2g_most_kwh: float
    ev_offered_kwh: float


class Signalling:
    """Folds the periods of a run, in order."""

    def __init__(self, ev_power_limit_kw: float) -> None:
        self._ev_power_limit_kw = ev_power_limit_kw
        self._added: list[_Added] = []
        self._last: StepOutcome | None = None
        self._mode_with_power: IntArray = np.zeros(0, dtype=np.int64)

    def add(self, outcome: StepOutcome) -> None:
        """Takes the next period."""
        self._added.append(
            _Added(
                time_h=outcome.time_h,
                handovers=outcome.handovers,
                mode_switches=self._mode_switches(outcome),
                v2g_kwh=float(outcome.v2g_kw.sum()) * outcome.dt_h,
                v2g_most_kwh=self._ev_power_limit_kw * float(outcome.ev_connected.sum()) * outcome.dt_h,
                ev_offered_kwh=self._ev_offered_kwh(outcome),
            )
        )
        self._last = outcome

    def until(self, survival_h: float, users: int, sites: int) -> dict[str, float]:
        """The figures over [0, ``survival_h``], the outage as Table IV has it."""
        lived = [period for period in self._added if period.time_h < survival_h - EPSILON]
        v2g_kwh = sum(period.v2g_kwh for period in lived)
        handovers = sum(period.handovers for period in lived) / max(users, 1)
        switches = sum(period.mode_switches for period in lived) / max(sites, 1)
        return {
            "ev_utilisation_frac": frac_of(v2g_kwh, sum(period.v2g_most_kwh for period in lived)),
            "ev_utilisation_usable_frac": frac_of(v2g_kwh, sum(period.ev_offered_kwh for period in lived)),
            "handovers_per_user": handovers,
            "handovers_per_user_hour": frac_of(handovers, survival_h),
            "mode_switches_per_site": switches,
            "mode_switches_per_site_hour": frac_of(switches, survival_h),
        }

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


def frac_of(part: float, whole: float) -> float:
    """``part`` by ``whole``; 0 where there is no whole."""
    return part / whole if whole > 0.0 else 0.0
