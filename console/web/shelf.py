"""The recorded runs that can be replayed: a run directory, or all those in a directory."""

from __future__ import annotations

import threading
from pathlib import Path

from console.web.replay import Replay
from studies.recorder import KPIS_FILE, NETWORK_FILE, RUN_FILE
from studies.rundir import read_run

_KEPT = 2  # runs in memory: a day of 19 sites and 1,000 users takes 150 MB, as measured
_Version = tuple[tuple[int, int], ...]


class DamagedRunError(ValueError):
    """A run whose files cannot be made into frames; one line."""


class Shelf:
    """Runs by name, read when they are asked for and again when their files have changed. For any thread."""

    def __init__(self, root: Path | None) -> None:
        self._root = root
        self._kept: dict[Path, tuple[_Version, Replay]] = {}
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """The names of all runs there are now, sorted."""
        return sorted(self._paths())

    def replay(self, name: str) -> Replay:
        """The run of that name. KeyError: there is none. DamagedRunError: its files cannot be read."""
        path = self._paths()[name]
        with self._lock:
            version = _version(path)
            known, replay = self._kept.pop(path, ((), None))
            if replay is None or known != version:
                replay = _read(path)
            self._kept[path] = (version, replay)
            while len(self._kept) > _KEPT:
                self._kept.pop(next(iter(self._kept)))
            return replay

    def _paths(self) -> dict[str, Path]:
        """Only names found here are ever opened, so that no request can lead elsewhere."""
        if self._root is None or not self._root.is_dir():
            return {}
        if (self._root / RUN_FILE).is_file():
            return {self._root.resolve().name: self._root}
        return {path.name: path for path in self._root.iterdir() if (path / RUN_FILE).is_file()}


def _read(path: Path) -> Replay:
    try:
        replay = Replay(read_run(path))
        replay.frames(0, 1)
        replay.points()
    except (KeyError, ValueError, IndexError, TypeError, OSError) as wrong:
        said = " ".join(str(wrong).split())
        raise DamagedRunError(f"{path.name} cannot be replayed: {type(wrong).__name__}: {said}") from None
    return replay


def _version(path: Path) -> _Version:
    """Sizes and times of the files that grow."""
    stats = [file.stat() for name in (RUN_FILE, NETWORK_FILE, KPIS_FILE) if (file := path / name).is_file()]
    return tuple((stat.st_mtime_ns, stat.st_size) for stat in stats)
