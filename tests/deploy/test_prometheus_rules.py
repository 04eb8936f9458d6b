"""Prometheus' configuration, the recording rules and the alerts."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
TESTS = sorted(PROMETHEUS.glob("tests/*.yml"))
RUNBOOK = "docs/howto/alert-on-it.md"
HOLE = re.compile(r"\{\{|\}\}|no value|NaN|%!|  | [.,;]|^\s|\s$")  # what a template leaves that finds nothing
Rules = Callable[[str], list[dict[str, Any]]]


def cases(kind: str) -> list[dict[str, Any]]:
    """All ``promql_expr_test`` or ``alert_rule_test`` of the unit tests."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in TESTS]
    return [case for file in files for test in file["tests"] for case in test.get(kind, [])]


def paragraphs() -> dict[str, str]:
    """The sections of the runbook by anchor."""
    parts = re.split(r"^### (\w+)\n", (ROOT / RUNBOOK).read_text(encoding="utf-8"), flags=re.M)
    return {
        name.lower(): text.partition("\n## ")[0].strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def queries(alert: dict[str, Any]) -> list[str]:
    """What the texts of an alert ask for; a label that is filled in has the value ``x``."""
    texts = " ".join(alert["annotations"].values())
    return [asked.replace("%q", '"x"') for asked in re.findall(r'\bquery (?:\(printf )?"(.*?)"', texts)]


def fired() -> dict[tuple[str, str], list[dict[str, Any]]]:
    """What the unit tests see firing, with labels and texts, by alert and severity."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for case in cases("alert_rule_test"):
        for alert in case["exp_alerts"]:
            found.setdefault((case["alertname"], alert["exp_labels"]["severity"]), []).append(alert)
    return found


def test_the_configuration_is_valid(promtool: Callable[..., str]) -> None:
    """promtool takes the configuration with its rules."""
    promtool("check", "config", PROMETHEUS / "prometheus.yml")


def test_the_rules_are_valid(promtool: Callable[..., str]) -> None:
    """promtool parses every expression and template."""
    promtool("check", "rules", *sorted(PROMETHEUS.glob("rules/*.yml")))


@pytest.mark.parametrize("file", TESTS, ids=lambda path: path.stem)
def test_the_rules_do_what_their_unit_tests_say(promtool: Callable[..., str], file: Path) -> None:
    """promtool plays the series and finds the samples and alerts that are written beside them."""
    promtool("test", "rules", file)


def test_the_three_services_are_scraped() -> None:
    """One job for each service, named after it, on the port that all have; fast enough for fast clocks."""
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
    targets = {job["job_name"]: job["static_configs"][0]["targets"] for job in config["scrape_configs"]}
    assert targets == {name: [f"{name}:9464"] for name in ("emulator", "xapp", "rapp")}
    assert config["global"]["scrape_interval"] == config["global"]["evaluation_interval"] == "2s"


def test_every_expression_asks_for_what_services_serve(rules_of: Rules, contract: Any) -> None:
    """Metrics, their labels and the values of these are in docs/metrics.md, for the texts of alerts, too."""
    rules = [*rules_of("record"), *rules_of("alert")]
    asked = [(rule.get("record") or rule["alert"], rule["expr"]) for rule in rules]
    asked += [(f"text of {rule['alert']}", query) for rule in rules_of("alert") for query in queries(rule)]
    assert [f"{name}: {fault}" for name, expr in asked for fault in contract.faults(expr)] == []


def test_every_query_of_a_text_is_read(rules_of: Rules) -> None:
    """None is written in a way that the test above overlooks."""
    for rule in rules_of("alert"):
        written = sum(len(re.findall(r"\bquery\b", text)) for text in rule["annotations"].values())
        assert len(queries(rule)) == written, rule["alert"]


def test_every_recorded_series_has_a_unit_test(rules_of: Rules) -> None:
    """No rule is recorded that no test has looked at."""
    tested = " ".join(case["expr"] for case in cases("promql_expr_test"))
    assert [rule["record"] for rule in rules_of("record") if rule["record"] not in tested] == []


def test_every_alert_is_seen_firing_and_silent(rules_of: Rules) -> None:
    """Every alert, in each of its severities, has a case in which it fires, and one in which it does not."""
    silent = {case["alertname"] for case in cases("alert_rule_test") if not case["exp_alerts"]}
    alerts = {(rule["alert"], rule["labels"]["severity"]) for rule in rules_of("alert")}
    assert alerts == set(fired())
    assert {name for name, _ in alerts} - silent == set()


def test_every_text_is_seen_filled_in(rules_of: Rules) -> None:
    """Wherever an alert fires, each of its texts is held against whole sentences: no value is missing or unknown, and
    no label is named that the alert does not have."""
    seen = fired()
    for rule in rules_of("alert"):
        named = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
        for alert in seen[rule["alert"], rule["labels"]["severity"]]:
            assert set(alert["exp_annotations"]) == set(rule["annotations"]), rule["alert"]
            assert named <= set(alert["exp_labels"]), rule["alert"]
            for text in alert["exp_annotations"].values():
                assert not HOLE.search(text), text


def test_every_alert_says_what_is_wrong_and_where_to_read_on(rules_of: Rules) -> None:
    """Severity, summary and description with values, and a paragraph of the runbook."""
    known = paragraphs()
    for rule in rules_of("alert"):
        says, name = rule["annotations"], rule["alert"]
        assert rule["labels"]["severity"] in {"critical", "warning"}, name
        assert says["summary"], name
        assert "{{" in says["description"], name
        assert says["runbook"] == f"{RUNBOOK}#{name.lower()}"
        assert len(known[name.lower()]) > 100, name
    assert set(known) == {rule["alert"].lower() for rule in rules_of("alert")}


def test_alerts_hardly_wait(rules_of: Rules) -> None:
    """Simulated hours may pass in seconds, so no alert waits longer than ten of them."""
    assert {rule.get("for", "0s") for rule in rules_of("alert")} <= {"0s", "4s", "10s"}
