"""Column generation over awake patterns, against the program over all 2^N of them."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from emulator.world import initial, observe
from gridran.scenario.params import Scenario, TrafficParams
from gridran.service import promised_mbps
from gridran.types import BoolArray, FloatArray
from rapp.cooperation import generate as generation
from rapp.cooperation.demand import demand_points
from rapp.cooperation.evaluate import evaluate
from rapp.cooperation.gathering import gathered
from rapp.cooperation.generate import Phase, Schedule, cheapest, generate, weighed_again
from rapp.cooperation.master import Hours, Offer, Stores, hours
from rapp.cooperation.search import Space, modes, space
from rapp.cooperation.variables import Problem
from rapp.links import violations
from rapp.plan import UNDECIDED, Plan

AMPLE_KW = 99.0


def space_of(
    scenario: Scenario, sites: int, share: float, alive: BoolArray | None = None, links: str = "chosen"
) -> Space:
    """Patterns of the first ``sites`` of the network that carry ``share`` of everybody's promise at time 0."""
    cooperation = replace(scenario.network.cooperation, links=links)
    network = replace(scenario.network, sites=scenario.network.sites[:sites], cooperation=cooperation)
    few = Scenario("few", network, traffic=TrafficParams(ue_count=30 * sites))
    snapshot = observe(initial(few, 1))
    volume = share * promised_mbps(snapshot)
    weight = np.array(few.traffic.class_weight)
    return space(
        Problem(
            network=network,
            points=demand_points(
                network, snapshot, volume, weight, gathered(network, snapshot, 5 * sites), candidates=7
            ),
            energy_kwh=np.ones(sites),
            alive=np.ones(sites, dtype=np.int64) if alive is None else alive.astype(np.int64),
            drains=np.ones(sites, dtype=np.int64),
            previous_mode=np.full(sites, -1),
            objective_weight=(0.5, 0.3, 0.1, 0.1),
            decided_mode=np.full(sites, UNDECIDED),
        )
    )


def stores(energy_kwh: FloatArray, most_kw: float | FloatArray = AMPLE_KW) -> Stores:
    n = len(energy_kwh)
    return Stores(energy_kwh, np.broadcast_to(np.asarray(most_kw), (n,)), np.zeros(n, dtype=np.bool_), 48.0)


def only(patterns: Space) -> list[Phase]:
    return [Phase(patterns, 0.0, main=True, last_resort=False)]


def three_phases(scenario: Scenario, sites: int) -> list[Phase]:
    """The agreed service, two hours of one and a half times as much, three hours of a tenth."""
    agreed, more, least = (space_of(scenario, sites, share) for share in (1.0, 1.5, 0.1))
    return [
        Phase(agreed, 0.0, main=True, last_resort=False),
        Phase(more, 2.0, main=False, last_resort=False),
        Phase(least, 3.0, main=False, last_resort=True),
    ]


def found(phases: list[Phase], what: Stores, kept: tuple[BoolArray, ...] = (), rounds: int = 24) -> Schedule:
    schedule = generate(phases, what, kept, rounds, 0.0)
    assert schedule is not None
    return schedule


def whole_life_h(phases: list[Phase], what: Stores) -> float:
    """Life over every pattern that holds the link rules and serves as much as everybody awake does."""
    offers = []
    for phase in phases:
        n = len(phase.space.alive)
        every = np.array(list(itertools.product((False, True), repeat=n)))
        every = every[[phase.space.links(pattern) is not None for pattern in every]]
        drawn = evaluate(phase.space.table, every)
        unserved = drawn.unserved_frac.sum(axis=1)
        power = drawn.power_kw[unserved <= unserved[-1] + 1e-9]
        offers.append(Offer(power, np.full(len(power), float(phase.main)), phase.least_h))
    best = hours(offers, what)
    assert best is not None
    return float(best.each_h[0].sum())


