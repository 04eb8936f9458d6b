"""The fast loop as a pure function: ``step(state, event) -> (state, effects)``.

The xApp acts on the last report and the policy in force, never on remembered events: a missed report, a restart or
a duplicate is harmless. When the policy expires it falls back to ``independent`` and says so once; a fresh policy
ends the fallback. Effects are data. The shell journals an accepted policy before it answers, and a control before
it sends it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gridran.policy_slots import in_force
from gridran.scenario.params import ControlParams, Scenario
from gridran.service import readable
from gridran.strategies import FALLBACK, Strategy, strategy_in_force
from gridran.types import Dispatch, FloatArray, Network, Policy, Snapshot
from gridran.units import s_to_h
from xapp import notes
from xapp.dispatch.rescue import with_rescue
from xapp.dispatch.task import DispatchTask
from xapp.dispatchers import dispatcher_named
from xapp.effect import sites_without_effect
from xapp.fallback import fallback_policy
from xapp.last_resort import decided
from xapp.notes import Note
from xapp.policy_check import policy_problem
from xapp.safety import clamp
from xapp.supply import within_supply


@dataclass(frozen=True)
class Settings:
    """What does not change during a run. ``shares_energy``: cables bring sites what their own plants cannot give."""

    network: Network
    control: ControlParams
    period_h: float
    class_weight: FloatArray
    base_price_usd_per_kwh: float
    shares_energy: bool


@dataclass(frozen=True)
class State:
    """``policy``: the last accepted one, in force until it expires; ``sent``: the last control, ``acked``: whether the
    node took it; ``earlier``: the last control of a period before that of ``sent``, so that a report that arrives twice
    is the same question twice; ``fallen_back``: the fallback has been announced."""

    settings: Settings
    policy: Policy | None = None
    sent: Dispatch | None = None
    earlier: Dispatch | None = None
    acked: bool = False
    fallen_back: bool = False
    last_period: int = -1


@dataclass(frozen=True)
class PolicyPut:
    policy: Policy


@dataclass(frozen=True)
class PolicyDeleted:
    policy_id: str


@dataclass(frozen=True)
class Report:
    snapshot: Snapshot


@dataclass(frozen=True)
class ControlOutcome:
    period: int
    acked: bool
    reason: str


@dataclass(frozen=True)
class SendControl:
    """Send this to the node. Journal it first."""

    dispatch: Dispatch


@dataclass(frozen=True)
class PolicyStatus:
    """ENFORCED or NOT_ENFORCED with a reason. Journal an enforced policy before this is told to anybody."""

    policy_id: str
    enforced: bool
    reason: str


Event = PolicyPut | PolicyDeleted | Report | ControlOutcome
Effect = SendControl | PolicyStatus | Note


def initial(scenario: Scenario, strategy: Strategy) -> State:
    """The state before the first policy. ValueError: the strategy's dispatcher is unknown."""
    dispatcher_named(strategy.dispatcher)
    settings = Settings(
        network=scenario.network,
        control=scenario.control,
        period_h=s_to_h(scenario.time.period_s),
        class_weight=np.array(scenario.traffic.class_weight),
        base_price_usd_per_kwh=scenario.ev.base_price_usd_per_kwh,
        shares_energy=scenario.microgrid.topology != "none",
    )
    return State(settings)


def resumed(state: State, policy: Policy | None) -> State:
    """``state`` after a restart, with the last journalled policy."""
    return replace(state, policy=policy)


def step(state: State, event: Event) -> tuple[State, tuple[Effect, ...]]:
    """The state after ``event``, and what the shell must do, in order."""
    match event:
        case PolicyPut(policy):
            return _on_policy(state, policy)
        case PolicyDeleted(policy_id):
            return _on_deleted(state, policy_id)
        case Report(snapshot):
            return _on_report(state, snapshot)
        case ControlOutcome():
            return _on_outcome(state, event)


def _on_policy(state: State, policy: Policy) -> tuple[State, tuple[Effect, ...]]:
    problem = policy_problem(state.settings.network, policy)
    if state.policy is not None and policy.issued_h < state.policy.issued_h:
        problem = problem or f"issued_h: older than the policy in force, {state.policy.policy_id}"
    fields: dict[str, notes.Json] = {"policy_id": policy.policy_id, "time_h": policy.issued_h}
    if problem:
        note = Note("policy-rejected", {**fields, "reason": problem})
        return state, (note, PolicyStatus(policy.policy_id, False, problem))
    accepted = replace(state, policy=policy, fallen_back=False)
    note = Note("policy-accepted", {**fields, "valid_until_h": policy.valid_until_h, "tier": policy.tier.value})
    return accepted, (note, PolicyStatus(policy.policy_id, True, ""))


