"""What a planner is asked and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

from gridran.scenario.params import PlanningParams
from gridran.types import BoolArray, FloatArray, Forecast, IntArray, Network, Snapshot


@dataclass(frozen=True)
class Plan:
    """Cooperation modes for the coming plan period and what the planner expects of them.

    ``mode`` [N] is γ (19); ``links`` are y_ij = 1 as (helper, assisted) site indices (22); ``band_on`` [N, B] the
    carriers the plan counted on; ``mean_power_kw`` [N] the expected draw under it (4). ``survival_h`` is the life of
    the first site to run dry, the objective of (26), and ``bound_survival_h`` >= it a proven upper bound; both are
    NaN where a planner does not look at energy, the bound also where none was proven.
    """

    mode: IntArray
    links: tuple[tuple[int, int], ...]
    band_on: BoolArray
    mean_power_kw: FloatArray
    survival_h: float
    bound_survival_h: float


@dataclass(frozen=True)
class PlanProblem:
    """One planning step: the network, its state, what is expected over the horizon, and the plan in force.

    ``price_usd_per_kwh`` [N] is the offer to EVs that will stand (16); ``class_weight`` [4] is w_u of (18).
    ``previous`` is None on the first step and after a failed solve, so that the next one starts fresh.
    """

    network: Network
    snapshot: Snapshot
    forecast: Forecast
    previous: Plan | None
    params: PlanningParams
    price_usd_per_kwh: FloatArray
    class_weight: FloatArray
