"""The search at exact cost: one decision costs what the model says, prices bound all others, and no move is left."""

from __future__ import annotations

from dataclasses import replace

import highspy
import numpy as np
import pytest

from emulator.world import initial, observe
from gridran.outcome import Feasible, Optimal
from gridran.scenario.params import Scenario, TrafficParams
from gridran.types import Network, SiteMode
from rapp.cooperation import refine
from rapp.cooperation.demand import demand_points
from rapp.cooperation.flows import Flows
from rapp.cooperation.gathering import gathered
from rapp.cooperation.highs import solver
from rapp.cooperation.program import Decisions, Program, program
from rapp.cooperation.refine import refined, settled
from rapp.cooperation.search import Space, modes, space
from rapp.cooperation.solve import Limits, solve, whole_model
from rapp.cooperation.variables import Problem, variables
from rapp.plan import UNDECIDED

SLEEP, ASSISTED, HELPING = int(SiteMode.DEEP_SLEEP), int(SiteMode.ASSISTED), int(SiteMode.HELPING)


def problem_of(network: Network, **changes: object) -> Problem:
    """Serving 150 users' demand from uneven batteries; ``changes`` replace fields."""
    traffic = TrafficParams(ue_count=150)
    snapshot = observe(initial(Scenario("seven", network, traffic=traffic), 1))
    n = network.site_count
    weight = np.array(traffic.class_weight)
    problem = Problem(
        network=network,
        points=demand_points(network, snapshot, snapshot.demand_mbps, weight, gathered(network, snapshot, 24)),
        energy_kwh=np.linspace(3.0, 12.0, n),
        alive=np.ones(n, dtype=np.int64),
        drains=np.ones(n, dtype=np.int64),
        previous_mode=np.arange(n) % 2,
        objective_weight=(0.5, 0.3, 0.1, 0.1),
        decided_mode=np.full(n, UNDECIDED),
    )
    return replace(problem, **changes)  # type: ignore[arg-type]


@pytest.fixture
def seven(small_scenario: Scenario) -> Problem:
    """Seven sites and four bands."""
    return problem_of(small_scenario.network)


def some(problem: Problem, patterns: Space, count: int) -> Decisions:
    """``count`` random decisions with their links."""
    rng = np.random.default_rng(3)
    n, bands = problem.network.site_count, problem.network.band_count
    low = problem.network.low_bands
    kept = low if problem.network.cooperation.assisted_bands == "low" else ~low
    mode, band_on = [], []
    while len(mode) < count:
        turned = np.where(rng.random(n) < 0.3, rng.choice([SLEEP, ASSISTED], n), HELPING)
        linked = settled(patterns, turned)
        if linked is None:
            continue
        on = rng.random((n, bands)) < 0.6
        on[:, 0] |= ~on.any(axis=1)
        on[linked == ASSISTED] = kept
        mode.append(linked)
        band_on.append(on & (linked != SLEEP)[:, None])
    return Decisions(np.array(mode), np.array(band_on))


def program_of(problem: Problem) -> Program:
    return program(problem, variables(problem))


def start_of(problem: Problem, patterns: Space) -> Decisions:
    """Everybody awake with all carriers on."""
    alive = patterns.alive
    mode = modes(patterns, np.ones_like(alive))
    return Decisions(mode[None], np.repeat(alive[:, None], problem.network.band_count, axis=1)[None])


def whole_cost(problem: Problem, decision: Decisions) -> float:
    """The whole model's objective with the decision's columns held."""
    model, v = whole_model(problem)
    highs = solver(mip_rel_gap=0.0)
    highs.passModel(model)
    columns = np.concatenate([v.gamma.ravel(), v.z.ravel()]).astype(np.int32)
    values = decision.columns()[0]
    highs.changeColsBounds(len(columns), columns, values, values)
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(highs.getInfo().objective_function_value)


@pytest.mark.parametrize("bands", ["low", "high"])
def test_a_decision_costs_what_the_whole_model_says(seven: Problem, bands: str) -> None:
    """Links aside, the program of the flows is the whole model with its whole columns held, one decision after the
    other in the same solver."""
    network = replace(seven.network, cooperation=replace(seven.network.cooperation, assisted_bands=bands))
    problem = replace(seven, network=network)
    flows = Flows(program_of(problem))
    decisions = some(problem, space(problem), 8)
    for number in range(8):
        decision = decisions.one(number)
        assert flows.solve(decision) == pytest.approx(whole_cost(problem, decision), rel=1e-6)


