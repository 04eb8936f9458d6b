"""What a stored trial belongs to: the scenario and the code that played it, each as a short digest."""

from __future__ import annotations

import hashlib
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from gridran.runtime.code_version import code_version
from gridran.scenario.params import Scenario

PLAYED = TRIAL, BOUND = "studies.cell", "studies.bound_task"
"""The modules that play a trial and a bound; all of gridran that they import is what their results depend on."""

_LENGTH = 12


def trial_code_version() -> str:
    """The version of everything that a trial depends on."""
    return code_version(TRIAL)


def all_code_version() -> str:
    """The version of everything that a study plays, trials and bounds."""
    return code_version(*PLAYED)


def scenario_hash(scenario: Scenario) -> str:
    """Digest of every parameter but the name."""
    digest = hashlib.sha256()
    for part in _parts(replace(scenario, name="")):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:_LENGTH]


def _parts(value: Any) -> list[str]:
    """A value as text, part by part, the same on every machine."""
    if is_dataclass(value):
        return [p for f in fields(value) for p in (f.name, *_parts(getattr(value, f.name)))]
    if isinstance(value, tuple):
        return ["(", *(p for item in value for p in _parts(item)), ")"]
    if isinstance(value, np.ndarray):
        return [repr(value.tolist())]
    return [repr(value)]
