"""Reads a scenario: TOML in, one frozen Scenario out, or every mistake with its file, line and key.

Steps: parse → lay overrides over it → check key by key (schema.py) → check across keys (rules.py) → place the sites →
read data files → build. Each step adds to one list of problems, and a step whose input is faulty is left out.
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from gridran.radio.geometry import hex_sites_xy_m
from gridran.scenario import build, messages
from gridran.scenario import locator as toml_lines
from gridran.scenario.params import LOAD_SCALE, Scenario
from gridran.scenario.problem import Problem, ScenarioError, did_you_mean
from gridran.scenario.rules import RULES, Finding
from gridran.scenario.schema import DOCUMENT
from gridran.types import Site

Overrides = Mapping[str, Any]
_DEFAULT_LAYOUT = {"rings": 2, "isd_m": 500.0}
_OVERRIDE = "override"


def load_scenario(path_or_name: str | Path, overrides: Overrides | None = None) -> Scenario:
    """The scenario in a TOML file, or the shipped one of that name (``paper``, ``small``, …).

    ``overrides``: dotted keys and values that replace the file's (``{"traffic.load_scale": 1.8}``).
    ScenarioError: every mistake found.
    """
    path = find(path_or_name)
    return _Reader(path, overrides or {}).scenario()


def load_override(load: str | float) -> dict[str, float]:
    """``--load light|medium|heavy|X`` as an override. ScenarioError: neither a name nor a number above 0."""
    try:
        scale = LOAD_SCALE[load] if isinstance(load, str) and load in LOAD_SCALE else float(load)
    except ValueError:
        scale = 0.0
    if not 0.0 < scale < float("inf"):
        words = f"{load!r} is not a load; give {', '.join(LOAD_SCALE)} or a number above 0"
        raise ScenarioError([Problem(_OVERRIDE, 0, "load", words)])
    return {"traffic.load_scale": scale}


def with_load(scenario: Scenario, load: str | float) -> Scenario:
    """The scenario at ``light|medium|heavy|X`` instead of its own load. ScenarioError: as ``load_override``."""
    (scale,) = load_override(load).values()
    return replace(scenario, traffic=replace(scenario.traffic, load_scale=scale))


def shipped() -> dict[str, Path]:
    """Shipped scenarios by name."""
    root = Path(str(resources.files("gridran.scenario") / "data"))
    return {path.stem: path for path in sorted(root.glob("*.toml"))}


def find(path_or_name: str | Path) -> Path:
    """The file of a scenario. ScenarioError: there is none."""
    path, known = Path(path_or_name), shipped()
    if str(path_or_name) in known:
        return known[str(path_or_name)]
    if path.is_file():
        return path
    if path.suffix == ".toml" or len(path.parts) > 1:
        raise ScenarioError([Problem(str(path), 0, "", "no such file; check the path")])
    words = f"no such file and no shipped scenario; {did_you_mean(str(path), known)}"
    raise ScenarioError([Problem(str(path), 0, "", words)])


@cache
def _paper_bands() -> list[dict[str, Any]]:
    bands: list[dict[str, Any]] = tomllib.loads(shipped()["paper"].read_text(encoding="utf-8"))["band"]
    return bands


class _Reader:
    """One reading of one file; ``problems`` grows step by step."""

    def __init__(self, path: Path, overrides: Overrides) -> None:
        self._path = path
        self._overrides = dict(overrides)
        self._lines: dict[toml_lines.Path, int] = {}
        self.problems: list[Problem] = []

    def scenario(self) -> Scenario:
        raw = self._parsed()
        doc, bad = self._checked(raw)
        for sections, rule in RULES:
            if not bad.intersection(sections):
                self._add(rule(doc))
        sites = self._sites(doc) if not bad.intersection(("sites", "site")) and not self._at("sites", "site") else ()
        if sites and "fault" not in bad:
            self._add(build.fault_findings(doc, sites))
        if self.problems:
            raise ScenarioError(self.problems)
        return build.scenario(doc, self._path.stem, sites)

    def _parsed(self) -> dict[str, Any]:
        try:
            text = self._path.read_text(encoding="utf-8")
            raw = tomllib.loads(text)
        except (OSError, UnicodeDecodeError) as error:
            raise ScenarioError([Problem(str(self._path), 0, "", f"cannot be read: {error}")]) from None
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"line (\d+)", str(error))
            line = int(found.group(1)) if found else text.count("\n") + 1
            raise ScenarioError([Problem(str(self._path), line, "", f"not valid TOML: {error}")]) from None
        self._lines = toml_lines.locate(text)
        return self._overridden(raw)

    def _overridden(self, raw: dict[str, Any]) -> dict[str, Any]:
        for dotted, value in self._overrides.items():
            *tables, key = dotted.split(".")
            table = raw
            for part in tables:
                table = table.setdefault(part, {})
            table[key] = value
        return raw

    def _checked(self, raw: dict[str, Any]) -> tuple[Any, set[str]]:
        """The document, with faulty sections emptied, and the names of those sections."""
        raw = _with_defaults(raw)
        bad: set[str] = set()
        try:
            return DOCUMENT.model_validate(raw), bad
        except ValidationError as error:
            for one in error.errors():
                path = messages.place(one)
                self._add([(path, messages.sentence(one, _known_keys(path[:-1])))])
                if one["type"] == "extra_forbidden":
                    _remove(raw, path)
                else:
                    bad.add(str(path[0]))
        return DOCUMENT.model_validate(_with_defaults({k: v for k, v in raw.items() if k not in bad})), bad

    def _sites(self, doc: Any) -> tuple[Site, ...]:
        places = build.own_places(doc)
        if doc.sites.rings is not None:
            xy_m = hex_sites_xy_m(doc.sites.rings, doc.sites.isd_m).tolist()
            places = tuple((f"site-{i}", x, y) for i, (x, y) in enumerate(xy_m))
        sites = build.sites(doc, places)
        self._add(build.site_findings(doc, sites))
        return sites

    def _at(self, *sections: str) -> bool:
        return any(re.split(r"[.\[]", problem.key)[0] in sections for problem in self.problems)

    def _add(self, findings: Iterable[Finding]) -> None:
        for path, words in findings:
            key = toml_lines.dotted(path)
            if any(key == name or key.startswith((f"{name}[", f"{name}.")) for name in self._overrides):
                self.problems.append(Problem(_OVERRIDE, 0, key, words))
            else:
                line = toml_lines.line_of(self._lines, path)
                self.problems.append(Problem(str(self._path), line, key, words))


def _with_defaults(raw: dict[str, Any]) -> dict[str, Any]:
    """The document with every section there, the paper's bands where none are given, 19 sites where none are."""
    doc = copy.deepcopy(raw)
    for name, field in DOCUMENT.model_fields.items():
        if field.default is None:
            doc.setdefault(name, {})
    if "band" not in doc:
        doc["band"] = _paper_bands()
    if not doc["sites"] and not doc.get("site"):
        doc["sites"] = dict(_DEFAULT_LAYOUT)
    return doc


def _remove(raw: dict[str, Any], path: toml_lines.Path) -> None:
    inside: Any = raw
    for part in path[:-1]:
        inside = inside[part]
    del inside[path[-1]]


def _known_keys(path: toml_lines.Path) -> tuple[str, ...]:
    """The keys that are understood in a table of the file."""
    model: Any = DOCUMENT
    for part in path:
        if isinstance(part, str):
            model = _model_inside(model.model_fields[part].annotation)
    return tuple(model.model_fields)


def _model_inside(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(found for arg in annotation.__args__ if (found := _model_inside(arg)) is not None)
