"""What awake patterns draw and leave: by hand, against the power model, and many at once as one by one."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from emulator.world import initial, observe
from gridran.energy.site_power import site_power_kw
from gridran.scenario.params import Scenario
from gridran.service import promised_mbps
from gridran.types import Battery, BoolArray, FloatArray, IntArray, Network
from rapp.cooperation.demand import DemandPoints, demand_points
from rapp.cooperation.evaluate import Evaluated, assigned, evaluate, tables
from rapp.cooperation.gathering import gathered
from rapp.cooperation.search import Space, descend, modes, space
from rapp.cooperation.spare import spare_frac
from rapp.cooperation.variables import Problem
from rapp.plan import UNDECIDED

FULL = 0.97  # of a carrier, the most that a plan counts on
Networks = Callable[..., Network]


def points_of(volume_mbps: list[float], candidate: IntArray, rate_mbps: FloatArray) -> DemandPoints:
    """Points [G] with their candidates [G, C]; their own cell is the first, alone in nominal coverage."""
    groups, places = candidate.shape
    return DemandPoints(
        volume_mbps=np.array(volume_mbps),
        weight=np.full(groups, 1.0 / max(groups, 1)),
        own_site=candidate[:, 0],
        candidate=candidate,
        rate_mbps=rate_mbps,
        nominal=np.tile(np.arange(places) == 0, (groups, 1)),
        reduced=np.zeros((groups, places), dtype=np.bool_),
        blocked=np.zeros((groups, places, places), dtype=np.bool_),
        ue_point=np.arange(groups),
    )


def problem_of(network: Network, points: DemandPoints, **changes: IntArray) -> Problem:
    n = network.site_count
    problem = Problem(
        network=network,
        points=points,
        energy_kwh=np.ones(n),
        alive=np.ones(n, dtype=np.int64),
        drains=np.ones(n, dtype=np.int64),
        previous_mode=np.full(n, -1),
        objective_weight=(0.5, 0.3, 0.1, 0.1),
        decided_mode=np.full(n, UNDECIDED),
    )
    return replace(problem, **changes)


@pytest.fixture
def one(network_at: Networks) -> Network:
    """One site."""
    return network_at(np.zeros((1, 2)))


@pytest.fixture
def pair(network_at: Networks) -> Network:
    """Two sites 500 m apart."""
    return network_at(np.array([[0.0, 0.0], [500.0, 0.0]]))


def cheapest_by_hand(network: Network, volume_mbps: float, rate_mbps: FloatArray) -> tuple[float, BoolArray]:
    """Least draw over all carrier sets that carry the volume, by the power model, and that set [B]."""
    best = (np.inf, np.zeros(4, dtype=np.bool_))
    for on in itertools.product((False, True), repeat=4):
        left, volume, blocks = volume_mbps, np.zeros((1, 4)), np.zeros((1, 4))
        kw_per_mbps = [per_mbps(network, b, rate_mbps[b]) for b in range(4)]
        for b in sorted(np.flatnonzero(on), key=lambda b: kw_per_mbps[b]):
            volume[0, b] = min(left, FULL * rate_mbps[b])
            blocks[0, b] = volume[0, b] / rate_mbps[b]
            left -= volume[0, b]
        kw = float(site_power_kw(network, np.zeros(1), np.array([on]), blocks, volume)[0])
        if any(on) and left <= 1e-9 and kw < best[0]:
            best = (kw, np.array(on))
    return best


def per_mbps(network: Network, band: int, rate_mbps: float) -> float:
    """Draw of one megabit more on a carrier, from the power model itself."""
    on = np.arange(4)[None] == band
    none = np.zeros((1, 4))
    more = site_power_kw(network, np.zeros(1), on, on / rate_mbps, on.astype(np.float64))
    return float((more - site_power_kw(network, np.zeros(1), on, none, none))[0])


@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0, 20.0])
def test_one_site_by_hand(one: Network, scale: float) -> None:
    """Two points at known rates: the harmonic mean rate of each carrier, then the cheapest set of the power model."""
    rate = np.array([[[20.0, 60.0, 90.0, 300.0]], [[40.0, 80.0, 30.0, 450.0]]])
    volume = np.array([3.0, 9.0]) * scale
    mean = volume.sum() / (volume[:, None] / rate[:, 0]).sum(axis=0)
    table = tables(problem_of(one, points_of(volume.tolist(), np.zeros((2, 1), dtype=np.int64), rate)))
    drawn = evaluate(table, np.array([[True]]))
    kw, carriers = cheapest_by_hand(one, float(volume.sum()), mean)
    assert drawn.power_kw[0, 0] == pytest.approx(kw)
    np.testing.assert_array_equal(table.sets[drawn.carriers[0, 0]] > 0.0, carriers)
    assert drawn.unserved_frac[0] == pytest.approx([0.0, 0.0])


def test_too_much_is_left_over(one: Network) -> None:
    """Beyond 97 % of all carriers the rest is unserved, the same share at every point of the site."""
    rate = np.tile(np.array([20.0, 60.0, 90.0, 300.0]), (2, 1, 1))
    points = points_of([400.0, 200.0], np.zeros((2, 1), dtype=np.int64), rate)
    grid = problem_of(one, points, drains=np.zeros(1, dtype=np.int64))
    left = 1.0 - FULL * 470.0 / 600.0
    assert evaluate(tables(grid), np.array([[True]])).unserved_frac[0] == pytest.approx([left, left])


def test_the_discharge_limit_leaves_volume(network_at: Networks) -> None:
    """A site on its battery draws no more than it may, and what that does not carry is unserved; on the grid all is."""
    weak = network_at(np.zeros((1, 2)), battery=Battery(discharge_limit_kw=2.0))
    rate = np.array([20.0, 60.0, 90.0, 300.0])[None, None]
    points = points_of([100.0], np.zeros((1, 1), dtype=np.int64), rate)
    awake = np.array([[True]])
    drawn = evaluate(tables(problem_of(weak, points)), awake)
    assert drawn.power_kw[0, 0] <= 2.0 + 1e-12
    assert 0.0 < drawn.unserved_frac[0, 0] <= 1.0
    plugged = evaluate(tables(problem_of(weak, points, drains=np.zeros(1, dtype=np.int64))), awake)
    assert plugged.power_kw[0, 0] > 2.0
    assert plugged.unserved_frac[0, 0] == 0.0


def test_a_site_too_weak_to_be_awake_serves_nobody(network_at: Networks) -> None:
    """Where the discharge limit is below the draw of a site at no load, all of its volume is unserved, not more."""
    dead_weight = network_at(np.zeros((1, 2)), battery=Battery(discharge_limit_kw=0.5))
    rate = np.array([20.0, 60.0, 90.0, 300.0])[None, None]
    points = points_of([0.1], np.zeros((1, 1), dtype=np.int64), rate)
    assert evaluate(tables(problem_of(dead_weight, points)), np.array([[True]])).unserved_frac[0, 0] == 1.0


def test_who_cannot_use_a_carrier_does_not_spoil_it(one: Network) -> None:
    """A point without LTE1800 leaves the rate of that carrier to the others, and the draw finite and the same."""
    good = np.array([20.0, 60.0, 90.0, 300.0])
    bad = np.array([20.0, 0.0, 90.0, 300.0])
    at = np.zeros((2, 1), dtype=np.int64)
    both = points_of([50.0, 50.0], at, np.array([[good], [good]]))
    one_bad = replace(both, rate_mbps=np.array([[good], [bad]]))
    expected, found = (evaluate(tables(problem_of(one, p)), np.array([[True]])) for p in (both, one_bad))
    assert found.power_kw == pytest.approx(expected.power_kw)
    assert found.unserved_frac == pytest.approx(expected.unserved_frac)


def test_nobody_to_serve(one: Network) -> None:
    """Awake without a point: the cheapest carrier at zero load, the others in standby; asleep: deep sleep."""
    table = tables(problem_of(one, points_of([], np.zeros((0, 1), dtype=np.int64), np.zeros((0, 1, 4)))))
    drawn = evaluate(table, np.array([[True], [False]]))
    nothing = np.zeros((1, 4))
    least = min(float(site_power_kw(one, np.zeros(1), np.arange(4)[None] == b, nothing, nothing)[0]) for b in range(4))
    assert drawn.power_kw[:, 0] == pytest.approx([least, one.power.deep_sleep_kw])
    assert drawn.unserved_frac.shape == (2, 0)


@pytest.fixture
def two_points(pair: Network) -> Problem:
    """A point at each of two sites; each can be served by the other site as well, at half the rate."""
    rate = np.array([20.0, 60.0, 90.0, 300.0])
    points = points_of([4.0, 6.0], np.array([[0, 1], [1, 0]]), np.tile(np.stack([rate, rate / 2.0]), (2, 1, 1)))
    return problem_of(pair, points)


def test_the_strongest_awake_site_serves(two_points: Problem) -> None:
    """Each point at its own cell while that is awake, else at the other one; nobody where none is."""
    patterns = np.array([[True, True], [True, False], [False, True], [False, False]])
    place, served = assigned(tables(two_points), patterns)
    np.testing.assert_array_equal(place[:3], [[0, 0], [0, 1], [1, 0]])
    np.testing.assert_array_equal(served, [[True, True], [True, True], [True, True], [False, False]])
    assert evaluate(tables(two_points), patterns).unserved_frac[3] == pytest.approx([1.0, 1.0])


def test_only_who_reaches_serves_beyond_its_cell(two_points: Problem) -> None:
    """A site that does not reach beyond nominal coverage (5) leaves its neighbour's point unserved."""
    awake = np.array([[True, False]])
    reaching, not_reaching = (np.array([[reach, False]]) for reach in (True, False))
    table = tables(two_points)
    assert evaluate(table, awake, reaching).unserved_frac[0] == pytest.approx([0.0, 0.0])
    assert evaluate(table, awake, not_reaching).unserved_frac[0] == pytest.approx([0.0, 1.0])