@pytest.mark.parametrize("sites", [3, 4])
@pytest.mark.parametrize("energy", ["equal", "uneven"])
def test_one_phase_is_as_long_as_over_all_patterns(small_scenario: Scenario, sites: int, energy: str) -> None:
    """The life is that of the program over all 2^N patterns, and no longer than what the search found possible."""
    energy_kwh = np.full(sites, 10.0) if energy == "equal" else np.array([4.0, 12.0, 7.0, 9.0])[:sites]
    phases, what = only(space_of(small_scenario, sites, 1.0)), stores(energy_kwh)
    schedule = found(phases, what)
    assert schedule.life_h == pytest.approx(whole_life_h(phases, what), rel=1e-6)
    assert schedule.life_h <= schedule.found_bound_h * (1.0 + 1e-6)
    assert schedule.life_h == pytest.approx(schedule.each_h[0].sum())


def test_three_phases_are_as_long_as_over_all_patterns(small_scenario: Scenario) -> None:
    """Planned together with the phases before and after it, the main phase is as long as it can be."""
    phases, what = three_phases(small_scenario, 4), stores(np.array([9.0, 12.0, 7.0, 9.0]))
    schedule = found(phases, what)
    assert schedule.life_h == pytest.approx(whole_life_h(phases, what), rel=1e-6)
    assert [float(each.sum()) for each in schedule.each_h[1:]] == pytest.approx([2.0, 3.0])


def assert_rules(patterns: Space, awake: BoolArray) -> None:
    network = patterns.table.problem.network
    mode = modes(patterns, awake)
    plan = Plan(
        mode=mode,
        links=tuple(patterns.links(awake) or ()),
        band_on=np.repeat(awake[:, None], network.band_count, axis=1),
        mean_power_kw=np.zeros(network.site_count),
        survival_h=1.0,
        bound_survival_h=1.0,
    )
    assert violations(network, plan, patterns.alive) == ()


@pytest.mark.parametrize("links", ["chosen", "literal"])
@pytest.mark.parametrize("dead", [(), (0,), (1, 4)])
def test_every_pattern_holds_the_link_rules(small_scenario: Scenario, links: str, dead: tuple[int, ...]) -> None:
    """Whether found or kept, and a dead site is awake in none; a kept pattern that breaks a rule is dropped."""
    alive = np.ones(7, dtype=np.bool_)
    alive[list(dead)] = False
    patterns = space_of(small_scenario, 7, 1.0, alive, links)
    lonely = np.arange(7) == 6  # K_max = 3 sleepers at most, of the others
    kept = (lonely, np.ones(7, dtype=np.bool_), np.zeros(7, dtype=np.bool_), np.arange(7) != 2)
    (awake,) = found(only(patterns), stores(np.full(7, 10.0)), kept, rounds=6).awake
    assert not (awake & ~alive).any()
    assert len(np.unique(awake, axis=0)) == len(awake)
    for pattern in awake:
        assert_rules(patterns, pattern)


def test_kept_patterns_are_a_start(small_scenario: Scenario) -> None:
    """With the patterns of an earlier call, a call without or with one more round is no worse."""
    phases, what = three_phases(small_scenario, 7), stores(np.array([9.0, 12.0, 7.0, 9.0, 8.0, 11.0, 9.0]))
    first = found(phases, what)
    kept = tuple(np.concatenate(first.awake))
    for rounds in (0, 1):
        assert found(phases, what, kept, rounds).life_h >= first.life_h - 1e-6


