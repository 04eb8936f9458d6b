"""Which code computes here: a digest of all of it that some modules can depend on, and of the libraries under it."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from gridran import plugins

_OWN = ("gridran", "rapp", "xapp", "emulator", "studies")
LIBRARIES = ("highspy", "numpy", "scipy")
_LENGTH = 12


@cache
def code_version(*modules: str) -> str:
    """gridran's version, and a digest of all code and library versions that results of ``modules`` can depend on."""
    digest = hashlib.sha256()
    for path in sources(modules):
        digest.update(path.read_bytes())
    for name, version in (library_versions() | _plugin_versions()).items():
        digest.update(f"{name} {version}".encode())
    return f"{metadata.version('gridran')}+{digest.hexdigest()[:_LENGTH]}"


def library_versions() -> dict[str, str]:
    """Versions of the libraries that compute."""
    return {name: metadata.version(name) for name in LIBRARIES}


def _plugin_versions() -> dict[str, str]:
    """Versions of the distributions that bring strategies: their code decides, too."""
    found = [entry.dist for entries in plugins.declared().values() for entry in entries if entry.dist is not None]
    return {dist.name: dist.version for dist in found}


def sources(modules: Iterable[str]) -> list[Path]:
    """The files of ``modules`` and of all that they import of gridran, directly or not, in the order of their names."""
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = None if name in found else _file_of(name)
        if path is not None:
            found[name] = path
            waiting += [name.rpartition(".")[0], *_imported(path)]
    return [found[name] for name in sorted(found)]


def _imported(path: Path) -> list[str]:
    """Every name that the module at ``path`` imports, and that may be a module."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


def _file_of(name: str) -> Path | None:
    """The source of our module ``name``; None where it is no module or not ours. Nothing is imported for it."""
    package, *inner = name.split(".")
    spec = find_spec(package) if package in _OWN else None
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent.joinpath(*inner)
    return next((each for each in (path.with_suffix(".py"), path / "__init__.py") if each.is_file()), None)
