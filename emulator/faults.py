"""Injected faults of a scenario: a site that is broken, reports or controls that get lost."""

from __future__ import annotations

import numpy as np

from gridran.scenario.params import Fault
from gridran.types import BoolArray, Network


def broken_sites(faults: tuple[Fault, ...], network: Network, time_h: float) -> BoolArray:
    """Sites that a "site-down" fault keeps off at ``time_h``, bool [N]; a fault without ``site_id`` hits all."""
    hit = {f.site_id for f in _active(faults, "site-down", time_h)}
    return np.array(["" in hit or site.site_id in hit for site in network.sites], dtype=np.bool_)


def report_lost(faults: tuple[Fault, ...], time_h: float) -> bool:
    """Whether the report of the period that starts at ``time_h`` is lost."""
    return bool(_active(faults, "report-lost", time_h))


def control_lost(faults: tuple[Fault, ...], time_h: float) -> bool:
    """Whether the control of the period that starts at ``time_h`` is lost."""
    return bool(_active(faults, "control-lost", time_h))


def _active(faults: tuple[Fault, ...], kind: str, time_h: float) -> list[Fault]:
    return [f for f in faults if f.kind == kind and f.start_h <= time_h < f.start_h + f.hours_h]