def test_the_same_question_has_the_same_answer(small_scenario: Scenario) -> None:
    """Bit for bit."""
    phases, what = three_phases(small_scenario, 4), stores(np.array([9.0, 12.0, 7.0, 9.0]))
    one, two = found(phases, what), found(phases, what)
    for a, b in zip(one.awake + one.each_h, two.awake + two.each_h, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_site_that_would_run_dry_stays_asleep(small_scenario: Scenario) -> None:
    """A pattern that a site cannot hold until the next plan is not fit and has no hours; the life is the others'."""
    patterns = space_of(small_scenario, 4, 1.0)
    what = stores(np.full(4, 10.0), most_kw=np.array([0.2, AMPLE_KW, AMPLE_KW, AMPLE_KW]))
    everybody = np.ones(4, dtype=np.bool_)
    schedule = found(only(patterns), what, (everybody,))
    unfit = schedule.awake[0][:, 0]
    assert unfit.any()
    assert not schedule.fit[0][unfit].any()
    assert schedule.each_h[0][unfit].max() < 1e-3
    assert schedule.life_h > 1.0


def test_the_last_resort_is_played_with_what_there_is(small_scenario: Scenario) -> None:
    """Where every pattern runs a site dry, a last resort still has a fit one; any other phase is over."""
    patterns, what = space_of(small_scenario, 3, 1.0), stores(np.full(3, 10.0), most_kw=0.0)
    (over,) = found(only(patterns), what).fit
    (played,) = found([replace(only(patterns)[0], last_resort=True)], what).fit
    assert not over.any()
    assert played.any()


def test_who_cannot_be_served_at_all_does_not_count(small_scenario: Scenario) -> None:
    """A point in a hole of coverage changes neither the life nor what the search finds possible."""
    patterns = space_of(small_scenario, 4, 1.0)
    points = patterns.table.problem.points
    hole = int(np.argmin(points.volume_mbps))
    candidate, rate = points.candidate.copy(), points.rate_mbps.copy()
    candidate[hole], rate[hole] = -1, 0.0
    deaf = space(replace(patterns.table.problem, points=replace(points, candidate=candidate, rate_mbps=rate)))
    phases, what = only(deaf), stores(np.array([9.0, 12.0, 7.0, 9.0]))
    schedule = found(phases, what)
    assert schedule.life_h == pytest.approx(whole_life_h(phases, what), rel=1e-6)
    assert schedule.found_bound_h == pytest.approx(schedule.life_h, rel=1e-3)


def test_nobody_alive_no_schedule(small_scenario: Scenario) -> None:
    """Without a live site there is nothing to plan."""
    patterns = space_of(small_scenario, 3, 1.0, np.zeros(3, dtype=np.bool_))
    assert generate(only(patterns), stores(np.zeros(3)), (), 3, 0.0) is None


def test_a_failed_master_is_no_schedule(small_scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the program fails there is no schedule, and weighing one again leaves it as it was."""
    phases, what = only(space_of(small_scenario, 3, 1.0)), stores(np.full(3, 10.0))
    schedule = found(phases, what)

    def fails(_: object, __: object) -> Hours | None:
        return None

    monkeypatch.setattr(generation, "hours", fails)
    assert generate(phases, what, (), 3, 0.0) is None
    assert generate(phases, what, (), 0, 0.0) is None
    assert weighed_again(schedule, phases, what, [np.zeros(len(schedule.each_h[0]))]) is schedule


def test_hours_that_count_less_move_elsewhere(small_scenario: Scenario) -> None:
    """A loss on the pattern that is used most takes hours from it, where others can do its work; life never gains."""
    phases, what = only(space_of(small_scenario, 4, 1.0)), stores(np.full(4, 10.0))
    schedule = found(phases, what)
    most = int(np.argmax(schedule.each_h[0]))
    loss = [(np.arange(len(schedule.each_h[0])) == most).astype(np.float64) * 0.9]
    again = weighed_again(schedule, phases, what, loss)
    assert again.each_h[0][most] < schedule.each_h[0][most]
    assert again.life_h <= schedule.life_h + 1e-9


def test_the_cheapest_pattern_is_a_local_optimum(small_scenario: Scenario) -> None:
    """It serves all that can be served, and no toggle of one site that still does draws less."""
    patterns = space_of(small_scenario, 7, 1.0)
    awake, kw = cheapest(patterns)
    assert evaluate(patterns.table, awake[None]).unserved_frac.max() <= 1e-9
    assert kw == pytest.approx(float(evaluate(patterns.table, awake[None]).power_kw.sum()))
    for site in range(7):
        other = awake ^ (np.arange(7) == site)
        drawn = evaluate(patterns.table, other[None])
        if patterns.links(other) is not None and drawn.unserved_frac.max() <= 1e-9:
            assert drawn.power_kw.sum() >= kw - 1e-6
