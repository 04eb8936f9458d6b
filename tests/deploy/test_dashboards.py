"""The Grafana dashboards and their provisioning."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.grafana.source.files import committed, stale
from deploy.grafana.source.queries import asked
from studies.availability import CLASS_NAMES, SLA_TARGET_FRAC
from studies.recorder import MODE_NAMES, SHED_NAMES

GRAFANA = Path(__file__).parents[2] / "deploy" / "grafana"
UNITS = {"percentunit", "kwatt", "kwatth", "h", "s", "ms", "Mbits", "currencyUSD", "short", "none", "suffix:×"}
KINDS = {"timeseries", "stat", "gauge", "bargauge", "heatmap", "table", "state-timeline"}
DATASOURCE = {"type": "prometheus", "uid": "prometheus"}
TYPES_UNAVAILABLE = 3

every_dashboard = pytest.mark.parametrize("name", ["overview", "energy", "service", "control"])


def test_the_files_are_what_their_source_makes() -> None:
    """Nobody edits the JSON by hand; make dashboards writes it."""
    assert stale() == []


def test_there_are_four_with_their_own_addresses() -> None:
    """Overview, energy, service by class and control loop; each has its own uid and title."""
    dashboards = committed()
    assert sorted(dashboards) == ["control", "energy", "overview", "service"]
    assert len({one["uid"] for one in dashboards.values()}) == len({one["title"] for one in dashboards.values()}) == 4


@every_dashboard
def test_panels_say_what_they_show(name: str) -> None:
    """A plain title, a description, a unit, a current type, and an id of its own."""
    panels = committed()[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    for panel in panels:
        assert "_" not in panel["title"]
        assert len(panel["description"]) > 15, panel["title"]
        assert panel["type"] in KINDS
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]


@every_dashboard
def test_panels_fill_the_grid_and_do_not_overlap(name: str) -> None:
    """Every cell of the 24 columns is covered by exactly one panel."""
    places = [panel["gridPos"] for panel in committed()[name]["panels"]]
    cells = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
    height = max(p["y"] + p["h"] for p in places)
    assert sorted(cells) == [(x, y) for x in range(24) for y in range(height)]


@every_dashboard
def test_everything_asks_the_provisioned_data_source(name: str) -> None:
    """Panels, queries, variables and annotations name the uid of provisioning/datasources."""
    provisioned = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text(encoding="utf-8"))
    assert [source["uid"] for source in provisioned["datasources"]] == [DATASOURCE["uid"]]
    one = committed()[name]
    users = [*one["panels"], *one["templating"]["list"], *one["annotations"]["list"]]
    users += [target for panel in one["panels"] for target in panel["targets"]]
    assert [user for user in users if user["datasource"] != DATASOURCE] == []


@every_dashboard
def test_variables_are_known_where_they_are_used(name: str) -> None:
    """$site is declared exactly where a query has it."""
    one = committed()[name]
    used = {v for panel in one["panels"] for t in panel["targets"] for v in re.findall(r"\$(\w+)", t["expr"])}
    assert used - {"__rate_interval"} == {variable["name"] for variable in one["templating"]["list"]}


@every_dashboard
def test_the_schema_is_current(name: str) -> None:
    """Grafana need not migrate it from before version 11."""
    assert committed()[name]["schemaVersion"] >= 39


def test_every_expression_asks_for_what_services_serve(contract: Any) -> None:
    """Metrics, their labels and the values of these are in docs/metrics.md, recorded series in the rules."""
    variables = [v["query"]["query"] for one in committed().values() for v in one["templating"]["list"]]
    exprs = [one.expr for one in asked()] + variables
    assert [fault for expr in exprs for fault in contract.faults(expr)] == []


def test_every_expression_is_promql(promtool: Callable[..., str], tmp_path: Path) -> None:
    """promtool parses all of them, as rules."""
    rules = [{"record": f"expr:{i}", "expr": one.expr} for i, one in enumerate(asked())]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", file)


def test_a_word_has_one_colour_everywhere() -> None:
    """Classes, modes and sources look the same on every panel that fixes their colour."""
    colours: dict[str, set[str]] = {}
    for one in committed().values():
        for panel in one["panels"]:
            for override in panel["fieldConfig"]["overrides"]:
                fixed = {p["id"]: p["value"] for p in override["properties"]}
                if "displayName" in fixed and "color" in fixed:
                    colours.setdefault(override["matcher"]["options"], set()).add(fixed["color"]["fixedColor"])
    assert {word: found for word, found in colours.items() if len(found) > 1} == {}
    assert {*CLASS_NAMES, *MODE_NAMES, *SHED_NAMES} <= set(colours)


def test_the_targets_are_those_of_the_product() -> None:
    """The dials turn green at the shares of Table III that the figures of merit use."""
    (dials,) = [panel for panel in committed()["service"]["panels"] if panel["type"] == "gauge"]
    green = {
        override["matcher"]["options"]: max(step["value"] or 0.0 for step in prop["value"]["steps"])
        for override in dials["fieldConfig"]["overrides"]
        for prop in override["properties"]
        if prop["id"] == "thresholds"
    }
    assert green == dict(zip(CLASS_NAMES, SLA_TARGET_FRAC, strict=True))


def test_the_dashboards_have_the_types_of_grafana(tmp_path: Path) -> None:
    """tsc finds every panel, option and field right by @grafana/schema."""
    done = subprocess.run(
        [GRAFANA / "check_types.sh", tmp_path], capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode == TYPES_UNAVAILABLE and os.environ.get("GRIDRAN_NPM") != "required":
        pytest.skip(f"TYPES NOT CHECKED: {done.stderr.strip()}")
    assert done.returncode == 0, done.stdout + done.stderr
