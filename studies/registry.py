"""The studies that ``gridran study NAME`` knows, and what every study is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from studies.progress import SILENT, Progress


class StudyError(Exception):
    """A study cannot go on; says in one line why and what to do. What was written is kept."""


@dataclass(frozen=True)
class StudyRequest:
    """``trials`` 0: the study's own number. ``dask``: a scheduler's address, empty for ``jobs`` local processes.
    ``quick``: a smaller version that shows the same. ``resume``: keep the trials that ``out`` already has.
    ``progress`` is told of every trial."""

    out: Path
    trials: int = 0
    jobs: int = 1
    dask: str = ""
    quick: bool = False
    resume: bool = False
    progress: Progress = SILENT


Study = Callable[[StudyRequest], None]

STUDIES: dict[str, str] = {
    "site-power-scale": "studies.calibration:site_power_scale",
    "msrc-survival": "studies.msrc_survival:msrc_survival",
    "msrc-service": "studies.msrc_service:msrc_service",
    "msrc-overview": "studies.msrc_overview:msrc_overview",
    "msrc-energy": "studies.msrc_energy:msrc_energy",
    "msrc-sensitivity": "studies.msrc_sensitivity:msrc_sensitivity",
    "msrc-tradeoff": "studies.msrc_tradeoff:msrc_tradeoff",
}
"""Name -> "module:function", imported when asked for."""


def study_named(name: str) -> Study:
    """The study called ``name``; ValueError names the choices, or what is not installed."""
    if name not in STUDIES:
        raise ValueError(f"no such study {name!r}; there are: {', '.join(sorted(STUDIES)) or 'none'}")
    if find_spec("matplotlib") is None:  # asked now, not when the trials are played and the figure is drawn
        raise ValueError(f"study {name!r} needs matplotlib for its figure; pip install 'gridran[study]'")
    module, function = STUDIES[name].split(":")
    study: Study = getattr(import_module(module), function)
    return study
