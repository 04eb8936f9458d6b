"""The shipped scenarios, and what overrides do to them."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gridran.scenario.catalogue import shipped
from gridran.scenario.limits import LIMITS
from gridran.scenario.loader import ScenarioError, load_override, load_scenario, with_load
from gridran.scenario.params import Scenario, TrafficParams


@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_shipped_scenario_loads(name: str) -> None:
    """Each TOML among the package data is a good scenario that carries its own name."""
    scenario = load_scenario(name)
    assert scenario.name == name
    assert scenario.network.site_count >= 7


def test_shipped_data_stay_small() -> None:
    """No data file exceeds 300 kB."""
    folder = shipped()["paper"].parent
    assert all(path.stat().st_size < 300_000 for path in folder.rglob("*") if path.is_file())


def test_the_paper_has_19_sites_and_the_parameters_defaults(paper_scenario: Scenario) -> None:
    """What paper.toml leaves out are the dataclasses' defaults."""
    assert paper_scenario.network.site_count == 19
    assert paper_scenario.traffic == TrafficParams()
    assert paper_scenario == dataclasses.replace(Scenario("paper", paper_scenario.network))
    distance_m = paper_scenario.network.site_distance_m
    assert np.sort(distance_m, axis=1)[:, 1] == pytest.approx(500.0)


def test_the_small_scenario_is_the_paper_with_fewer_sites(paper_scenario: Scenario, small_scenario: Scenario) -> None:
    """Bands and parameters are the paper's; sites and users are fewer."""
    assert small_scenario.network.site_count == 7
    assert small_scenario.traffic.ue_count == 200
    assert small_scenario.network.bands == paper_scenario.network.bands
    assert small_scenario.network.cooperation == paper_scenario.network.cooperation


def test_the_pure_model_differs_only_in_its_scale(paper_scenario: Scenario) -> None:
    """``pure-model`` is the paper's network at m = 1."""
    pure = load_scenario("pure-model")
    power = dataclasses.replace(paper_scenario.network.power, site_scale=1.0)
    assert pure.network == dataclasses.replace(paper_scenario.network, power=power)


@pytest.mark.parametrize(("load", "scale"), [("light", 0.5), ("medium", 1.0), ("heavy", 1.8), ("1.25", 1.25), (3, 3.0)])
def test_a_load_is_a_name_or_a_number(load: str | float, scale: float) -> None:
    """``--load`` sets the scale of all demands, as an override and on a scenario alike."""
    scenario = load_scenario("small", load_override(load))
    assert scenario.traffic.load_scale == scale
    assert with_load(load_scenario("small"), load) == scenario


@pytest.mark.parametrize("load", ["hevy", "", "0", "-1", "nan", "inf"])
def test_a_bad_load_is_named(load: str) -> None:
    """A load that is no name and no number above 0 says what would do."""
    with pytest.raises(ScenarioError, match=r"load: .* give light, medium, heavy or a number above 0"):
        load_override(load)


def test_overrides_replace_and_add_keys(tmp_path: Path) -> None:
    """Dotted keys reach every section, whether the file has it or not."""
    path = tmp_path / "mine.toml"
    path.write_text("[traffic]\nue_count = 50\n", encoding="utf-8")
    changes = {
        "traffic.ue_count": 60,
        "power.site_scale": 1.5,
        "sites.battery.capacity_kwh": 30,
        "cooperation.links": "literal",
        "cooperation.assisted_bands": "high",
    }
    scenario = load_scenario(path, changes)
    assert scenario.name == "mine"
    assert scenario.traffic.ue_count == 60
    assert scenario.network.power.site_scale == 1.5
    assert {site.battery.capacity_kwh for site in scenario.network.sites} == {30.0}
    assert (scenario.network.cooperation.links, scenario.network.cooperation.assisted_bands) == ("literal", "high")


def test_a_bad_override_is_told_from_the_file(tmp_path: Path) -> None:
    """A mistake in an override carries no line of the file; one in the file keeps its own."""
    path = tmp_path / "mine.toml"
    path.write_text("[ev]\nurgency = -1\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path, {"traffic.ue_count": -5})
    assert [(p.file, p.line, p.key) for p in caught.value.problems] == [
        (str(path), 2, "ev.urgency"),
        ("override", 0, "traffic.ue_count"),
    ]


def test_defaults_of_sites_hold_unless_a_site_says_otherwise(tmp_path: Path) -> None:
    """``[sites]`` speaks for all, ``[[site]]`` for one, key by key and inside the battery too."""
    path = tmp_path / "mine.toml"
    path.write_text(
        "[sites]\nrings = 1\npv_kwp = 2\n[sites.battery]\ncapacity_kwh = 30\nsoc_min_frac = 0.1\n"
        '[[site]]\nsite_id = "site-3"\nevse_count = 4\n[site.battery]\ncapacity_kwh = 50\n',
        encoding="utf-8",
    )
    sites = load_scenario(path).network.sites
    assert [s.pv_kwp for s in sites] == [2.0] * 7
    assert [s.evse_count for s in sites] == [1, 1, 1, 4, 1, 1, 1]
    assert [s.battery.capacity_kwh for s in sites] == [30.0] * 3 + [50.0] + [30.0] * 3
    assert {s.battery.soc_min_frac for s in sites} == {0.1}


def test_the_low_band_is_the_one_named_or_the_lowest(tmp_path: Path) -> None:
    """B_low of Eq. (25) is ``low_bands``; without it, the lowest carrier."""
    assert load_scenario("small").network.low_bands.tolist() == [True, False, False, False]
    named = load_scenario("small", {"cooperation.low_bands": ["LTE800", "LTE1800"]})
    assert named.network.low_bands.tolist() == [True, True, False, False]


def test_every_number_has_a_limit() -> None:
    """No numeric parameter of any dataclass is left without an entry in the table of limits."""
    for cls, limits in LIMITS.items():
        numeric = {f.name for f in dataclasses.fields(cls) if "float" in str(f.type) or "int" in str(f.type)}
        assert numeric <= limits.keys(), cls
        assert limits.keys() <= {f.name for f in dataclasses.fields(cls)}, cls


def test_parameters_alone_do_not_load_the_checker() -> None:
    """Decision cores import params.py, and must not pay for pydantic by it."""
    code = "import sys, gridran.scenario.params; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