def test_prices_never_promise_too_little(seven: Problem) -> None:
    """No decision costs less than the prices of another say, and the priced one itself costs just that."""
    flows = Flows(program_of(seven))
    decisions = some(seven, space(seven), 12)
    costs = np.array([flows.solve(decisions.one(number)) for number in range(12)])
    for number in range(12):
        one = decisions.one(number)
        bound = flows.prices(one, flows.solve(one)).at_least(decisions)
        assert (bound <= costs * (1.0 + 1e-9)).all()
        assert bound[number] == pytest.approx(costs[number])


def test_a_decision_that_sites_cannot_power_costs_infinitely_much_and_spoils_nothing(seven: Problem) -> None:
    """A site that may draw less than it idles at rules its decision out; the next one is priced as if new."""
    sites = [replace(site, battery=replace(site.battery, discharge_limit_kw=0.2)) for site in seven.network.sites[:1]]
    network = replace(seven.network, sites=(*sites, *seven.network.sites[1:]))
    problem = replace(seven, network=network)
    patterns, flows = space(problem), Flows(program_of(problem))
    impossible = start_of(problem, patterns)
    asleep = np.array([settled(patterns, np.where(np.arange(7) == 0, SLEEP, HELPING))])
    possible = Decisions(asleep, impossible.band_on & (asleep != SLEEP)[..., None])
    alone = Flows(program_of(problem)).solve(possible)
    assert flows.solve(impossible) == np.inf
    assert flows.solve(possible) == pytest.approx(alone)


def test_the_search_ends_where_no_move_pays(seven: Problem) -> None:
    """From everybody awake the cost falls, and every move from the end, solved, costs as much or more; the decision
    has its links and carriers."""
    patterns, flows = space(seven), Flows(program_of(seven))
    start = start_of(seven, patterns)
    cost, best = refined(flows, patterns, start)
    assert cost < 0.9 * Flows(program_of(seven)).solve(start)
    assert cost == pytest.approx(whole_cost(seven, best), rel=1e-6)
    moves = refine._Moves(patterns)(best.mode[0], best.band_on[0])
    least = min(flows.solve(moves.one(number)) for number in range(len(moves.mode)))
    assert least >= cost * (1.0 - 2e-4)
    awake = best.mode[0] != SLEEP
    assert (best.band_on[0].any(axis=1) == awake).all()


def test_the_search_begins_with_the_best_start_and_stops_after_so_many_solves(
    seven: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no solves to spend the answer is the cheaper start."""
    monkeypatch.setattr(refine, "MAX_SOLVES", 0)
    patterns = space(seven)
    starts = some(seven, patterns, 5)
    costs = [Flows(program_of(seven)).solve(starts.one(number)) for number in range(5)]
    flows = Flows(program_of(seven))
    cost, best = refined(flows, patterns, starts)
    assert cost == pytest.approx(min(costs))
    assert (best.band_on[0] == starts.band_on[int(np.argmin(costs))]).all()
    assert flows.solves <= 7


@pytest.mark.parametrize("links", ["chosen", "literal"])
def test_what_is_dead_or_decided_stays(seven: Problem, links: str) -> None:
    """A dead site has no carrier; who was decided to sleep, be awake or be assisted is so, whoever has a better idea;
    and who is assisted elsewhere helps nobody."""
    network = replace(seven.network, cooperation=replace(seven.network.cooperation, links=links))
    alive, decided_mode = np.ones(7, dtype=np.int64), np.full(7, UNDECIDED)
    alive[2], decided_mode[3], decided_mode[5], decided_mode[6] = 0, SLEEP, 0, ASSISTED
    problem = replace(seven, network=network, alive=alive, decided_mode=decided_mode)
    outcome = solve(problem, Limits(gap_frac=0.03, node_limit=0, time_limit_s=60.0))
    assert isinstance(outcome, Optimal | Feasible)
    found = outcome.value
    assert found.mode[2] == found.mode[3] == SLEEP
    assert found.mode[5] in (SiteMode.NORMAL, HELPING)
    assert found.mode[6] == ASSISTED
    assert not found.band_on[[2, 3]].any()
    assert not found.band_on[6, ~network.low_bands].any()
    assert 6 not in {helper for helper, _ in found.links}


def test_those_who_help_go_on_helping(seven: Problem) -> None:
    """With one more asleep those of the helpers that can stay helpers do, and nobody else helps unless it takes him."""
    patterns = space(seven)
    before = settled(patterns, np.array([HELPING, SLEEP, HELPING, 0, 0, 0, 0]))
    assert before is not None
    after = settled(patterns, np.where(np.arange(7) == 4, SLEEP, before))
    assert after is not None
    assert (after[before == HELPING] == HELPING).all()
    assert (after == SLEEP).sum() == 2


def test_without_a_helper_in_reach_nobody_sleeps(seven: Problem) -> None:
    """Where all others sleep, one site cannot help all of them."""
    assert settled(space(seven), np.where(np.arange(7) == 0, HELPING, SLEEP)) is None
