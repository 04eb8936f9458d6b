"""Notes of a decision core as lines of JSON, for people and for ``gridran explain``.

One line: ``{"time_h": 1.25, "app": "rapp", "kind": "plan", "fields": {…}}``. Each is flushed, so a killed process
leaves all lines but perhaps the last whole.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType


class NoteFile:
    """Appends the notes of ``app`` to ``path``, made with its directory if need be. OSError where it cannot."""

    def __init__(self, path: Path, app: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")
        self._app = app

    def write(self, time_h: float, kind: str, fields: Mapping[str, object]) -> None:
        """Adds a note; ``time_h`` is the time of the event behind it. ValueError where a field is NaN."""
        line = {"time_h": time_h, "app": self._app, "kind": kind, "fields": dict(fields)}
        self._file.write(json.dumps(line, allow_nan=False) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> NoteFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
