"""What a stored trial belongs to: the scenario and the code that played it, each as a short digest."""

from __future__ import annotations

import hashlib
from dataclasses import fields, is_dataclass, replace
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from gridran import plugins
from gridran.scenario.params import Scenario

DECIDING_PACKAGES = ("gridran", "rapp", "xapp", "emulator")
BOUND_MODULES = ("bound", "bound_model", "bound_search", "bound_task", "bound_world")
TRIAL_MODULES = ("availability", "cell", "kpis", "signalling", "thresholds", "trial")  # of this package
LIBRARIES = ("highspy", "numpy", "scipy")
_LENGTH = 12


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


@cache
def code_version(modules: tuple[str, ...] = TRIAL_MODULES) -> str:
    """gridran's version, and a digest of all code and solver versions that a result can depend on.

    ``modules``: those of this package; by default what a trial depends on.
    """
    digest = hashlib.sha256()
    for path in _sources(modules):
        digest.update(path.read_bytes())
    for name, version in (library_versions() | _plugin_versions()).items():
        digest.update(f"{name} {version}".encode())
    return f"{metadata.version('gridran')}+{digest.hexdigest()[:_LENGTH]}"


def library_versions() -> dict[str, str]:
    """Versions of the libraries that compute."""
    return {name: metadata.version(name) for name in LIBRARIES}


def all_code_version() -> str:
    """The version of everything that a study plays, trials and bounds."""
    return code_version((*TRIAL_MODULES, *BOUND_MODULES))


def _plugin_versions() -> dict[str, str]:
    """Versions of the distributions that bring strategies: their code decides, too."""
    found = [entry.dist for entries in plugins.declared().values() for entry in entries if entry.dist is not None]
    return {dist.name: dist.version for dist in found}


def _sources(modules: tuple[str, ...]) -> list[Path]:
    here = Path(__file__).parent
    packages = [Path(str(spec.origin)).parent for spec in map(find_spec, DECIDING_PACKAGES) if spec is not None]
    own = [here / f"{name}.py" for name in modules]
    return [*(path for folder in packages for path in sorted(folder.rglob("*.py"))), *own]