def test_a_dead_site_draws_and_serves_nothing(two_points: Problem) -> None:
    """Without power a site is not awake whatever the pattern says, and it has no sleeper's draw either."""
    drawn = evaluate(tables(replace(two_points, alive=np.array([1, 0]))), np.array([[True, True]]))
    assert drawn.power_kw[0, 1] == 0.0
    assert drawn.power_kw[0, 0] > 0.0
    assert drawn.unserved_frac[0] == pytest.approx([0.0, 0.0])


def test_less_volume_can_be_asked_for(two_points: Problem) -> None:
    """With its own volumes [M, G] a pattern draws what the same problem with these volumes would."""
    half = replace(two_points.points, volume_mbps=two_points.points.volume_mbps / 2.0)
    awake = np.array([[True, False]])
    expected = evaluate(tables(replace(two_points, points=half)), awake)
    found = evaluate(tables(two_points), awake, volume_mbps=half.volume_mbps[None])
    assert found.power_kw == pytest.approx(expected.power_kw)


@pytest.fixture(scope="module")
def seven(small_scenario: Scenario) -> Space:
    """Everybody's promise at time 0 on seven sites."""
    network, snapshot = small_scenario.network, observe(initial(small_scenario, 1))
    weight = np.array(small_scenario.traffic.class_weight)
    return space(
        problem_of(
            network, demand_points(network, snapshot, promised_mbps(snapshot), weight, gathered(network, snapshot, 40))
        )
    )


