"""The recorded runs that can be replayed: a run directory, or all those in a directory."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from console.web.events import compact
from console.web.replay import Replay
from studies.recorder import KPIS_FILE, NETWORK_FILE, RUN_FILE
from studies.rundir import DAMAGE, read_run

_KEPT = 2  # runs in memory: a day of 19 sites and 1,000 users takes 150 MB, as measured
_Version = tuple[tuple[int, int], ...]


class DamagedRunError(ValueError):
    """A run whose files cannot be read or made into frames; one line that says what to do."""


class Shelf:
    """Runs by name, read when they are asked for and again when their files have changed. For any thread."""

    def __init__(self, root: Path | None) -> None:
        self._root = root
        self._kept: dict[Path, tuple[_Version, Replay]] = {}
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """The names of all runs there are now, sorted."""
        return sorted(self._paths())

    def name_of(self, path: Path | None) -> str | None:
        """The name that a run recorded in ``path`` has here, None where it has none."""
        if path is None or self._root is None:
            return None
        root = self._root.resolve()
        if path.resolve() == root:
            return root.name
        return path.name if path.parent.resolve() == root else None

    def replay(self, name: str, periods: int | None = None) -> Replay:
        """The run of that name. KeyError: there is none. DamagedRunError: its files cannot be read.

        ``periods``: how many of the first are needed, None for all. A run that goes on is not read again for those
        that are known."""
        path = self._paths()[name]
        with self._lock, reading(name):
            version = _version(path)
            known, replay = self._kept.pop(path, ((), None))
            if replay is None or (known != version and not _has(replay, known, version, periods)):
                known, replay = version, _read(path)
            self._kept[path] = (known, replay)
            while len(self._kept) > _KEPT:
                self._kept.pop(next(iter(self._kept)))
            return replay

    def read_ahead(self) -> None:
        """Reads the run where there can be no other, so that damage shows at once. DamagedRunError."""
        if self._root is not None and _is_run(self._root):
            self.replay(self._root.resolve().name)

    def _paths(self) -> dict[str, Path]:
        """Only names found here are ever opened, so that no request can lead elsewhere."""
        if self._root is None:
            return {}
        if _is_run(self._root):
            return {self._root.resolve().name: self._root}
        try:
            return {path.name: path for path in self._root.iterdir() if _is_run(path)}
        except OSError:  # gone, or closed to us
            return {}


@contextlib.contextmanager
def reading(name: str) -> Iterator[None]:
    """What the files of the run of that name cannot give is a DamagedRunError."""
    try:
        yield
    except DamagedRunError:
        raise
    except OSError as wrong:
        said = f"{wrong.filename}: {wrong.strerror}; it must be a file that this user may read"
        raise DamagedRunError(f"{name} cannot be replayed: {said}") from None
    except DAMAGE as wrong:
        kind = "" if type(wrong) is ValueError else f"{type(wrong).__name__}: "
        said = " ".join(str(wrong).split())
        raise DamagedRunError(
            f"{name} cannot be replayed: {kind}{said}; its files are damaged, record it again"
        ) from None


def _read(path: Path) -> Replay:
    replay = Replay(read_run(path))
    compact((replay.overview(), replay.frames(0, 1)))  # or a browser would be the first to learn of damage
    return replay


def _has(replay: Replay, known: _Version, version: _Version, periods: int | None) -> bool:
    """Whether ``replay`` has what is asked of a run of which more is recorded by now; another run in its place is told
    by run.json."""
    return known[0] == version[0] and periods is not None and periods <= replay.run.period_count


def _is_run(path: Path) -> bool:
    """Whether a run is recorded in ``path``, as far as we may look."""
    try:
        return (path / RUN_FILE).is_file()
    except OSError:
        return False


def _version(path: Path) -> _Version:
    """Sizes and times of the files that grow."""
    stats = [file.stat() for name in (RUN_FILE, NETWORK_FILE, KPIS_FILE) if (file := path / name).is_file()]
    return tuple((stat.st_mtime_ns, stat.st_size) for stat in stats)
