"""What the rApp must not lose: its policies, what it said about them, and the traffic history behind its forecasts."""

from __future__ import annotations

import json
from pathlib import Path

from gridran.runtime.journal import Entry, Journal
from rapp.forecast.history import History, history_from_json, history_to_json
from rapp.notes import Json, Note

_POLICY, _HISTORY, _NOTE, _RUN = "policy", "history", "note", "run"
KEPT_ENTRIES = 20_000


class RappJournal:
    """The rApp's journal in ``path``. A policy is its wire bytes; write it here before it is sent."""

    def __init__(self, path: Path | str, keep: int = KEPT_ENTRIES) -> None:
        self._journal = Journal(path, keep)

    def record_policy(self, policy_id: str, policy: bytes) -> None:
        """The policy about to be published: the last one from now on, and one more in the log."""
        self._journal.put_and_append(_POLICY, _POLICY, policy_id, policy)

    def last_policy(self) -> bytes | None:
        """The last policy recorded, None on the first boot."""
        return self._journal.get(_POLICY)

    def policies(self, limit: int | None = None) -> list[Entry]:
        """The newest policies by policy id, oldest first."""
        return self._journal.entries(_POLICY, limit)

    def record_run(self, run_id: str) -> None:
        """From now on the journal is about this run of the node."""
        self._journal.put(_RUN, run_id.encode())

    def run(self) -> str:
        """The run that the journal is about, empty on the first boot."""
        return (self._journal.get(_RUN) or b"").decode()

    def record_history(self, history: History) -> None:
        self._journal.put(_HISTORY, history_to_json(history))

    def history(self, site_count: int) -> History | None:
        """The history recorded last, None where there is none. ValueError where it is of another network."""
        payload = self._journal.get(_HISTORY)
        return None if payload is None else history_from_json(payload, site_count)

    def record_note(self, note: Note) -> None:
        self._journal.append(_NOTE, note.kind, json.dumps(note.fields).encode())

    def notes(self, limit: int | None = None) -> list[Note]:
        """The newest notes, oldest first."""
        return [Note(entry.key, _fields(entry.payload)) for entry in self._journal.entries(_NOTE, limit)]

    def close(self) -> None:
        self._journal.close()


def _fields(payload: bytes) -> dict[str, Json]:
    fields: dict[str, Json] = json.loads(payload)
    return fields