def _on_deleted(state: State, policy_id: str) -> tuple[State, tuple[Effect, ...]]:
    if state.policy is None or state.policy.policy_id != policy_id:
        return state, (PolicyStatus(policy_id, False, "no such policy in force"),)
    return replace(state, policy=None), (PolicyStatus(policy_id, False, "deleted"),)


def _on_report(state: State, snapshot: Snapshot) -> tuple[State, tuple[Effect, ...]]:
    if snapshot.period < state.last_period:
        note = Note("stale-report", {"period": snapshot.period, "last_period": state.last_period})
        return state, (note,)
    state, said = _in_force(state, snapshot)
    task = task_of(state, snapshot)
    effects: list[Effect] = [*said, *_observed(state, snapshot), *_slot_changes(state, task)]
    proposed, faults = decided(task, dispatcher_named(_strategy(task.policy).dispatcher))
    control = clamp(task, proposed)
    effects += [Note("dispatch-failed", {"period": snapshot.period, "reason": why}) for why in faults]
    effects += [notes.dispatched(snapshot, control), SendControl(control)]
    after = replace(state, sent=control, earlier=task.previous, acked=False, last_period=snapshot.period)
    return after, tuple(effects)


def _in_force(state: State, snapshot: Snapshot) -> tuple[State, tuple[Effect, ...]]:
    """Drop an expired policy, and say once that the fallback has taken over."""
    policy = state.policy
    expired = policy is not None and snapshot.time_h >= policy.valid_until_h
    if policy is not None and not expired:
        return state, ()
    effects: list[Effect] = []
    if policy is not None:
        effects.append(PolicyStatus(policy.policy_id, False, "expired"))
    if not state.fallen_back:
        why = "policy expired" if policy is not None else "no policy yet"
        effects.append(Note("fallback", {"time_h": snapshot.time_h, "strategy": FALLBACK, "reason": why}))
    return replace(state, policy=None, fallen_back=True), tuple(effects)


def shows_last(state: State, snapshot: Snapshot) -> bool:
    """Whether the report shows what came of the last control, which the node acknowledged."""
    return state.sent is not None and state.acked and snapshot.period == state.sent.period + 1


def _observed(state: State, snapshot: Snapshot) -> tuple[Effect, ...]:
    """A note where the node acknowledged the last control and its report shows something else."""
    if state.sent is None or not shows_last(state, snapshot):
        return ()
    missing = np.flatnonzero(sites_without_effect(state.sent, snapshot))
    if not missing.size:
        return ()
    ids: list[notes.Json] = [state.settings.network.sites[i].site_id for i in missing.tolist()]
    return (Note("control-without-effect", {"time_h": snapshot.time_h, "period": state.sent.period, "sites": ids}),)


def task_of(state: State, snapshot: Snapshot) -> DispatchTask:
    """What the dispatcher is asked at this report: the policy in force, or the fallback, within what the plant can
    give, and with the sites awake that emergency users need."""
    settings = state.settings
    policy = state.policy or fallback_policy(
        settings.network, snapshot, settings.class_weight, settings.base_price_usd_per_kwh
    )
    now = in_force(policy, snapshot.time_h)
    strategy = _strategy(policy)
    repeated = state.sent is not None and state.sent.period >= snapshot.period
    previous = state.earlier if repeated else state.sent
    task = DispatchTask(
        network=settings.network,
        snapshot=readable(snapshot),
        policy=now if settings.shares_energy else within_supply(now, settings.network, snapshot, settings.period_h),
        association=strategy.association,
        band_rule=strategy.band_rule,
        control=settings.control,
        period_h=settings.period_h,
        previous=previous,
        slot_begins=_before_slot(state, policy, previous, snapshot) is not None,
    )
    return with_rescue(task)


def _before_slot(state: State, policy: Policy, previous: Dispatch | None, snapshot: Snapshot) -> Policy | None:
    """``policy`` as it stood at ``previous``, if that was under it and one of its slots has begun since."""
    if previous is None or previous.policy_id != policy.policy_id:
        return None
    before = in_force(policy, snapshot.time_h - (snapshot.period - previous.period) * state.settings.period_h)
    return before if len(before.slots) > len(in_force(policy, snapshot.time_h).slots) else None


def _slot_changes(state: State, task: DispatchTask) -> list[Note]:
    """What the slot that begins with this period changes."""
    before = state.policy and _before_slot(state, state.policy, task.previous, task.snapshot)
    return notes.mode_changes(task.network, task.snapshot, before, task.policy) if before else []


def _strategy(policy: Policy) -> Strategy:
    return strategy_in_force(policy.strategy)


def _on_outcome(state: State, event: ControlOutcome) -> tuple[State, tuple[Effect, ...]]:
    if state.sent is None or event.period != state.sent.period:
        return state, ()
    if event.acked:
        return replace(state, acked=True), ()
    return replace(state, acked=False), (Note("control-failed", {"period": event.period, "reason": event.reason}),)
