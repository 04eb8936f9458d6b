"""Results of a study's trials, looked up by what was played, always in the order of the seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gridran.types import FloatArray
from studies.cell import TrialTask
from studies.cellfile import Record
from studies.engine import Records


class Results:
    """The trials of a study that have a result. ``records`` has everything else that was played, by key."""

    def __init__(self, trials: Sequence[TrialTask], records: Records) -> None:
        self.trials = trials
        self.records = records
        self._of: dict[tuple[str, str, str], dict[int, Record]] = {}
        for task in trials:
            cell = task.cell
            by_seed = self._of.setdefault((cell.variant, cell.strategy, cell.load), {})
            if task.key in records:
                by_seed[cell.seed] = records[task.key]

    @property
    def complete(self) -> bool:
        """Whether every trial has a result."""
        return all(task.key in self.records for task in self.trials)

    @property
    def groups(self) -> list[tuple[str, str, str]]:
        """(variant, strategy, load), in the order of the study."""
        return list(self._of)

    @property
    def variants(self) -> list[str]:
        return list(dict.fromkeys(variant for variant, _, _ in self._of))

    @property
    def strategies(self) -> list[str]:
        return list(dict.fromkeys(strategy for _, strategy, _ in self._of))

    @property
    def loads(self) -> list[str]:
        return list(dict.fromkeys(load for _, _, load in self._of))

    def trials_of(self, variant: str, strategy: str, load: str) -> dict[int, Record]:
        """Records by seed; empty where the study has none."""
        found = self._of.get((variant, strategy, load), {})
        return dict(sorted(found.items()))

    def values(self, group: tuple[str, str, str], metric: str) -> dict[int, float]:
        """A figure of merit by seed, without the trials that have none."""
        figures = {seed: record["figures"].get(metric) for seed, record in self.trials_of(*group).items()}
        return {seed: float(value) for seed, value in figures.items() if value is not None}

    def censored(self, group: tuple[str, str, str], metric: str, seeds: Iterable[int] | None = None) -> int:
        """In how many trials, or of ``seeds``, the run ended before ``metric``, which then is a lower bound."""
        trials = self.trials_of(*group)
        return sum(_is_cut(trials[seed]["figures"], metric) for seed in (trials if seeds is None else seeds))

    def curve(self, group: tuple[str, str, str], name: str) -> FloatArray:
        """A curve by trial, shape [n, T]; a trial that ended keeps its last value. Empty without trials."""
        curves = [record["curves"][name] for record in self.trials_of(*group).values()]
        longest = max(map(len, curves), default=0)
        return np.array([[*curve, *[curve[-1]] * (longest - len(curve))] for curve in curves], dtype=np.float64)


def _is_cut(figures: Mapping[str, Any], metric: str) -> bool:
    """Service goes on as long as the network lives, so a run that ended before that cut it, too."""
    return metric in figures["censored_metrics"] or (metric == "service_h" and not figures["lost"])
