"""A journal on disk that survives kill -9 and power loss: SQLite in WAL mode, synced at every commit.

Two kinds of content, both bytes: *facts*, of which only the latest counts (last policy, subscription), and *entries*
of a log (decisions), pruned to the newest ``keep`` of each kind so that the file stays bounded. Every write is its own
transaction: once a call returns, a crash cannot lose it; before it returns, nothing of it can be seen.
"""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, payload BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL, payload BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS entry_of_kind ON entry (kind, id);
"""
_PRUNE = """
DELETE FROM entry WHERE kind = ?1 AND id <= (SELECT id FROM entry WHERE kind = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)
"""


_COLUMNS = ("SELECT name, payload FROM fact LIMIT 0", "SELECT id, kind, key, payload FROM entry LIMIT 0")


class JournalError(OSError):
    """A file that cannot serve as a journal; one line that names it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log: ``key`` is the writer's own (a period, a policy id)."""

    key: str
    payload: bytes


class Journal:
    """The journal in ``path``, made there if need be; ``":memory:"`` keeps it in memory. Safe to share by threads.

    ``keep``: entries kept of each kind. Raises ``JournalError`` where the file is no journal or another process
    holds it.
    """

    def __init__(self, path: Path | str, keep: int = 10_000) -> None:
        self._keep = keep
        self._lock = threading.Lock()
        try:
            self._db = _opened(path)
        except sqlite3.Error as error:
            raise JournalError(f"journal {path}: {error}; give another file, or move this one away") from None

    def put(self, name: str, payload: bytes) -> None:
        """Replace the fact ``name``."""
        self._write(("INSERT OR REPLACE INTO fact VALUES (?1, ?2)", (name, payload)))

    def forget(self, name: str) -> None:
        """Remove the fact ``name``; nothing happens where there is none."""
        self._write(("DELETE FROM fact WHERE name = ?1", (name,)))

    def get(self, name: str) -> bytes | None:
        """The fact ``name``, None where there is none."""
        rows = self._read("SELECT payload FROM fact WHERE name = ?1", (name,))
        return bytes(rows[0][0]) if rows else None

    def append(self, kind: str, key: str, payload: bytes) -> None:
        """Add an entry to the log of ``kind``, and drop its oldest beyond ``keep``."""
        self._write(self._insert(kind, key, payload), (_PRUNE, (kind, self._keep)))

    def put_and_append(self, name: str, kind: str, key: str, payload: bytes) -> None:
        """The fact ``name`` and an entry of ``kind`` with the same payload, both or neither."""
        self._write(
            ("INSERT OR REPLACE INTO fact VALUES (?1, ?2)", (name, payload)),
            self._insert(kind, key, payload),
            (_PRUNE, (kind, self._keep)),
        )

    def entries(self, kind: str, limit: int | None = None) -> list[Entry]:
        """The newest ``limit`` entries of ``kind`` (all where None), oldest first."""
        query = "SELECT key, payload FROM entry WHERE kind = ?1 ORDER BY id DESC LIMIT ?2"
        rows = self._read(query, (kind, -1 if limit is None else limit))
        return [Entry(str(key), bytes(payload)) for key, payload in reversed(rows)]

    def close(self) -> None:
        """Write everything into the main file and let go of it."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @staticmethod
    def _insert(kind: str, key: str, payload: bytes) -> tuple[str, tuple[object, ...]]:
        return "INSERT INTO entry (kind, key, payload) VALUES (?1, ?2, ?3)", (kind, key, payload)

    def _write(self, *statements: tuple[str, tuple[object, ...]]) -> None:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                for sql, values in statements:
                    self._db.execute(sql, values)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _read(self, sql: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()


def _opened(path: Path | str) -> sqlite3.Connection:
    db = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.executescript(_SCHEMA)
        for query in _COLUMNS:
            db.execute(query)
    except BaseException:
        db.close()
        raise
    return db
