"""From a plan to an A1 policy: bounds, targets and an expiry for the fast loop (SPEC 8)."""

from __future__ import annotations

import numpy as np

from gridran.energy.battery import battery_arrays
from gridran.types import BoolArray, FloatArray, Network, PlanTier, Policy, ServiceClass
from gridran.units import min_to_h
from rapp.plan import Plan, PlanProblem, from_now

GRID_BUDGET_KW = 1e3  # no limit in practice, and still a finite number on the wire


def make_policy(
    problem: PlanProblem, plan: Plan, *, policy_id: str, strategy: str, tier: PlanTier, gap_frac: float, made_h: float
) -> Policy:
    """The policy that tells the fast loop to follow ``plan``, which was made at ``made_h``, from now on.

    Of the plan's slots it carries those that begin within its life.
    """
    now_h = problem.snapshot.time_h
    until_h = now_h + min_to_h(problem.params.policy_lifetime_min)
    plan = from_now(plan, now_h)
    everything = np.ones((problem.network.site_count, len(ServiceClass)))
    return Policy(
        policy_id=policy_id,
        strategy=strategy,
        issued_h=now_h,
        valid_until_h=until_h,
        tier=tier,
        gap_frac=gap_frac,
        plan_age_h=now_h - made_h,
        mode=plan.mode,
        links=plan.links,
        band_planned=plan.band_on,
        power_budget_kw=power_budget_kw(problem.network, problem.snapshot.grid_up),
        reserve_soc_frac=battery_arrays(problem.network).soc_min_frac,
        price_usd_per_kwh=problem.price_usd_per_kwh,
        class_weight=problem.class_weight,
        service_frac=everything if plan.service_frac is None else plan.service_frac,
        availability_frac=everything if plan.availability_frac is None else plan.availability_frac,
        slots=tuple(slot for slot in plan.slots if slot.from_h < until_h),
    )


def power_budget_kw(network: Network, grid_up: BoolArray) -> FloatArray:
    """The most that each site may draw, shape [N]: battery discharge limit + V2X limit (15), unlimited on the grid."""
    v2x_kw = np.array([s.v2x_limit_kw for s in network.sites])
    return np.where(grid_up, GRID_BUDGET_KW, battery_arrays(network).discharge_limit_kw + v2x_kw)
