"""Every mistake in a scenario file is named with its file, line and key, and all of them at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridran.scenario.check import check
from gridran.scenario.loader import ScenarioError, load_scenario
from gridran.scenario.params import Scenario
from gridran.scenario.problem import Problem

BAND = """
[[band]]
name = "LTE800"
carrier_mhz = 800
bandwidth_mhz = 10
capacity_mbps = 50
tx_power_dbm = 46
antenna_gain_dbi = 15
idle_w = 78.7
per_dl_load_w = 57.4
per_ul_load_w = 171.8
per_dl_mbps_w = 3.44
"""
TWO_SITES = """
[[site]]
site_id = "a"
x_m = 0
y_m = 0
[[site]]
site_id = "b"
x_m = 500
y_m = 0
"""

MISTAKES = {
    "unknown key": ("[traffic]\nue_cuont = 5", 2, "traffic.ue_cuont", "did you mean 'ue_count'?"),
    "unknown table": ("[trafic]\nue_count = 5", 1, "trafic", "did you mean 'traffic'?"),
    "wrong type": ('[traffic]\n\nue_count = "many"', 3, "traffic.ue_count", "'many' is not a whole number"),
    "a flag for a number": ("[ev]\nurgency = true", 2, "ev.urgency", "true is not a number"),
    "half a user": ("[traffic]\nue_count = 2.5", 2, "traffic.ue_count", "2.5 is not a whole number"),
    "negative capacity": ("[sites.battery]\ncapacity_kwh = -20.0", 2, "sites.battery.capacity_kwh", "at least 0"),
    "not a number": ("[power]\nsite_scale = nan", 2, "power.site_scale", "not a finite number"),
    "infinite": ("[ev]\nstay_mean_h = inf", 2, "ev.stay_mean_h", "not a finite number"),
    "site twice": (TWO_SITES.replace('"b"', '"a"'), 7, "site[1].site_id", "'a' is already site[0]"),
    "sites at one place": (TWO_SITES.replace("500", "0"), 8, "site[1].x_m", "exactly where 'a' does"),
    "site without a place": (TWO_SITES.replace("x_m = 500\n", ""), 6, "site[1].x_m", "is missing"),
    "site unknown to the layout": (
        '[sites]\nrings = 1\n[[site]]\nsite_id = "site-9"',
        4,
        "site[0].site_id",
        "did you mean 'site-",
    ),
    "two layouts": ('[sites]\nrings = 1\nfile = "paper.toml"', 3, "sites.file", "keep one of them"),
    "missing file": ('[sites]\nfile = "none.csv"', 2, "sites.file", "no such file"),
    "shares": (
        "[traffic]\nclass_share = [0.02, 0.15, 0.5, 0.5]",
        2,
        "traffic.class_share",
        "sum to 1.17; make them sum to 1",
    ),
    "a share too few": ("[traffic]\nclass_share = [0.5, 0.5]", 2, "traffic.class_share", "only 2 values"),
    "a share that is text": (
        '[traffic]\nclass_share = [\n 0.02,\n "x",\n 0.5,\n 0.33]',
        4,
        "traffic.class_share[1]",
        "'x' is not a number",
    ),
    "day of 23 hours": (
        f"[traffic]\nday_profile = {[1.0] * 23}",
        2,
        "traffic.day_profile",
        "has 23 values; give 24",
    ),
    "unknown band": (
        BAND + '[cooperation]\nlow_bands = ["LTE900"]',
        14,
        "cooperation.low_bands[0]",
        "did you mean 'LTE800'?",
    ),
    "band twice": (BAND + BAND, 15, "band[1].name", "'LTE800' is already band[0]"),
    "band without a carrier": (BAND.replace("carrier_mhz = 800\n", ""), 2, "band[0].carrier_mhz", "is missing"),
    "no bands": ("band = []", 1, "band", "give at least 1"),
    "bad choice": ('[cooperation]\nlinks = "chosn"', 2, "cooperation.links", "did you mean 'chosen'?"),
    "bad topology": ('[microgrid]\ntopology = "ring"', 2, "microgrid.topology", "choose one of: none, bus, star"),
    "bad fault kind": (
        '[[fault]]\nkind = "fire"\nstart_h = 1\nhours_h = 1',
        2,
        "fault[0].kind",
        "choose one of: site-down, report-lost, control-lost",
    ),
    "fault nowhere": (
        '[[fault]]\nkind = "site-down"\nsite_id = "site-77"\nstart_h = 1\nhours_h = 1',
        3,
        "fault[0].site_id",
        "no site 'site-77'",
    ),
    "fault at no site": (
        '[[fault]]\nkind = "site-down"\nstart_h = 1\nhours_h = 1',
        1,
        "fault[0].site_id",
        "add site_id",
    ),
    "ends before it starts": (
        "[grid]\noutages_h = [\n  [0.0, 2.0],\n  [3.0, 1.0],\n]",
        4,
        "grid.outages_h[1]",
        "ends at 1 h, not after its start at 3 h",
    ),
    "outage inside another": ("[grid]\noutages_h = [[0, 4], [3, 5]]", 2, "grid.outages_h[1]", "inside the outage"),
    "half an outage process": ("[grid]\nmean_up_h = 5", 2, "grid.mean_up_h", "belong together"),
    "range the wrong way": ("[ev]\ninitial_soc_frac = [0.8, 0.5]", 2, "ev.initial_soc_frac", "lower end first"),
    "empty above full": ("[sites.battery]\nsoc_min_frac = 1.0", 2, "sites.battery.soc_min_frac", "below soc_max_frac"),
    "starts below empty": (
        "[sites.battery]\ninitial_soc_frac = 0.1",
        2,
        "sites.battery.initial_soc_frac",
        "0.1 is outside",
    ),
    "plans between periods": ("[time]\nplan_period_min = 0.7", 2, "time.plan_period_min", "whole number of 30 s"),
    "policy shorter than a plan": (
        "[planning]\npolicy_lifetime_min = 10",
        2,
        "planning.policy_lifetime_min",
        "at least 15 min",
    ),
    "helper that shrinks": (
        "[cooperation]\nexpanded_radius_m = 100",
        2,
        "cooperation.expanded_radius_m",
        "nominal_radius_m",
    ),
    "data without time 0": ('[data]\npv_profile = "x.csv"', 2, "data.pv_profile", "no such file"),
    "two clocks": (
        "[data]\nstart = 2019-05-01T10:00:00\n[time]\nstart_hour = 18",
        4,
        "time.start_hour",
        "contradicts start in [data] (10 h)",
    ),
    "not TOML": ("[traffic]\nue_count = = 5", 2, "", "not valid TOML"),
    "key twice": ("[traffic]\nue_count = 5\nue_count = 6", 3, "", "not valid TOML"),
}


def problems(folder: Path, text: str) -> tuple[Problem, ...]:
    path = folder / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    return check(path)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_file_line_and_key(mistake: str, tmp_path: Path) -> None:
    """One slip gives one problem on its own line, with its dotted key and what to do."""
    text, line, key, words = MISTAKES[mistake]
    found = [p for p in problems(tmp_path, text) if p.line == line and p.key == key and words in p.message]
    assert len(found) == 1, problems(tmp_path, text)
    assert found[0].file == str(tmp_path / "scenario.toml")


@pytest.mark.parametrize("mistake", [m for m in MISTAKES if m not in ("data without time 0", "two layouts")])
def test_one_slip_is_reported_once(mistake: str, tmp_path: Path) -> None:
    """A single mistake does not set off others that the author did not make."""
    assert len(problems(tmp_path, MISTAKES[mistake][0])) == 1


def test_all_mistakes_are_reported_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Mistakes of different kinds and sections appear together, sorted by line."""
    text = "\n".join(
        (
            "[traffic]",
            "ue_count = -1",
            "speed = 3",
            "[ev]",
            "initial_soc_frac = [0.9, 0.1]",
            "[data]",
            "start = 2019-05-01T10:00:00",
            'ev_sessions = "none.csv"',
        )
    )
    found = [(p.line, p.key) for p in problems(tmp_path, text)]
    assert found == [(2, "traffic.ue_count"), (3, "traffic.speed"), (5, "ev.initial_soc_frac"), (8, "data.ev_sessions")]