def test_many_at_once_as_one_by_one(seven: Space) -> None:
    """A pattern's figures do not depend on the patterns evaluated with it."""
    awake = np.array(list(itertools.product((False, True), repeat=7)))
    drawn = evaluate(seven.table, awake)
    for m, pattern in enumerate(awake):
        alone = evaluate(seven.table, pattern[None])
        np.testing.assert_array_equal(alone.power_kw[0], drawn.power_kw[m])
        np.testing.assert_array_equal(alone.unserved_frac[0], drawn.unserved_frac[m])
        np.testing.assert_array_equal(alone.carriers[0], drawn.carriers[m])


def total_kw(_: BoolArray, drawn: Evaluated) -> FloatArray:
    return np.asarray(drawn.power_kw.sum(axis=1) + 100.0 * drawn.unserved_frac.sum(axis=1))


def test_literal_links_come_before_the_radio(small_scenario: Scenario, seven: Space) -> None:
    """With literal links the search ends in a pattern whose linked helpers alone serve beyond their cells."""
    cooperation = replace(small_scenario.network.cooperation, links="literal")
    network = replace(small_scenario.network, cooperation=cooperation)
    literal = space(replace(seven.table.problem, network=network))
    cost, awake = descend(literal, total_kw, np.ones(7, dtype=np.bool_))
    links = literal.links(awake)
    assert links is not None
    reaching = np.isin(np.arange(7), [helper for helper, _ in links])
    drawn = evaluate(literal.table, awake[None], reaching[None])
    assert cost == pytest.approx(float(total_kw(awake[None], drawn)[0]))
    assert (modes(literal, awake) == 1).sum() == reaching.sum()
    assert cost >= descend(seven, total_kw, np.ones(7, dtype=np.bool_))[0] - 1e-9


