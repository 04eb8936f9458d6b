"""Reads a scenario: TOML in, one frozen Scenario out, or every mistake with its file, line and key.

Steps: parse and override (document.py) → check key by key (schema.py) → check across keys (rules.py) → place the sites
→ read data files (inputs.py) → build (build.py). Mistakes of all steps are collected; a step whose input is faulty is
left out, so that one slip is reported once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gridran.radio.geometry import hex_sites_xy_m
from gridran.scenario import build
from gridran.scenario.catalogue import find, shipped
from gridran.scenario.document import OVERRIDE, Overrides, Source, checked
from gridran.scenario.inputs import Inputs
from gridran.scenario.params import LOAD_SCALE, Scenario
from gridran.scenario.problem import Problem, ScenarioError
from gridran.scenario.rules import RULES, Finding
from gridran.types import Site

__all__ = ["ScenarioError", "load_override", "load_scenario", "shipped", "with_load"]


def load_scenario(path_or_name: str | Path, overrides: Overrides | None = None) -> Scenario:
    """The scenario in a TOML file, or the shipped one of that name (``paper``, ``small``, …).

    ``overrides``: dotted keys and values that replace the file's (``{"traffic.load_scale": 1.8}``).
    ScenarioError: every mistake found.
    """
    return _Reading(Source(find(path_or_name), overrides or {})).scenario()


def load_override(load: str | float) -> dict[str, float]:
    """``--load light|medium|heavy|X`` as an override. ScenarioError: neither a name nor a number above 0."""
    try:
        scale = LOAD_SCALE[load] if isinstance(load, str) and load in LOAD_SCALE else float(load)
    except ValueError:
        scale = 0.0
    if not 0.0 < scale < float("inf"):
        words = f"{load!r} is not a load; give {', '.join(LOAD_SCALE)} or a number above 0"
        raise ScenarioError([Problem(OVERRIDE, 0, "load", words)])
    return {"traffic.load_scale": scale}


def with_load(scenario: Scenario, load: str | float) -> Scenario:
    """The scenario at ``light|medium|heavy|X`` instead of its own load. ScenarioError: as ``load_override``."""
    (scale,) = load_override(load).values()
    return replace(scenario, traffic=replace(scenario.traffic, load_scale=scale))


class _Reading:
    """One reading of one source. ``_bad`` names the sections that later steps must not rely on."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._inputs = Inputs(source.path.parent)
        self._problems: list[Problem] = []
        self._doc, self._bad, findings = checked(source.raw)
        self._note(findings)

    def scenario(self) -> Scenario:
        """The scenario. ScenarioError: every mistake found."""
        found = [finding for sections, rule in RULES if self._bad.isdisjoint(sections) for finding in rule(self._doc)]
        self._note([*found, *self._inputs.missing(self._doc)])
        self._bad |= {str(path[0]) for path, _ in found}
        sites: tuple[Site, ...] = ()
        data: dict[str, Any] = {}
        if self._bad.isdisjoint(("sites", "site")):
            sites, data = self._placed()
        self._problems += self._inputs.problems
        if self._problems:
            raise ScenarioError(self._problems)
        return build.scenario(self._doc, self._source.path.stem, sites, **data)

    def _placed(self) -> tuple[tuple[Site, ...], dict[str, Any]]:
        """The sites, and the data that refers to them; both empty where the sites cannot be had."""
        places, site_of_cell = self._places()
        if not places:
            return (), {}
        sites = build.sites(self._doc, places)
        self._note(build.site_findings(self._doc, sites))
        if "fault" not in self._bad:
            self._note(build.fault_findings(self._doc, sites))
        if "data" in self._bad:
            return sites, {}
        return sites, self._inputs.data(self._doc, sites, site_of_cell, self._doc.ev.capacity_mean_kwh)

    def _places(self) -> tuple[tuple[build.Place, ...], Mapping[str, str]]:
        layout = self._doc.sites
        if layout.rings is not None:
            xy_m = hex_sites_xy_m(layout.rings, layout.isd_m).tolist()
            return tuple((f"site-{i}", x_m, y_m) for i, (x_m, y_m) in enumerate(xy_m)), {}
        if not layout.file:
            return build.own_places(self._doc), {}
        found = self._inputs.cells(self._doc)
        return (found.places, found.site_of_cell) if found else ((), {})

    def _note(self, findings: Iterable[Finding]) -> None:
        self._problems += self._source.problems(findings)
