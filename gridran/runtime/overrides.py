"""What the environment says over a service's file, and where a fault stands: in the file or in the environment.

A variable GRIDRAN_TABLE_KEY goes before ``[table] key``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

_PREFIX = "GRIDRAN_"
_KNOWN = {"extra_forbidden": "is not a known key", "missing": "is missing"}


def overridden(tables: dict[str, Any], environment: Mapping[str, str], kind: type[BaseModel]) -> dict[str, Any]:
    """``tables`` with the keys that variables of the environment name; those of no table are somebody else's."""
    over = {name.removeprefix(_PREFIX).lower(): text for name, text in environment.items() if name.startswith(_PREFIX)}
    for name, text in sorted(over.items()):
        table, _, key = name.partition("_")
        if key and table in kind.model_fields:
            inner = tables.setdefault(table, {})
            if isinstance(inner, dict):
                inner[key] = text
    return tables


def first_fault(error: ValidationError, path: Path, environment: Mapping[str, str]) -> str:
    """The first fault, with where it stands: the file and its key, or the variable."""
    fault = error.errors(include_url=False, include_context=False)[0]
    steps = [str(step) for step in fault["loc"]]
    variable = _PREFIX + "_".join(steps[:2]).upper()  # a third step is the place in a list
    in_file = ": ".join(filter(None, (str(path), ".".join(steps))))
    where = f"the environment's {variable}" if variable in environment else in_file
    said = _KNOWN.get(fault["type"], fault["msg"].removeprefix("Value error, "))
    return f"{where}: {said}"
