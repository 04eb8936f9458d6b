"""The decision core with its memory: one state, shared by the A1 and E2 sides, journalled before anything is said.

Every method runs one event through ``core.step`` and carries out the effects that stay in the house (journal, notes,
status); what must be sent is returned.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from google.protobuf.message import DecodeError

from gridran.runtime.audience import Audience
from gridran.runtime.notefile import NoteFile
from gridran.scenario.params import Scenario
from gridran.strategies import Strategy
from gridran.types import Dispatch, Network, Policy, Snapshot
from gridran.wire.convert import WireError, policy_from_proto
from gridran.wire.v1 import a1_policy_pb2 as a1
from xapp import core
from xapp.journal import XappJournal
from xapp.metrics import XappMetrics
from xapp.notes import Note

_WATCHERS_BUFFERED = 64
_MISSING = "control-without-effect"


class Decider:
    """The xApp's state and its journal. Threads may share it; one event is dealt with at a time."""

    def __init__(
        self,
        scenario: Scenario,
        strategy: Strategy,
        journal: XappJournal,
        notes: NoteFile | None,
        metrics: XappMetrics,
        log: Any,
    ) -> None:
        self._scenario, self._strategy = scenario, strategy
        self._journal, self._notes, self._metrics, self._log = journal, notes, metrics, log
        self._lock = threading.RLock()
        self._state = core.initial(scenario, strategy)
        self._held: a1.Policy | None = None
        self._time_h = 0.0
        self.statuses: Audience[a1.PolicyStatus] = Audience(threading.Condition(self._lock), _WATCHERS_BUFFERED)
        self._resume()

    @property
    def network(self) -> Network:
        return self._state.settings.network

    @property
    def held_policy(self) -> a1.Policy | None:
        """The policy that was accepted last, enforced or expired; None before the first and when it was deleted."""
        return self._held

    @property
    def status(self) -> a1.PolicyStatus | None:
        """What is said of the held policy."""
        return self.statuses.present

    def meet(self, node_id: str, network: Network) -> None:
        """The node that was set up. What was remembered of another run of it is forgotten."""
        identity = node_id.encode()
        with self._lock:
            if self._journal.subscription() not in (None, identity):
                self._log.info("a new run of the node: the old policy is forgotten", e2_node_id=node_id)
                self._forget()
                self._state = core.initial(self._scenario, self._strategy)
            if network != self.network:
                self._log.warning("the node's network is not that of the configuration: the node's counts")
                self._scenario = replace(self._scenario, network=network)
                self._state = core.initial(self._scenario, self._strategy)
            self._journal.record_subscription(identity)

    def put(self, message: a1.Policy, policy: Policy) -> core.PolicyStatus:
        """A policy, checked as a message. Accepted, it is in the journal when this returns."""
        with self._lock:
            state, effects = core.step(self._state, core.PolicyPut(policy))
            status = next(effect for effect in effects if isinstance(effect, core.PolicyStatus))
            if status.enforced:
                self._journal.record_policy(policy.policy_id, message.SerializeToString(deterministic=True))
                self._hold(message)
                self._say(status)
            self._state = state  # only now: what cannot be journalled does not act
            self._metrics.policies.labels("accepted" if status.enforced else "rejected").inc()
            self._write_notes(effects, policy.issued_h)
            return status

    def delete(self, policy_id: str) -> bool:
        """Forgets the held policy; False where it is another."""
        with self._lock:
            if self._held is None or self._held.policy_id != policy_id:
                return False
            effects = self._step(core.PolicyDeleted(policy_id))
            self._forget()
            self.statuses.publish(status_to_proto(core.PolicyStatus(policy_id, False, "deleted")), present=False)
            self._write_notes(effects, self._time_h)
            return True

    def report(self, snapshot: Snapshot) -> Dispatch | None:
        """The control for the period, journalled; None where the report is stale."""
        with self._lock:
            began_s = time.perf_counter()
            self._time_h = snapshot.time_h
            shows_last = core.shows_last(self._state, snapshot)
            effects = self._step(core.Report(snapshot))
            if shows_last:
                self._metrics.observed(missing=any(isinstance(e, Note) and e.kind == _MISSING for e in effects))
            control = next((effect.dispatch for effect in effects if isinstance(effect, core.SendControl)), None)
            if control is not None:
                self._journal.record_decision(control.period, decision_line(control))
                self._metrics.decided(self._state, snapshot, control, time.perf_counter() - began_s)
            for status in (effect for effect in effects if isinstance(effect, core.PolicyStatus)):
                self._log.warning("policy not enforced", policy_id=status.policy_id, reason=status.reason)
                self._say(status)
            self._write_notes(effects, snapshot.time_h)
            return control

    def control_outcome(self, period: int, acked: bool, reason: str) -> None:
        """What the node said to a control."""
        with self._lock:
            self._metrics.controls.labels("acked" if acked else "failed").inc()
            self._write_notes(self._step(core.ControlOutcome(period, acked, reason)), self._time_h)

    def close(self) -> None:
        """Ends the watchers' streams and closes the files."""
        self.statuses.close()
        with self._lock:
            self._journal.close()
            if self._notes is not None:
                self._notes.close()

    def _resume(self) -> None:
        payload = self._journal.last_policy()
        if payload is None:
            return
        try:
            message = a1.Policy.FromString(payload)
            policy = policy_from_proto(message, self.network)
        except (DecodeError, WireError) as error:  # damaged, or of another network: as good as none
            self._log.warning("the journalled policy does not fit", why=str(error))
            return
        self._state = core.resumed(self._state, policy)
        self._hold(message)
        self._say(core.PolicyStatus(policy.policy_id, True, ""))
        self._log.info("policy read back", policy_id=policy.policy_id, valid_until_h=policy.valid_until_h)

    def _step(self, event: core.Event) -> tuple[core.Effect, ...]:
        self._state, effects = core.step(self._state, event)
        return effects

    def _hold(self, message: a1.Policy) -> None:
        replaced = self._held
        self._held = message
        if replaced is not None and replaced.policy_id != message.policy_id:
            self._say(core.PolicyStatus(replaced.policy_id, False, f"replaced by {message.policy_id}"))

    def _forget(self) -> None:
        self._journal.forget_policy()
        self._held = None
        self.statuses.forget_present()

    def _say(self, status: core.PolicyStatus) -> None:
        self.statuses.publish(status_to_proto(status))

    def _note_down(self, time_h: float, note: Note) -> None:
        """Adds a line for people; one that the disk refuses must not cost a decision."""
        if self._notes is None:
            return
        try:
            self._notes.write(time_h, note.kind, note.fields)
        except OSError as error:
            self._log.warning("note not written", why=str(error))

    def _write_notes(self, effects: Iterable[core.Effect], time_h: float) -> None:
        for note in (effect for effect in effects if isinstance(effect, Note)):
            if note.kind not in ("dispatch", "mode-change"):
                self._log.info(note.kind, **note.fields)
            self._note_down(time_h, note)


def status_to_proto(status: core.PolicyStatus) -> a1.PolicyStatus:
    enforced = a1.ENFORCE_STATUS_ENFORCED if status.enforced else a1.ENFORCE_STATUS_NOT_ENFORCED
    return a1.PolicyStatus(policy_id=status.policy_id, enforce_status=enforced, reason=status.reason)


def decision_line(control: Dispatch) -> bytes:
    """A decision in short: enough to see what was ordered, and a digest to prove it."""
    digest = hashlib.sha256(control.ue_site.tobytes() + control.rate_mbps.tobytes() + control.shed_reason.tobytes())
    line = {
        "period": control.period,
        "policy_id": control.policy_id,
        "strategy": control.strategy,
        "tier": control.tier.value,
        "mode": control.mode.tolist(),
        "band_on": ["".join("01"[on] for on in row) for row in control.band_on.tolist()],
        "v2g_kw": control.v2g_kw.tolist(),
        "users": digest.hexdigest(),
    }
    return json.dumps(line, separators=(",", ":")).encode()
