"""The planning core with its memory: one state, journalled before anything is published."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from google.protobuf.message import DecodeError

from gridran.runtime.notefile import NoteFile
from gridran.scenario.params import Scenario
from gridran.strategies import Strategy
from gridran.types import Network, Policy, Telemetry
from gridran.wire.convert import WireError, policy_from_proto, policy_to_proto
from gridran.wire.v1 import a1_policy_pb2 as a1
from rapp import core
from rapp.a1.port import Status
from rapp.clusters.planner import Each
from rapp.journal import RappJournal
from rapp.metrics import RappMetrics
from rapp.notes import Note


class Planning:
    """The rApp's state and its journal. Threads may share it; one event is dealt with at a time."""

    def __init__(
        self,
        scenario: Scenario,
        strategy: Strategy,
        journal: RappJournal,
        notes: NoteFile | None,
        metrics: RappMetrics,
        log: Any,
        each: Each = map,
    ) -> None:
        self._scenario, self._strategy = scenario, strategy
        self._journal, self._notes, self._metrics, self._log = journal, notes, metrics, log
        self._lock, self._each = threading.Lock(), each
        self._state = self._fresh()
        self._node_id = ""
        self._time_h = 0.0
        self._last_status: Status | None = None

    @property
    def network(self) -> Network:
        return self._state.settings.network

    def meet(self, node_id: str, network: Network) -> None:
        """The node is known: what was journalled of the same run is read back, anything else forgotten."""
        with self._lock:
            if node_id == self._node_id:
                return
            if network != self._scenario.network:
                self._log.warning("the node's network is not that of the configuration: the node's counts")
                self._scenario = replace(self._scenario, network=network)
            self._node_id = node_id
            self._state = self._remembered() if self._journal.run() == node_id else self._fresh()
            self._journal.record_run(node_id)

    def plan(self, telemetry: Telemetry) -> Policy | None:
        """The policy for the coming plan period, journalled; None where the report is stale."""
        with self._lock:
            began_s = time.perf_counter()
            self._time_h = telemetry.snapshot.time_h
            self._state, effects = core.step(self._state, core.TelemetryArrived(telemetry))
            policy = next((effect.policy for effect in effects if isinstance(effect, core.PutPolicy)), None)
            if policy is not None:
                wire = policy_to_proto(policy, self.network).SerializeToString(deterministic=True)
                self._journal.record_history(self._state.history)
                self._journal.record_policy(policy.policy_id, wire)
                self._metrics.planned(policy, time.perf_counter() - began_s)
            self._write_notes(effects)
            return policy

    def answered(self, status: Status) -> None:
        """What the xApp says of a policy."""
        with self._lock:
            if status == self._last_status:
                return  # the answer to the put, heard once more by the watch
            self._last_status = status
            event = core.PolicyStatusArrived(status.policy_id, status.enforced, status.reason)
            self._state, effects = core.step(self._state, event)
            self._metrics.enforced.set(bool(self._state.enforced))
            self._write_notes(effects)

    def close(self) -> None:
        """Closes the files."""
        with self._lock:
            self._journal.close()
            if self._notes is not None:
                self._notes.close()

    def _fresh(self) -> core.State:
        return core.initial(self._scenario, self._strategy, each=self._each)

    def _remembered(self) -> core.State:
        """The state with the journalled history and last policy."""
        try:
            history = self._journal.history(self._scenario.network.site_count)
            state = core.initial(self._scenario, self._strategy, history, self._each)
            payload = self._journal.last_policy()
            if payload is None:
                return state
            policy = policy_from_proto(a1.Policy.FromString(payload), self._scenario.network)
        except (ValueError, DecodeError, WireError) as error:
            self._log.warning("the journal does not fit", why=str(error))
            return self._fresh()
        self._log.info("policy read back", policy_id=policy.policy_id)
        return core.resumed(state, policy)

    def _note_down(self, time_h: float, note: Note) -> None:
        """Adds a line for people; one that the disk refuses must not cost a decision."""
        if self._notes is None:
            return
        try:
            self._notes.write(time_h, note.kind, note.fields)
        except OSError as error:
            self._log.warning("note not written", why=str(error))

    def _write_notes(self, effects: Iterable[core.Effect]) -> None:
        for note in (effect for effect in effects if isinstance(effect, Note)):
            self._metrics.noted(note)
            self._journal.record_note(note)
            if note.kind != "mode-change":
                self._log.info(note.kind, **note.fields)
            self._note_down(self._time_h, note)
