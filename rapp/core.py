"""The slow loop as a pure function: ``step(state, event) -> (state, effects)``.

Every telemetry report leads to exactly one policy, whatever happens to the solve:

1. the report enters the history; price (16) and forecast follow from it;
2. the strategy's planner is asked for a plan;
3. best answer first: the new plan, else the last good one (with the links of dead helpers cut), else the safe plan;
4. the policy is renewed with a new id and expiry, even where the plan is the same as before.

Nothing of a failed solve is carried over: the next one starts without a previous plan. Effects are data; the shell
journals a PutPolicy before it sends it, and writes Notes to log and journal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from gridran.outcome import Feasible, Infeasible, Optimal, Outcome, TimedOut
from gridran.policy_slots import in_force
from gridran.scenario.params import EvParams, PlanningParams, Scenario
from gridran.service import readable
from gridran.strategies import Strategy
from gridran.types import BoolArray, FloatArray, Forecast, IntArray, Network, PlanTier, Policy, PolicySlot, Telemetry
from gridran.units import min_to_h
from rapp import notes
from rapp.clusters.planner import Each
from rapp.clusters.planner import plan as by_cluster
from rapp.forecast import FORECASTERS, ev_energy
from rapp.forecast.base import Ahead
from rapp.forecast.history import History, empty_history, mean_load_kw, recorded
from rapp.links import shape_faults, without_dead_helpers
from rapp.notes import Note
from rapp.plan import Plan, PlanProblem, from_now
from rapp.planners import BY_CLUSTER, Planner, planner_named
from rapp.policy import make_policy
from rapp.price import PriceRule, offered_usd_per_kwh, price_rule_named, survival_h
from rapp.safe_plan import NOTHING_PROVEN, safe_plan


@dataclass(frozen=True)
class Settings:
    """What does not change during a run. ``planner`` and ``price_rule`` are what the strategy names."""

    network: Network
    strategy: Strategy
    planner: Planner
    price_rule: PriceRule
    planning: PlanningParams
    ev: EvParams
    class_weight: FloatArray
    start_hour: float
    plan_period_h: float


@dataclass(frozen=True)
class GoodPlan:
    """The last plan that a planner gave, and when it was made."""

    plan: Plan
    made_h: float


@dataclass(frozen=True)
class State:
    """``last_good``: the plan to fall back on; ``start_from``: the plan that the next solve may start from (None after
    a failure); ``policy``: the last one published; ``enforced``: what the xApp last said of it (None: nothing yet)."""

    settings: Settings
    history: History
    last_good: GoodPlan | None = None
    start_from: Plan | None = None
    policy: Policy | None = None
    last_period: int = -1
    enforced: bool | None = None


@dataclass(frozen=True)
class TelemetryArrived:
    """The O1 report of a planning boundary."""

    telemetry: Telemetry


@dataclass(frozen=True)
class PolicyStatusArrived:
    """The xApp's answer to a policy: ENFORCED, or NOT_ENFORCED with its reason."""

    policy_id: str
    enforced: bool
    reason: str


@dataclass(frozen=True)
class PutPolicy:
    """Publish this policy. Journal it first: after a crash the last journalled policy is the one in force."""

    policy: Policy


Event = TelemetryArrived | PolicyStatusArrived
Effect = PutPolicy | Note


@dataclass(frozen=True)
class _Choice:
    """A plan to publish and how it came about."""

    plan: Plan
    tier: PlanTier
    gap_frac: float
    made_h: float


def initial(scenario: Scenario, strategy: Strategy, history: History | None = None, each: Each = map) -> State:
    """The state before the first report; ``each`` plans the clusters of a large network. ValueError where the strategy
    or scenario names something unknown."""
    forecast = scenario.planning.forecast
    if forecast not in FORECASTERS:
        raise ValueError(f"forecast {forecast!r} is unknown; choose one of {', '.join(FORECASTERS)}")
    settings = Settings(
        network=scenario.network,
        strategy=strategy,
        planner=_planner(strategy.planner, scenario.planning.cluster_sites, each),
        price_rule=price_rule_named(strategy.price_rule),
        planning=scenario.planning,
        ev=scenario.ev,
        class_weight=np.array(scenario.traffic.class_weight),
        start_hour=scenario.time.start_hour,
        plan_period_h=min_to_h(scenario.time.plan_period_min),
    )
    return State(settings, history or empty_history(scenario.network.site_count))


def _planner(name: str, most_sites: int, each: Each) -> Planner:
    planner = planner_named(name)
    return partial(by_cluster, planner=planner, most_sites=most_sites, each=each) if name in BY_CLUSTER else planner


