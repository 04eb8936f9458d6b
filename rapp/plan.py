"""What a planner is asked and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gridran.policy_slots import slot_in_force
from gridran.scenario.params import PlanningParams
from gridran.types import BoolArray, FloatArray, Forecast, IntArray, Network, PolicySlot, Snapshot

UNDECIDED = -1


@dataclass(frozen=True)
class Kept:
    """What a planner remembers for its next plan: awake patterns worth starting from, [P, N], and its phase."""

    awake: BoolArray
    phase: str


@dataclass(frozen=True)
class Plan:
    """Cooperation modes for the coming plan period and what the planner expects of them.

    ``mode`` [N] is γ (19); ``links`` are y_ij = 1 as (helper, assisted) site indices (22); ``band_on`` [N, B] the
    carriers the plan counted on; ``mean_power_kw`` [N] the expected draw under it (4). ``survival_h`` is the life of
    the first site to run dry, the objective of (26), of ``lifetime`` the hours that the agreed service lasts;
    ``bound_survival_h`` >= it what could have been, proven or, for ``lifetime``, as its search has it. Both are NaN
    where a planner does not look at energy. ``service_frac`` [N, 4] is the
    largest share of its demand for a user of each class by own cell (None: all of it), ``slots`` what holds later on,
    both as in ``Policy``. ``availability_frac`` [N, 4]: the share of each class's users that are to have their
    minimum rate whatever ``service_frac`` gives (None: all), as in ``Policy``. ``kept`` is for the planner itself,
    ``kept_by_cluster`` the same where a network was planned cluster by cluster.
    """

    mode: IntArray
    links: tuple[tuple[int, int], ...]
    band_on: BoolArray
    mean_power_kw: FloatArray
    survival_h: float
    bound_survival_h: float
    service_frac: FloatArray | None = None
    slots: tuple[PolicySlot, ...] = ()
    availability_frac: FloatArray | None = None
    kept: Kept | None = None
    kept_by_cluster: tuple[Kept | None, ...] = ()


def in_slot(plan: Plan, slot: PolicySlot) -> Plan:
    """What ``plan`` asks while ``slot`` is in force, without any later slot."""
    return replace(
        plan,
        mode=slot.mode,
        links=slot.links,
        band_on=slot.band_planned,
        service_frac=slot.service_frac,
        slots=(),
    )


def from_now(plan: Plan, time_h: float) -> Plan:
    """What is left of ``plan`` at ``time_h``: the slot in force, and those still to come."""
    slot, later = slot_in_force(plan.slots, time_h)
    return plan if slot is None else replace(in_slot(plan, slot), slots=later)


@dataclass(frozen=True)
class PlanProblem:
    """One planning step: the network, its state, what is expected over the horizon, and the plan in force.

    ``price_usd_per_kwh`` [N] is the offer to EVs that will stand (16); ``class_weight`` [4] is w_u of (18).
    ``previous`` is None on the first step and after a failed solve, so that the next one starts fresh.
    ``decided_mode`` [N]: what others have settled for now, ``UNDECIDED`` where nothing is; None where nothing is at
    all. A sleeper so decided has its helper.
    """

    network: Network
    snapshot: Snapshot
    forecast: Forecast
    previous: Plan | None
    params: PlanningParams
    price_usd_per_kwh: FloatArray
    class_weight: FloatArray
    decided_mode: IntArray | None = None
