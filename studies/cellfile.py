"""Finished cells on disk, one JSON object a line, written at once: whatever kills a study, they are not lost."""

from __future__ import annotations

import json
from contextlib import nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

Record = dict[str, Any]
SUFFIX = ".cells.jsonl"


class CellFile:
    """``OUT/NAME.cells.jsonl``. A context manager that closes it.

    ``records`` holds what is known by key: with ``resume`` the file's own cells, and always those of other studies in
    ``out``, for equal keys have equal results. ``set_aside``: where an earlier file of the same name went; a later
    ``resume`` finds its cells there. OSError: not writable.
    """

    def __init__(self, out: Path, name: str, resume: bool) -> None:
        out.mkdir(parents=True, exist_ok=True)
        path = out / f"{name}{SUFFIX}"
        self.set_aside = None if resume else _set_aside(path)
        own = read_cells(path)
        aside = sorted(out.glob(f"{path.name}.old*")) if resume else []
        others = [read_cells(other) for other in [*sorted(out.glob(f"*{SUFFIX}")), *aside] if other != path]
        self._lent = {key: record for cells in others for key, record in cells.items() if key not in own}
        self._own = own
        self._file = path.open("a", encoding="utf-8")
        if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
            self._file.write("\n")  # the torn line stays torn, the next one is whole

    def __enter__(self) -> CellFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError) if error else nullcontext():  # a full disk is said once, by the write that met it
            self._file.close()

    @property
    def records(self) -> dict[str, Record]:
        """The cells of this study so far."""
        return self._own

    def take(self, key: str) -> bool:
        """Whether ``key`` is known; a cell that another study played becomes one of this study."""
        if key not in self._own and key in self._lent:
            self._append(self._lent.pop(key))
        return key in self._own

    def add(self, key: str, record: Record) -> None:
        """Writes a finished cell and flushes it."""
        self._append({"key": key, **record})

    def _append(self, record: Record) -> None:
        line = json.dumps(record, allow_nan=False, separators=(",", ":"))
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as wrong:
            raise OSError(wrong.errno, wrong.strerror, self._file.name) from wrong
        # As read back, so that a table never depends on what was played when.
        self._own[record["key"]] = json.loads(line)


def _set_aside(path: Path) -> Path | None:
    """Renames a file to a name that is free, so that a forgotten --resume costs nothing; None where there is none."""
    if not path.is_file():
        return None
    taken = sum(1 for _ in path.parent.glob(f"{path.name}.old*"))
    return path.rename(path.with_name(f"{path.name}.old{taken + 1 if taken else ''}"))


def read_cells(path: Path) -> dict[str, Record]:
    """The whole lines of a cells file by key; a torn line is left out, a missing file is empty."""
    found: dict[str, Record] = {}
    if not path.is_file():
        return found
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and isinstance(record.get("key"), str):
            found[record["key"]] = record
    return found