def planned_by(state: State, planner: Planner) -> State:
    """``state`` where ``planner`` decides the modes instead of the strategy's own."""
    return replace(state, settings=replace(state.settings, planner=planner))


def resumed(state: State, policy: Policy) -> State:
    """``state`` after a restart with the last journalled ``policy``: its plan is the last good one again."""
    if policy.tier is PlanTier.SAFE:
        return replace(state, policy=policy)
    unknown = np.full(state.settings.network.site_count, np.nan)
    plan = Plan(
        mode=policy.mode,
        links=policy.links,
        band_on=policy.band_planned,
        mean_power_kw=unknown,
        survival_h=NOTHING_PROVEN,
        bound_survival_h=NOTHING_PROVEN,
        service_frac=policy.service_frac,
        availability_frac=policy.availability_frac,
        slots=policy.slots,
    )
    good = GoodPlan(plan, policy.issued_h - policy.plan_age_h)
    return replace(state, policy=policy, last_good=good, start_from=plan)


def step(state: State, event: Event) -> tuple[State, tuple[Effect, ...]]:
    """The state after ``event``, and what the shell must do, in order."""
    match event:
        case TelemetryArrived(telemetry):
            return _on_telemetry(state, telemetry)
        case PolicyStatusArrived():
            return _on_status(state, event)


def _on_status(state: State, event: PolicyStatusArrived) -> tuple[State, tuple[Effect, ...]]:
    note = notes.policy_status(event.policy_id, event.enforced, event.reason)
    if state.policy is None or event.policy_id != state.policy.policy_id:
        return state, (note,)  # an answer to an older policy says nothing of this one
    return replace(state, enforced=event.enforced), (note,)


def _on_telemetry(state: State, telemetry: Telemetry) -> tuple[State, tuple[Effect, ...]]:
    period = telemetry.snapshot.period
    if period < state.last_period:
        return state, (notes.stale_telemetry(period, state.last_period),)
    if period == state.last_period and state.policy is not None:
        return state, (PutPolicy(state.policy),)  # a duplicate: the same answer again
    telemetry = replace(telemetry, snapshot=readable(telemetry.snapshot))
    state = replace(state, history=recorded(state.history, telemetry), last_period=period)
    price_usd_per_kwh, unpriced = _price(state, telemetry)
    problem = _problem(state, telemetry, price_usd_per_kwh)
    outcome = _solve(state, problem)
    choice = _choose(state, problem, outcome)
    policy = make_policy(
        problem,
        choice.plan,
        policy_id=f"{state.settings.strategy.name}-{period:07d}",
        strategy=state.settings.strategy.name,
        tier=choice.tier,
        gap_frac=choice.gap_frac,
        made_h=choice.made_h,
    )
    said = _explain(state, problem, outcome, choice, policy)
    if unpriced:
        said = (Note("price-failed", {"time_h": problem.snapshot.time_h, "why": unpriced}), *said)
    effects: tuple[Effect, ...] = (*said, PutPolicy(policy))
    return _remember(state, outcome, choice, policy), effects


def _price(state: State, telemetry: Telemetry) -> tuple[FloatArray, str]:
    """The offer [N] of the strategy's price rule, and why it is the flat one instead, if it is."""
    settings = state.settings
    left_h = survival_h(settings.network, telemetry.snapshot, _mean_power_kw(state, telemetry))
    return offered_usd_per_kwh(settings.price_rule, settings.ev, left_h)


def _problem(state: State, telemetry: Telemetry, price_usd_per_kwh: FloatArray) -> PlanProblem:
    settings = state.settings
    return PlanProblem(
        network=settings.network,
        snapshot=telemetry.snapshot,
        forecast=_forecast(state, telemetry, price_usd_per_kwh),
        previous=state.start_from,
        params=settings.planning,
        price_usd_per_kwh=price_usd_per_kwh,
        class_weight=settings.class_weight,
    )


def _mean_power_kw(state: State, telemetry: Telemetry) -> FloatArray:
    """P̄_i of (16): over the last H of (26), or the last period where nothing longer is known. A site that sleeps now
    was awake and will be: its energy is not worth less than that of the site that works."""
    mean_kw = mean_load_kw(state.history, state.settings.planning.horizon_h)
    return np.where(np.isnan(mean_kw), telemetry.snapshot.load_kw, mean_kw)


