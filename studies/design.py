"""A study as data, and the one way to run it: play the cells, fold them into rows, judge the claims, write it down."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gridran.scenario.params import Scenario
from gridran.strategies import STRATEGIES
from studies.cell import Cell, TrialTask, trial_tasks
from studies.claims import Claim
from studies.engine import Records, Task, play
from studies.manifest import manifest
from studies.output import Document, write
from studies.registry import StudyRequest
from studies.results import Results
from studies.rows import Row, Table
from studies.table import markdown, print_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HOURS_H = 24.0
LOADS = ("light", "medium", "heavy")
ALL_STRATEGIES = tuple(
    name for name in ("independent", "independent-es", "static-lb", "msrc", "lifetime") if name in STRATEGIES
)


def no_files(_: Results) -> Mapping[str, str]:
    """No files beyond the usual ones."""
    return {}


def no_more(_: Results) -> Sequence[Task]:
    """Nothing follows the trials."""
    return ()


@dataclass(frozen=True)
class Design:
    """``scenarios`` by variant, the paper's own first. ``then``: tasks that follow from the results of all trials.
    ``shown``: the metrics of the printed table. ``files``: further text files by name."""

    name: str
    title: str
    scenarios: Mapping[str, Scenario]
    strategies: Sequence[str]
    loads: Sequence[str]
    seeds: Sequence[int]
    rows: Callable[[Results], Sequence[Row]]
    claims: Callable[[Table], Sequence[Claim]]
    figure: Callable[[Results, Table], Figure]
    shown: Sequence[str]
    hours_h: float = HOURS_H
    then: Callable[[Results], Sequence[Task]] = field(default=no_more)
    files: Callable[[Results], Mapping[str, str]] = field(default=no_files)


def seeds(request: StudyRequest, full: int, quick: int) -> range:
    """Seeds 1 … n; n as asked for, else ``full``, or ``quick`` for a quick study."""
    return range(1, (request.trials or (quick if request.quick else full)) + 1)


def trials_of(design: Design) -> list[TrialTask]:
    """Every trial, seeds outermost: pairs fill up evenly, wherever a study is cut off."""
    cells = [
        Cell(variant, strategy, load, seed, design.hours_h)
        for seed in design.seeds
        for variant in design.scenarios
        for load in design.loads
        for strategy in design.strategies
    ]
    tasks = [task for variant, scenario in design.scenarios.items() for task in trial_tasks(variant, scenario, cells)]
    return sorted(tasks, key=lambda task: task.cell.seed)


def run_study(design: Design, request: StudyRequest) -> Document:
    """Plays and writes a study, prints its table. StudyError, ClusterError, OSError: as ``studies.engine.play``."""
    started_s = time.perf_counter()
    trials = trials_of(design)

    def tasks(records: Records) -> Sequence[Task]:
        found = Results(trials, records)
        return trials if not found.complete else [*trials, *design.then(found)]

    results = Results(trials, play(design.name, tasks, request))
    table = Table(design.rows(results))
    document = Document(
        study=design.name,
        trials=len(design.seeds),
        rows=table.rows,
        claims=tuple(design.claims(table)),
        manifest=manifest(design.scenarios, design.seeds, results, time.perf_counter() - started_s),
    )
    publish(design.title, document, design.figure(results, table), design.shown, request.out, design.files(results))
    return document


def publish(
    title: str,
    document: Document,
    figure: Figure,
    shown: Sequence[str],
    out: Path,
    files: Mapping[str, str],
) -> None:
    """Writes a study and further text ``files`` by name, and prints its table with the metrics ``shown``."""
    page = {f"{document.study}.md": markdown(title, document, shown)}
    written = write(out, document, figure, {**page, **files})
    print_table(title, document, shown)
    print(f"written: {', '.join(map(str, written))}")