def test_data_files_need_the_moment_of_time_0(tmp_path: Path) -> None:
    """A data file without ``start`` is told what to add."""
    (tmp_path / "pv.csv").write_text("time,output_frac\n", encoding="utf-8")
    (found,) = problems(tmp_path, '[data]\npv_profile = "pv.csv"')
    assert (found.line, found.key) == (2, "data.pv_profile")
    assert "add start" in found.message


def test_a_good_file_has_no_problems(tmp_path: Path) -> None:
    """Sites by hand, with their own batteries, are good."""
    assert problems(tmp_path, TWO_SITES + "[site.battery]\ncapacity_kwh = 40") == ()


@pytest.mark.parametrize(
    ("name", "words"), [("papr", "did you mean 'paper'?"), ("no/such.toml", "no such file"), (".", "no such file")]
)
def test_a_scenario_that_is_not_there_is_named(name: str, words: str) -> None:
    """An unknown name or path is one problem that says so."""
    (found,) = check(name)
    assert words in found.message


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are one problem, not a traceback."""
    path = tmp_path / "scenario.toml"
    path.write_bytes(b"\xff\xfe\x00")
    (found,) = check(path)
    assert "UTF-8" in found.message


def test_an_error_reads_one_line_a_mistake(tmp_path: Path) -> None:
    """The exception is a ValueError whose text has one ``file:line: key: message`` line for each mistake."""
    path = tmp_path / "scenario.toml"
    path.write_text("[traffic]\nue_count = 0\nspeed_mps = -1\n", encoding="utf-8")
    with pytest.raises(ValueError, match="ue_count") as caught:
        load_scenario(path)
    assert [line.split(": ")[:2] for line in str(caught.value).splitlines()] == [
        [f"{path}:2", "traffic.ue_count"],
        [f"{path}:3", "traffic.speed_mps"],
    ]


KEYS = st.sampled_from(
    (
        *("sites.rings", "sites", "site", "band", "traffic.class_share", "traffic", "grid.outages_h", "fault", "name"),
        *(
            "cooperation.low_bands",
            "ev.initial_soc_frac",
            "sites.battery",
            "data",
            "data.start",
            "time.period_s",
            "x.y",
        ),
    )
)
JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("kind", "name", "a")), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(junk=st.dictionaries(KEYS, JUNK, min_size=1, max_size=2))
def test_junk_is_refused_and_never_crashes(junk: dict[str, Any]) -> None:
    """Any value anywhere gives a scenario or a ScenarioError, never another exception."""
    try:
        result: Scenario | tuple[Problem, ...] = load_scenario("small", junk)
    except ScenarioError as error:
        result = error.problems
    assert result