def _forecast(state: State, telemetry: Telemetry, price_usd_per_kwh: FloatArray) -> Forecast:
    settings = state.settings
    horizon_h, step_h = settings.planning.horizon_h, settings.plan_period_h
    ahead = Ahead(telemetry.snapshot.time_h, step_h, max(1, round(horizon_h / step_h)), settings.start_hour)
    expected_frac = FORECASTERS[settings.planning.forecast](state.history, ahead)
    return Forecast(
        horizon_h=horizon_h,
        step_h=step_h,
        demand_frac=expected_frac * (1.0 + settings.planning.forecast_error_frac),
        ev_energy_kwh=ev_energy.expected_kwh(
            settings.network, settings.ev, telemetry, price_usd_per_kwh, horizon_h, ahead.steps
        ),
        ev_parked_kwh=ev_energy.parked_kwh(settings.network, settings.ev, telemetry, price_usd_per_kwh, horizon_h),
    )


def _solve(state: State, problem: PlanProblem) -> Outcome[Plan]:
    """The planner's outcome; a planner that raises, or answers with nonsense, has failed like any other."""
    try:
        outcome = state.settings.planner(problem)
    except Exception as error:  # the one place where a planner's bug is turned into a failed solve
        return Infeasible(f"the planner raised {type(error).__name__}: {error}")
    faults = shape_faults(problem.network, outcome.value) if isinstance(outcome, Optimal | Feasible) else ()
    return Infeasible(f"the planner's answer cannot be used: {'; '.join(faults)}") if faults else outcome


def _choose(state: State, problem: PlanProblem, outcome: Outcome[Plan]) -> _Choice:
    now_h = problem.snapshot.time_h
    match outcome:
        case Optimal(plan, gap) | Feasible(plan, gap) if np.isnan(gap):
            return _Choice(plan, PlanTier.RULE, gap, now_h)
        case Optimal(plan, gap):
            return _Choice(plan, PlanTier.OPTIMAL, gap, now_h)
        case Feasible(plan, gap):
            return _Choice(plan, PlanTier.FEASIBLE, gap, now_h)
    good = state.last_good
    if good is not None and now_h - good.made_h <= state.settings.planning.horizon_h:
        return _Choice(_repaired(good.plan, problem), PlanTier.LAST_GOOD, NOTHING_PROVEN, good.made_h)
    return _Choice(safe_plan(problem.network, problem.snapshot), PlanTier.SAFE, NOTHING_PROVEN, now_h)


def _repaired(plan: Plan, problem: PlanProblem) -> Plan:
    """What is left of an old plan, without the links of helpers that died since, now and in its later slots; the sites
    it wakes have every carrier again."""
    alive = problem.snapshot.site_up | problem.snapshot.grid_up
    left = from_now(plan, problem.snapshot.time_h)
    mode, links, band_on = _without_dead(left.mode, left.links, left.band_on, alive)
    slots = tuple(_slot_without_dead(slot, alive) for slot in left.slots)
    return replace(left, mode=mode, links=links, band_on=band_on, slots=slots)


def _slot_without_dead(slot: PolicySlot, alive: BoolArray) -> PolicySlot:
    mode, links, band_on = _without_dead(slot.mode, slot.links, slot.band_planned, alive)
    return replace(slot, mode=mode, links=links, band_planned=band_on)


def _without_dead(
    mode: IntArray, links: tuple[tuple[int, int], ...], band_on: BoolArray, alive: BoolArray
) -> tuple[IntArray, tuple[tuple[int, int], ...], BoolArray]:
    repaired, kept = without_dead_helpers(mode, links, alive)
    return repaired, kept, band_on | (repaired != mode)[:, None]


def _remember(state: State, outcome: Outcome[Plan], choice: _Choice, policy: Policy) -> State:
    failed = isinstance(outcome, Infeasible | TimedOut)
    return replace(
        state,
        last_good=state.last_good if failed else GoodPlan(choice.plan, choice.made_h),
        start_from=None if failed else choice.plan,
        policy=policy,
        enforced=None,
    )


def _explain(
    state: State, problem: PlanProblem, outcome: Outcome[Plan], choice: _Choice, policy: Policy
) -> tuple[Note, ...]:
    said: list[Note] = []
    if isinstance(outcome, Infeasible | TimedOut):
        said.append(notes.plan_failed(problem, outcome))
    said.append(notes.plan_published(problem, choice.plan, policy))
    said += notes.broken_rules(problem, choice.plan)
    now_h = problem.snapshot.time_h
    mode_before = in_force(state.policy, now_h).mode if state.policy else problem.snapshot.mode
    said += notes.mode_changes(problem, choice.plan, mode_before)
    return tuple(said)
