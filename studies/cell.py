"""A cell of a study: one trial of one strategy, and what it leaves behind. Pure, so any process may play it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from gridran.lost import critical_availability_frac
from gridran.scenario.loader import with_load
from gridran.scenario.params import Scenario
from gridran.types import FloatArray, StepOutcome
from studies.fingerprint import scenario_hash, trial_code_version
from studies.kpis import KpiAccumulator, RunMeta
from studies.thresholds import EPSILON, held_h
from studies.trial import trial

CURVE_STEP_H = 5.0 / 60.0
_CURVE_DIGITS = 5


@dataclass(frozen=True)
class Cell:
    """``variant``: the name of the scenario in its study. Trials of equal load and seed are paired over strategies."""

    variant: str
    strategy: str
    load: str
    seed: int
    hours_h: float


@dataclass(frozen=True)
class TrialTask:
    """A cell and all that it takes to play it. ``scenario`` is at the cell's load."""

    cell: Cell
    scenario: Scenario
    scenario_hash: str

    @property
    def key(self) -> str:
        """Equal keys have equal results, whatever the study calls its variants."""
        cell = self.cell
        what = f"{cell.strategy} {cell.load} seed={cell.seed} hours={cell.hours_h:g}"
        return f"{what} scenario={self.scenario_hash} gridran={trial_code_version()}"

    @property
    def label(self) -> str:
        """The cell in words."""
        cell = self.cell
        return f"{cell.strategy}, {cell.load} load, seed {cell.seed}, {cell.variant}"

    def run(self) -> dict[str, Any]:
        """``figures`` as in kpis.json, ``curves``, and of the time until the targets were lost ``held_h``, in which
        they were met, and what ``Energy`` says.

        The trial stops when the network is lost.
        """
        cell, network = self.cell, self.scenario.network
        kpis, curves = KpiAccumulator.for_network(network, self.scenario.ev.power_limit_kw), Curves()
        energy = Energy(network.power.deep_sleep_kw)
        for period in trial(self.scenario, cell.strategy, cell.seed, cell.hours_h):
            for fold in (kpis, curves, energy):
                fold.add(period.outcome)
            if kpis.lost:
                break
        figures = kpis.result(RunMeta(cell.strategy, cell.load, cell.seed, wall_s=0.0))
        del figures["wall_s"]  # of the machine, not of the trial
        sla_h = figures["sla_h"]
        until = {"held_h": held_h(kpis.shares, sla_h), **energy.until(sla_h)}
        return {**asdict(cell), "figures": figures, "curves": curves.result(), **until}


def trial_tasks(variant: str, scenario: Scenario, cells: list[Cell]) -> list[TrialTask]:
    """The tasks of cells that share one scenario but for its load."""
    at_load = {load: with_load(scenario, load) for load in {cell.load for cell in cells}}
    hashes = {load: scenario_hash(found) for load, found in at_load.items()}
    return [TrialTask(cell, at_load[cell.load], hashes[cell.load]) for cell in cells if cell.variant == variant]


class Curves:
    """Means over ``CURVE_STEP_H`` of what a figure over time needs, network-wide."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, ...]] = []
        self._dt_h = CURVE_STEP_H

    def add(self, outcome: StepOutcome) -> None:
        """Takes the next period."""
        soc_frac = outcome.soc_frac
        power_kw = (float(outcome.load_kw.sum()), float(outcome.v2g_kw.sum()))
        charge = (float(soc_frac.mean()), float(soc_frac.min()), float(soc_frac.std()))
        self._rows.append((*charge, critical_availability_frac(outcome), *power_kw))
        self._dt_h = outcome.dt_h

    def result(self) -> dict[str, list[float]]:
        """Every curve of CURVE_NAMES, one value a step."""
        values: FloatArray = np.array(self._rows, dtype=np.float64)
        starts = np.arange(0, len(values), max(1, round(CURVE_STEP_H / self._dt_h)))
        counts = np.diff(np.append(starts, len(values)))
        means = np.add.reduceat(values, starts, axis=0) / counts[:, None]
        return {name: means[:, k].round(_CURVE_DIGITS).tolist() for k, name in enumerate(CURVE_NAMES)}


CURVE_NAMES = ("soc_mean_frac", "soc_min_frac", "soc_sd_frac", "critical_availability_frac", "load_kw", "v2g_kw")


class Energy:
    """What the clairvoyant bound has to know of a site's energy, period by period.

    ``asleep_kw``: what the bound lets every site draw at least. One without power drew less, and had that to spare.
    """

    def __init__(self, asleep_kw: float) -> None:
        self._asleep_kw = asleep_kw
        self._start_h: list[float] = []
        self._bought_kwh: list[FloatArray] = []
        self._undrawn_kwh: list[FloatArray] = []

    def add(self, outcome: StepOutcome) -> None:
        """Takes the next period."""
        self._start_h.append(outcome.time_h)
        self._bought_kwh.append(outcome.v2g_kw * outcome.dt_h)
        self._undrawn_kwh.append(np.maximum(self._asleep_kw - outcome.load_kw, 0.0) * outcome.dt_h)

    def until(self, sla_h: float) -> dict[str, list[float]]:
        """Of the periods that began before ``sla_h``, by site [N]: ``bought_kwh``, what cars sold, and
        ``undrawn_kwh``, what it drew less than asleep."""
        before = np.array(self._start_h) < sla_h - EPSILON
        return {
            "bought_kwh": np.array(self._bought_kwh)[before].sum(axis=0).tolist(),
            "undrawn_kwh": np.array(self._undrawn_kwh)[before].sum(axis=0).tolist(),
        }