def test_spare_energy_by_hand(two_points: Problem) -> None:
    """One site serves both cells: what it can spare over what they ask for, all of it where there is plenty."""
    patterns, awake = space(two_points), np.array([True, False])
    ask = np.array([2.0, 4.0])
    rate = two_points.points.rate_mbps
    kw = sum(ask[g] * min(per_mbps(two_points.network, b, rate[g, g, b]) for b in range(4)) for g in range(2))
    for share in (0.6, 0.75, 1.0):
        given = spare_frac(patterns, awake, ask, np.array([share * kw, 0.0]))
        assert given == pytest.approx([share, share])
    assert spare_frac(patterns, awake, ask, np.array([9.0 * kw, 0.0])) == pytest.approx([1.0, 1.0])


def test_too_little_to_spare_is_nothing(two_points: Problem) -> None:
    """A share below a half makes nobody count as served, so it is not given; nor where nothing is asked for."""
    patterns, awake = space(two_points), np.array([True, True])
    assert spare_frac(patterns, awake, np.array([2.0, 4.0]), np.array([1e-3, 9.0])) == pytest.approx([0.0, 1.0])
    assert spare_frac(patterns, awake, np.zeros(2), np.full(2, 9.0)) == pytest.approx([0.0, 0.0])


def test_the_tightest_site_decides_for_a_cell(pair: Network) -> None:
    """Two points of one cell at two sites: the cell has what the poorer of them can give."""
    rate = np.tile(np.array([20.0, 60.0, 90.0, 300.0]), (2, 2, 1))
    points = replace(points_of([4.0, 4.0], np.array([[0, -1], [1, -1]]), rate), own_site=np.zeros(2, dtype=np.int64))
    ask = np.array([2.0, 2.0])
    kw = 2.0 * min(per_mbps(pair, b, rate[0, 0, b]) for b in range(4))
    given = spare_frac(space(problem_of(pair, points)), np.array([True, True]), ask, np.array([kw, 0.6 * kw]))
    assert given == pytest.approx([0.6, 0.0])


def test_nobody_serves_a_hole(pair: Network) -> None:
    """A point without any candidate, which asks for nothing more, says nothing of what its cell may have."""
    rate = np.tile(np.array([20.0, 60.0, 90.0, 300.0]), (2, 1, 1))
    rate[1] = 0.0
    points = replace(points_of([4.0, 1.0], np.array([[0], [-1]]), rate), own_site=np.zeros(2, dtype=np.int64))
    given = spare_frac(space(problem_of(pair, points)), np.array([True, True]), np.array([2.0, 0.0]), np.full(2, 9.0))
    assert given == pytest.approx([1.0, 0.0])
