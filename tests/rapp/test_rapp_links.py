"""The check of finished plans names every broken rule, and nothing else."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gridran.types import Network, SiteMode
from rapp.links import violations, without_dead_helpers
from rapp.plan import Plan

Networks = Callable[..., Network]
NORMAL, HELPING, ASSISTED, SLEEP = (int(m) for m in SiteMode)
ALIVE = np.ones(4, dtype=bool)


@pytest.fixture
def line(network_at: Networks) -> Network:
    """Four sites in a line, 600 m apart: only next neighbours have κ >= 0.3."""
    return network_at(np.array([[600.0 * i, 0.0] for i in range(4)]))


@pytest.fixture
def sound() -> Plan:
    """Site 1 helps site 0 (assisted) and site 2 (asleep)."""
    band_on = np.ones((4, 4), dtype=bool)
    band_on[0, 1:], band_on[2] = False, False
    mode = np.array([ASSISTED, HELPING, SLEEP, NORMAL])
    return Plan(mode, ((1, 0), (1, 2)), band_on, np.ones(4), 3.0, 3.0)


def test_a_sound_plan_breaks_nothing(line: Network, sound: Plan) -> None:
    """A helper with two helped neighbours, linked to both, holds every rule."""
    assert violations(line, sound, ALIVE) == ()


@pytest.mark.parametrize(
    ("links", "rule"),
    [
        ((), "(20): helps nobody at sites [1]"),
        (((1, 0),), "(21): has no helper at sites [2]"),
        (((1, 0), (1, 2), (3, 2)), "(23): linked without helping at sites [3]"),
        (((1, 0), (1, 2), (1, 3)), "(23): linked without being helped at sites [3]"),
    ],
    ids=["20", "21", "23 helper", "23 helped"],
)
def test_each_link_rule_is_named(line: Network, sound: Plan, links: tuple[tuple[int, int], ...], rule: str) -> None:
    """A missing or a surplus link is named with its equation and site."""
    assert rule in violations(line, replace(sound, links=links), ALIVE)


def test_a_helper_must_cover_whom_it_helps(line: Network, sound: Plan) -> None:
    """A link over 1200 m, beyond R_coop, breaks (21)."""
    far = replace(
        sound, mode=np.array([ASSISTED, NORMAL, HELPING, NORMAL]), links=((2, 0),), band_on=np.ones((4, 4), bool)
    )
    assert "(21): helps a site it does not cover at sites [2]" in violations(line, far, ALIVE)


def test_more_links_than_k_max_are_named(network_at: Networks, sound: Plan) -> None:
    """K_max counts all links of a site, (22)."""
    tight = network_at(np.array([[600.0 * i, 0.0] for i in range(4)]), coop={"max_links": 1})
    assert violations(tight, sound, ALIVE) == ("(22): more than K_max links at sites [1]",)


def test_band_rules_are_named(line: Network, sound: Plan) -> None:
    """(24): no carrier asleep, one at least awake; a dead site owes none. (25): no high carrier while assisted."""
    all_on = replace(sound, band_on=np.ones((4, 4), dtype=bool))
    assert violations(line, all_on, ALIVE) == (
        "(24): asleep with a carrier on at sites [2]",
        "(25): assisted with a barred carrier on at sites [0]",
    )
    dark = replace(sound, band_on=sound.band_on & (np.arange(4) != 3)[:, None])
    assert violations(line, dark, ALIVE) == ("(24): awake without a carrier at sites [3]",)
    assert violations(line, dark, np.arange(4) != 3) == ()


def test_literal_links_ask_for_every_pair(network_at: Networks, sound: Plan) -> None:
    """As printed, (23) links every helper to every helped neighbour inside R_coop, chosen or not."""
    close = network_at(np.array([[450.0 * i, 0.0] for i in range(4)]), coop={"links": "literal"})
    assert violations(close, sound, ALIVE) == ()
    missing = replace(sound, links=((1, 0),))
    assert violations(close, missing, ALIVE) == ("(23): a helper and a helped neighbour are not linked at sites [1]",)
    alone = replace(sound, mode=np.array([NORMAL, HELPING, NORMAL, NORMAL]), links=(), band_on=np.ones((4, 4), bool))
    assert violations(close, alone, ALIVE) == ("(20): helps nobody at sites [1]",)
    helpless = replace(sound, mode=np.array([ASSISTED, NORMAL, SLEEP, NORMAL]), links=())
    assert violations(close, helpless, ALIVE) == ("(21): has no helper at sites [0, 2]",)


def test_who_loses_its_only_helper_wakes(sound: Plan) -> None:
    """A site with another helper stays as it is; one without wakes up; the dead helper itself is normal."""
    mode = np.array([ASSISTED, HELPING, SLEEP, HELPING])
    links = ((1, 0), (1, 2), (3, 2))
    after, kept = without_dead_helpers(mode, links, np.array([True, False, True, True]))
    np.testing.assert_array_equal(after, [NORMAL, NORMAL, SLEEP, HELPING])
    assert kept == ((3, 2),)


def test_with_everybody_alive_nothing_changes(sound: Plan) -> None:
    """No dead helper, no change."""
    after, kept = without_dead_helpers(sound.mode, sound.links, ALIVE)
    np.testing.assert_array_equal(after, sound.mode)
    assert kept == sound.links
