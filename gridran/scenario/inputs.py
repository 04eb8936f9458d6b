"""The files that a scenario names: finds them beside it, reads them, and passes on what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from gridran.scenario.importers.cells import CellSites, cell_sites
from gridran.scenario.importers.counters import traffic_counters
from gridran.scenario.importers.pv import pv_profile
from gridran.scenario.importers.rows import Findings
from gridran.scenario.importers.sessions import ev_sessions
from gridran.scenario.problem import Problem
from gridran.scenario.rules import DATA_FILES, Finding
from gridran.types import Site

_T = TypeVar("_T")


@dataclass
class Inputs:
    """Reads data files relative to ``folder``; ``problems`` collects the mistakes inside them."""

    folder: Path
    problems: list[Problem] = field(default_factory=list)

    def missing(self, doc: Any) -> Iterator[Finding]:
        """The files that are named but not there."""
        for path in (("sites", "file"), *(("data", key) for key in DATA_FILES)):
            name = getattr(getattr(doc, path[0]), path[1])
            if name and not (self.folder / name).is_file():
                yield path, f"no such file: {self.folder / name}; paths are relative to the scenario file"

    def cells(self, doc: Any) -> CellSites | None:
        """Sites from ``[sites] file``."""
        return self._read(doc.sites.file, lambda path, found: cell_sites(path, doc.sites.group_within_m, found))

    def data(
        self, doc: Any, sites: tuple[Site, ...], site_of_cell: Mapping[str, str], capacity_mean_kwh: float
    ) -> dict[str, Any]:
        """What ``[data]`` names, under the names of the Scenario's fields; what cannot be read is None."""
        start: datetime | None = doc.data.start
        if start is None:
            return {}
        ids = tuple(site.site_id for site in sites)
        readers: dict[str, Callable[[Path, Findings], Any]] = {
            "traffic_counters": lambda path, found: traffic_counters(path, start, ids, site_of_cell, found),
            "ev_sessions": lambda path, found: ev_sessions(path, start, sites, capacity_mean_kwh, found),
            "pv_profile": lambda path, found: pv_profile(path, start, found),
        }
        named = {key: getattr(doc.data, key) for key in readers if getattr(doc.data, key)}
        return {key: self._read(file, readers[key]) for key, file in named.items()}

    def _read(self, file: str, reader: Callable[[Path, Findings], _T]) -> _T | None:
        path = self.folder / file
        if not path.is_file():
            return None
        found = Findings(path)
        result = reader(path, found)
        self.problems += found.all()
        return result
