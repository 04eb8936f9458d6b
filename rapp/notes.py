"""What the slow loop says about its decisions: structured lines for log, journal and ``gridran explain``.

Fields hold JSON values only; a figure that is not known is None, never NaN.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gridran.energy.battery import battery_arrays, usable_kwh
from gridran.outcome import Infeasible, TimedOut
from gridran.types import FloatArray, IntArray, Policy, ServiceClass, SiteMode
from rapp.links import violations
from rapp.plan import Plan, PlanProblem

BINDING_MARGIN_FRAC = 0.05  # sites within 5 % of the shortest life bind the objective (26)

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True)
class Note:
    """``kind``: "plan" | "plan-failed" | "plan-rule-broken" | "mode-change" | "policy-status" | "stale-telemetry"."""

    kind: str
    fields: dict[str, Json]


def plan_published(problem: PlanProblem, plan: Plan, policy: Policy) -> Note:
    """Which plan is in force from now on, how it came about, and which sites bind it."""
    modes = {m.name.lower(): int(np.sum(plan.mode == m)) for m in SiteMode}
    return Note(
        "plan",
        {
            "policy_id": policy.policy_id,
            "time_h": policy.issued_h,
            "tier": policy.tier.value,
            "gap_frac": _known(policy.gap_frac),
            "plan_age_h": policy.plan_age_h,
            "survival_h": _known(plan.survival_h),
            "planned_kw": _known(round(float(plan.mean_power_kw.sum()), 3)),
            "bound_survival_h": _known(plan.bound_survival_h),
            "binding_sites": _site_ids(problem, _shortest_lived(life_h(problem, plan.mean_power_kw))),
            "modes": dict(modes),
            "links": [[problem.network.sites[i].site_id, problem.network.sites[j].site_id] for i, j in plan.links],
            "least_service_frac": {k.name.lower(): float(policy.service_frac[:, k].min()) for k in ServiceClass},
            "slots_from_h": [slot.from_h for slot in policy.slots],
            "ev_energy_kwh": round(float(problem.forecast.ev_energy_kwh.sum()), 3),
        },
    )


def plan_failed(problem: PlanProblem, outcome: Infeasible | TimedOut) -> Note:
    """Why a solve gave no plan, and which sites have least to live on at their present draw."""
    shortest = _shortest_lived(life_h(problem, problem.snapshot.load_kw))
    return Note(
        "plan-failed",
        {
            "time_h": problem.snapshot.time_h,
            "outcome": "infeasible" if isinstance(outcome, Infeasible) else "timed-out",
            "why": outcome.why,
            "binding_sites": _site_ids(problem, shortest),
        },
    )


def broken_rules(problem: PlanProblem, plan: Plan) -> list[Note]:
    """One note where the published plan breaks a rule of (19)-(25)."""
    broken = violations(problem.network, plan, problem.snapshot.site_up | problem.snapshot.grid_up)
    if not broken:
        return []
    return [Note("plan-rule-broken", {"time_h": problem.snapshot.time_h, "rules": list(broken)})]


def mode_changes(problem: PlanProblem, plan: Plan, mode_before: IntArray) -> list[Note]:
    """One note for each site whose mode changes: from what to what, with whom, and on how much energy."""
    life = life_h(problem, plan.mean_power_kw)
    energy_kwh = stored_kwh(problem)
    return [
        Note(
            "mode-change",
            {
                "time_h": problem.snapshot.time_h,
                "site": problem.network.sites[i].site_id,
                "from": SiteMode(int(mode_before[i])).name.lower(),
                "to": SiteMode(int(plan.mode[i])).name.lower(),
                "helpers": _site_ids(problem, [h for h, a in plan.links if a == i]),
                "helps": _site_ids(problem, [a for h, a in plan.links if h == i]),
                "soc_frac": float(problem.snapshot.soc_frac[i]),
                "energy_kwh": float(energy_kwh[i]),
                "expected_life_h": _known(float(life[i])),
            },
        )
        for i in np.flatnonzero(plan.mode != mode_before).tolist()
    ]


def policy_status(policy_id: str, enforced: bool, reason: str) -> Note:
    return Note("policy-status", {"policy_id": policy_id, "enforced": enforced, "reason": reason})


def stale_telemetry(period: int, last_period: int) -> Note:
    return Note("stale-telemetry", {"period": period, "last_period": last_period})


def stored_kwh(problem: PlanProblem) -> FloatArray:
    """E_i [N]: battery energy above SoC_min plus the EV energy that the forecast expects."""
    battery_kwh = usable_kwh(battery_arrays(problem.network), problem.snapshot.soc_frac)
    return battery_kwh + problem.forecast.ev_energy_kwh


def life_h(problem: PlanProblem, power_kw: FloatArray) -> FloatArray:
    """E_i / P_i [N]; infinite on the grid, NaN where the power is not known or zero."""
    drawing = np.nan_to_num(power_kw) > 0.0
    life = np.divide(stored_kwh(problem), power_kw, out=np.full(power_kw.shape, np.nan), where=drawing)
    return np.where(problem.snapshot.grid_up, np.inf, life)


def _shortest_lived(life: FloatArray) -> list[int]:
    finite = np.where(np.isfinite(life), life, np.inf)
    least = float(finite.min(initial=np.inf))
    if not math.isfinite(least):
        return []
    return [int(i) for i in np.flatnonzero(finite <= least * (1.0 + BINDING_MARGIN_FRAC))]


def _site_ids(problem: PlanProblem, sites: list[int]) -> list[Json]:
    return [problem.network.sites[i].site_id for i in sites]


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
