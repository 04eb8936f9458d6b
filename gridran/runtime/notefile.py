"""Notes of a decision core as lines of JSON, for people and for ``gridran explain``.

One line: ``{"time_h": 1.25, "app": "rapp", "kind": "plan", "fields": {…}}``. Each is flushed, so a killed process
leaves all lines but perhaps the last whole, and that one is closed off when the file is opened again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType


class NoteFile:
    """Appends the notes of ``app`` to ``path``, made with its directory if need be. OSError where it cannot."""

    def __init__(self, path: Path, app: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)  # a line that a full disk refused is not tried again
        self._torn = _ends_torn(path)
        self._app = app

    def write(self, time_h: float, kind: str, fields: Mapping[str, object]) -> None:
        """Adds a note; ``time_h`` is the time of the event behind it. ValueError where a field is NaN, OSError where
        the disk takes no more."""
        line = {"time_h": time_h, "app": self._app, "kind": kind, "fields": dict(fields)}
        text = json.dumps(line, allow_nan=False) + "\n"
        whole = f"\n{text}".encode() if self._torn else text.encode()
        self._torn = True
        if self._file.write(whole) == len(whole):
            self._torn = False

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> NoteFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _ends_torn(path: Path) -> bool:
    """Whether a kill or a full disk left the last line without its end."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if not size:
            return False
        file.seek(size - 1)
        return file.read(1) != b"\n"
