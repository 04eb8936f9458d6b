"""A scenario file as a checked document: TOML text → overrides → every key of the right type and in range."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from gridran.scenario import locator, messages
from gridran.scenario.catalogue import shipped
from gridran.scenario.problem import Problem, ScenarioError
from gridran.scenario.rules import Finding
from gridran.scenario.schema import DOCUMENT

Overrides = Mapping[str, Any]
OVERRIDE = "override"
"""Stands for the file name of a mistake that an override makes."""

_PAPER_RINGS = 2


class Source:
    """The text of one scenario file, with overrides laid over it; knows where each key is written."""

    def __init__(self, path: Path, overrides: Overrides) -> None:
        """ScenarioError: the file cannot be read, or is not TOML."""
        text, raw = _parsed(path)
        self.path = path
        self._lines = locator.locate(text)
        self._overrides = tuple(overrides)
        self.raw = _overridden(raw, overrides)

    def problems(self, findings: Iterable[Finding]) -> list[Problem]:
        """Findings with their file and line."""
        return [self._problem(path, words) for path, words in findings]

    def _problem(self, path: locator.Path, words: str) -> Problem:
        key = locator.dotted(path)
        if any(key == name or key.startswith((f"{name}[", f"{name}.")) for name in self._overrides):
            return Problem(OVERRIDE, 0, key, words)
        return Problem(str(self.path), locator.line_of(self._lines, path), key, words)


def checked(raw: Mapping[str, Any]) -> tuple[Any, set[str], list[Finding]]:
    """The document as a ``schema.DOCUMENT``, the names of faulty sections (they hold defaults), and what is wrong.

    An unknown key does not spoil its section: nothing that follows can depend on it.
    """
    given = _with_defaults(raw)
    try:
        return DOCUMENT.model_validate(given), set(), []
    except ValidationError as error:
        mistakes = error.errors()
    findings: list[Finding] = []
    bad: set[str] = set()
    for mistake in mistakes:
        path = messages.place(mistake)
        findings.append((path, messages.sentence(mistake, _known_keys(path[:-1]))))
        if mistake["type"] == "extra_forbidden":
            _remove(given, path)
        else:
            bad.add(str(path[0]))
    good = {name: section for name, section in given.items() if name not in bad}
    return DOCUMENT.model_validate(_with_defaults(good)), bad, findings


def _parsed(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError([Problem(str(path), 0, "", f"cannot be read as UTF-8 text: {error}")]) from None
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found.group(1)) if found else text.count("\n") + 1
        raise ScenarioError([Problem(str(path), line, "", f"not valid TOML, correct it: {error}")]) from None


def _overridden(raw: dict[str, Any], overrides: Overrides) -> dict[str, Any]:
    for dotted, value in overrides.items():
        *tables, key = dotted.split(".")
        inside: Any = raw
        for part in tables:
            inside = inside.setdefault(part, {})
            if not isinstance(inside, dict):
                words = f"{part} is not a table of plain keys; override section.key"
                raise ScenarioError([Problem(OVERRIDE, 0, dotted, words)])
        inside[key] = value
    return raw


@cache
def _paper_bands() -> list[dict[str, Any]]:
    bands: list[dict[str, Any]] = tomllib.loads(shipped()["paper"].read_text(encoding="utf-8"))["band"]
    return bands


def _with_defaults(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The document with every section there, the paper's bands where none are given, 19 sites where none are."""
    doc = copy.deepcopy(dict(raw))
    for name, field in DOCUMENT.model_fields.items():
        if field.default is None:
            doc.setdefault(name, {})
    doc.setdefault("band", _paper_bands())
    if not doc.get("site") and isinstance(doc["sites"], dict) and doc["sites"].keys().isdisjoint(("rings", "file")):
        doc["sites"]["rings"] = _PAPER_RINGS
    return doc


def _remove(raw: dict[str, Any], path: locator.Path) -> None:
    inside: Any = raw
    for part in path[:-1]:
        inside = inside[part]
    del inside[path[-1]]


def _known_keys(path: locator.Path) -> tuple[str, ...]:
    """The keys that are understood in a table of the file; none where ``path`` is no table."""
    model: type[BaseModel] | None = DOCUMENT
    for part in path:
        if isinstance(part, str) and model is not None:
            model = _model_inside(model.model_fields[part].annotation)
    return tuple(model.model_fields) if model is not None else ()


def _model_inside(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_inside(argument) for argument in getattr(annotation, "__args__", ()))
    return next((found for found in inner if found is not None), None)
