"""Figures of merit of one run, folded over its ``StepOutcome`` records (SPEC 7).

A threshold (``thresholds``) that is not crossed is given as the end of the run, and is named in ``censored_metrics``;
the run itself is ``censored`` where that is so of ``survival_h``: the network was still alive at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridran.lost import failing_for_h, is_lost
from gridran.types import Battery, FloatArray, Network, StepOutcome
from studies.signalling import Signalling, frac_of
from studies.thresholds import (
    EPSILON,
    QUALITY_AT_H,
    SLA_HELD,
    PeriodShares,
    held_until,
    quality_at,
    shares_of,
    threshold_times_h,
)


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


class KpiAccumulator:
    """Folds the periods of a run, in order; ``result`` may be asked at any time.

    ``depleted_soc_frac``, scalar or [N]: a site that is down below this charge is depleted, above it is broken.
    """

    def __init__(self, depleted_soc_frac: FloatArray | float | None = None, ev_power_limit_kw: float = 7.0) -> None:
        paper = Battery()
        default = paper.soc_min_frac + paper.restart_margin_frac
        self._depleted_soc_frac = default if depleted_soc_frac is None else depleted_soc_frac
        self._signalling = Signalling(ev_power_limit_kw)
        self._shares: list[PeriodShares] = []
        self._last: StepOutcome | None = None
        self._depleted_at_h: FloatArray = np.zeros(0)
        self._lost_for_h = 0.0
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
        self._signalling.add(outcome)
        for name in _ENERGY_FIELDS:
            self._energy_kwh[name] += float(getattr(outcome, _ENERGY_FIELDS[name]).sum()) * outcome.dt_h
        self._ledger_error_kwh = max(self._ledger_error_kwh, outcome.ledger_error_kwh)
        self._last = outcome

    def result(self, meta: RunMeta) -> dict[str, Any]:
        """Flat figures of merit, ready for ``kpis.json``. ValueError before the first period."""
        if self._last is None:
            raise ValueError("a run without periods has no figures of merit")
        end_h = self._last.time_h + self._last.dt_h
        sites, users = len(self._last.mode), len(self._last.service_class)
        times_h = threshold_times_h(self._shares) | self._depletion_h()
        censored_metrics = sorted(name for name, at_h in times_h.items() if at_h is None)
        reached_h = {name: end_h if at_h is None else at_h for name, at_h in times_h.items()}
        return {
            "strategy": meta.strategy,
            "load": meta.load,
            "seed": meta.seed,
            "sites": sites,
            "ues": users,
            **reached_h,
            **self._service(reached_h["survival_h"]),
            **quality_at(self._shares),
            SLA_HELD: held_until(QUALITY_AT_H, times_h["sla_h"], end_h),
            **self._signalling.until(reached_h["survival_h"], users, sites),
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

    def _depletion_h(self) -> dict[str, float | None]:
        first_h, last_h = float(self._depleted_at_h.min()), float(self._depleted_at_h.max())
        return {
            "first_depletion_h": first_h if np.isfinite(first_h) else None,
            "last_depletion_h": last_h if np.isfinite(last_h) else None,
        }

    def _service(self, survival_h: float) -> dict[str, float]:
        """service_h over the whole run; continuity and site power over [0, survival_h]."""
        alive = [s for s in self._shares if s.time_h < survival_h - EPSILON]
        asked_h = sum(s.users * s.dt_h for s in alive)
        alive_h = sum(s.dt_h for s in alive)
        return {
            "service_h": sum(s.served_users / max(s.users, 1) * s.dt_h for s in self._shares),
            "continuity_frac": frac_of(sum(s.served_users * s.dt_h for s in alive), asked_h),
            "mean_site_power_kw": frac_of(sum(s.mean_load_kw * s.dt_h for s in alive), alive_h),
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


def _latency_percentiles(latency_ms: Sequence[float]) -> dict[str, float | None]:
    if len(latency_ms) == 0:
        return {"control_latency_p50_ms": None, "control_latency_p99_ms": None}
    p50, p99 = np.percentile(np.asarray(latency_ms, dtype=np.float64), [50.0, 99.0])
    return {"control_latency_p50_ms": float(p50), "control_latency_p99_ms": float(p99)}
