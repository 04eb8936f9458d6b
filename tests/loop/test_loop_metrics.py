"""What a scrape of the three services shows before, while and after they play, held against docs/metrics.md."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from emulator.metrics import EmulatorMetrics
from gridran.scenario.params import Scenario
from rapp.metrics import RappMetrics
from xapp.metrics import XappMetrics

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
PERIODS = 8
SITES = 7
COUNTED = re.compile(r"(\d+) series: (\d+) for each site with its four carriers and (\d+) besides")


def served(registry: CollectorRegistry, app: str) -> dict[str, set[str]]:
    """Metrics in ``registry`` with the labels of their samples."""
    found: dict[str, set[str]] = {}
    for family in registry.collect():
        if family.name.startswith(f"gridran_{app}_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            found[name] = {label for sample in family.samples for label in sample.labels}
    return found


def series_count(registry: CollectorRegistry) -> int:
    """How many series a scrape finds."""
    return sum(not line.startswith("#") for line in generate_latest(registry).decode().splitlines())


@pytest.fixture(name="played")
def _played(loop_of: Any) -> dict[str, CollectorRegistry]:
    """The registries of three services that have played ``PERIODS`` periods."""
    loop = loop_of()
    emulator = loop.emulator(PERIODS)
    xapp, rapp = loop.xapp(), loop.rapp()
    emulator.wait()
    return {"emulator": emulator.registry, "xapp": xapp.registry, "rapp": rapp.registry}


def value(registry: CollectorRegistry, name: str, **labels: str) -> float:
    """One sample."""
    found = registry.get_sample_value(name, labels)
    assert found is not None, f"{name} {labels} is not served"
    return found


def test_before_the_first_period_nothing_is_made_up(small_scenario: Scenario) -> None:
    """What is not known is NaN or absent, no run is over, and without a policy the fallback acts."""
    truth, fast, slow = CollectorRegistry(), CollectorRegistry(), CollectorRegistry()
    EmulatorMetrics(truth, small_scenario, "msrc")
    XappMetrics(fast, "msrc")
    RappMetrics(slow, "msrc")
    assert value(truth, "gridran_emulator_run_over") == 0
    assert truth.get_sample_value("gridran_emulator_time_seconds") is None
    assert truth.get_sample_value("gridran_emulator_soc_frac", {"site": "site-0"}) is None
    assert value(fast, "gridran_xapp_fallback") == 1
    for unknown in (
        *("plan_gap_frac", "plan_age_seconds", "planned_at_seconds"),
        *("survival_seconds", "bound_survival_seconds", "ev_energy_kwh"),
    ):
        assert math.isnan(value(slow, f"gridran_rapp_{unknown}")), unknown


def test_the_page_names_what_is_served(played: dict[str, CollectorRegistry], written_metrics: dict[str, Any]) -> None:
    """Every metric with its labels is on the page, and nothing else is; none has a label of a user."""
    for app, registry in played.items():
        written = {
            name: metric.labels for name, metric in written_metrics.items() if name.startswith(f"gridran_{app}_")
        }
        assert served(registry, app) == written
        assert not any("ue" in labels or "user" in labels for labels in served(registry, app).values())


def test_the_page_counts_what_is_served(played: dict[str, CollectorRegistry], paper_scenario: Scenario) -> None:
    """Series of the three services at the paper's size, and how they grow with the network."""
    counted = COUNTED.search(PAGE.read_text(encoding="utf-8"))
    assert counted is not None
    whole, of_site, besides = map(int, counted.groups())
    assert whole == besides + of_site * paper_scenario.network.site_count
    assert sum(map(series_count, played.values())) == besides + of_site * SITES


def test_what_is_served_is_what_happened(played: dict[str, CollectorRegistry]) -> None:
    """State, energy and users of the last period, controls of all; counters that never counted are 0."""
    truth, fast, slow = played["emulator"], played["xapp"], played["rapp"]
    users = sum(
        sample.value
        for family in truth.collect()
        if family.name == "gridran_emulator_users"
        for sample in family.samples
    )
    assert users == 150
    assert value(truth, "gridran_emulator_time_seconds") == pytest.approx(PERIODS * 30.0)
    assert value(truth, "gridran_emulator_controls_total", result="accepted") == PERIODS
    assert value(truth, "gridran_emulator_controls_total", result="missed") == 0
    assert value(truth, "gridran_emulator_watchdog_state") == 0
    assert value(truth, "gridran_emulator_run_over") == 1
    assert value(truth, "gridran_emulator_energy_kwh_total", source="battery") > 0
    assert value(fast, "gridran_xapp_controls_observed_total", effect="shows") == PERIODS - 1
    assert value(fast, "gridran_xapp_controls_observed_total", effect="missing") == 0
    assert 0 < value(fast, "gridran_xapp_policy_valid_seconds") <= 3600
    assert value(fast, "gridran_xapp_dispatches_total", tier="exact") == PERIODS
    assert value(slow, "gridran_rapp_policy_puts_total", result="refused") == 0
    assert value(slow, "gridran_rapp_policy_enforced") == 1


def test_power_by_source_is_what_sites_draw(played: dict[str, CollectorRegistry]) -> None:
    """At every site the sources carry the load and what is charged."""
    truth = played["emulator"]
    for site in ("site-0", "site-3", "site-6"):
        kw = sum(
            value(truth, "gridran_emulator_power_kw", site=site, source=s) for s in ("battery", "v2g", "pv", "grid")
        )
        into = sum(value(truth, "gridran_emulator_charge_kw", site=site, into=i) for i in ("battery", "ev"))
        assert kw == pytest.approx(value(truth, "gridran_emulator_load_kw", site=site) + into, abs=1e-6)


def test_without_a_control_the_watchdog_shows(loop_of: Any) -> None:
    """A node that nobody controls is in its safe state and counts what it misses."""
    loop = loop_of()
    emulator = loop.emulator(3, deadlines="peers_s = 0.2\ncontrol_s = 0.2")
    emulator.wait()
    assert value(emulator.registry, "gridran_emulator_watchdog_state") == 2
    assert value(emulator.registry, "gridran_emulator_controls_total", result="missed") == 3
