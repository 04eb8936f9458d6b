"""Prices before programs: what they rule out is out of reach, and where a program starts does not change its answer."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace

import highspy
import numpy as np
import pytest

from gridran.types import FloatArray
from xapp.dispatch import simplex
from xapp.dispatch.bandwidth import SLA_REWARD, TIE_COST_PER_KW, Shares, asked_mbps, segments, share
from xapp.dispatch.bound import most, wants_of

BANDS = 3
SETS = np.array(list(itertools.product([False, True], repeat=BANDS)))


def random_problem(seed: int, sites: int = 1) -> Shares:
    """Some users, deaf ones among them, at sites with little or ample power."""
    rng = np.random.default_rng(seed)
    users = int(rng.integers(1, 25))
    service_class = rng.choice(4, size=users)
    demand_mbps = rng.lognormal(0.5, 1.0, users) * rng.choice([0.1, 1.0, 10.0])
    heard = (rng.random((users, sites, BANDS)) < 0.7) & (rng.random((users, 1, 1)) < 0.9)
    return Shares(
        demand_mbps=demand_mbps,
        min_rate_mbps=np.where(service_class < 3, np.minimum(demand_mbps, 0.5), 0.0),
        weight=np.array([1000.0, 100.0, 10.0, 1.0])[service_class],
        service_class=service_class,
        reward=SLA_REWARD[service_class],
        held=np.zeros(users, dtype=np.bool_),
        site=np.tile(np.arange(sites), (users, 1)),
        rate_mbps=rng.lognormal(3.0, 1.2, (users, sites, BANDS)) * heard,
        power_limit_kw=rng.choice([0.0, 0.05, 0.3, 1.0, 10.0], size=sites),
        load_kw=rng.uniform(0.0, 3.0, (sites, BANDS)),
        mbps_kw=rng.uniform(0.001, 0.03, BANDS),
        segments=4,
    )


def reached(problem: Shares, rate_mbps: FloatArray) -> float:
    """The program's objective for rates [M, C, B]."""
    width, slope = segments(problem)
    left = rate_mbps.sum(axis=(1, 2)) / asked_mbps(problem)
    value = 0.0
    for part, worth in zip(width.T, slope.T, strict=True):
        value += float(np.minimum(left, part) @ worth)
        left = left - np.minimum(left, part)
    whole = problem.rate_mbps
    blocks = np.divide(rate_mbps, whole, out=np.zeros_like(whole), where=whole > 0)
    kw = blocks * problem.load_kw[problem.site] + rate_mbps * problem.mbps_kw
    return value - TIE_COST_PER_KW * float(kw.sum())


@pytest.mark.parametrize("seed", range(12))
def test_no_set_of_carriers_reaches_more_than_its_bound(seed: int) -> None:
    """At any prices the bound of every set is at least what the program reaches there, and at the program's own prices
    it is just that."""
    rng = np.random.default_rng(100 + seed)
    problem = random_problem(seed)
    limit_kw = rng.uniform(0.0, 2.0, len(SETS))
    best = []
    for carriers, kw in zip(SETS, limit_kw, strict=True):
        answer = share(
            replace(problem, rate_mbps=np.where(carriers, problem.rate_mbps, 0.0), power_limit_kw=np.array([kw]))
        )
        assert answer is not None
        best.append(reached(problem, answer.rate_mbps))
    whole = share(problem)
    assert whole is not None
    own = whole.carrier_value[0], whole.power_value[0]
    prices = [own, (np.zeros(BANDS), 0.0), (rng.exponential(10.0, BANDS), 5.0), (np.full(BANDS, 1e4), 0.0)]
    carrier, power = (np.array(each) for each in zip(*prices, strict=True))
    bound = most(wants_of(problem), SETS, limit_kw, carrier, power)
    assert (bound >= np.array(best) - 1e-6 * np.maximum(np.abs(best), 1.0)).all()
    at_own = most(wants_of(problem), SETS[-1:], problem.power_limit_kw, carrier[:1], power[:1])[0, 0]
    assert at_own == pytest.approx(reached(problem, whole.rate_mbps), rel=1e-5, abs=1e-3)


def test_power_that_costs_nothing_may_be_without_limit() -> None:
    """What there is of it is worth nothing then; where it has a price it is worth everything."""
    wants = wants_of(random_problem(0))
    bound = most(wants, SETS[-1:], np.array([np.inf]), np.ones((2, BANDS)), np.array([0.0, 1.0]))
    assert np.isfinite(bound[0, 0])
    assert np.isposinf(bound[1, 0])


@pytest.mark.parametrize("seed", range(12))
def test_where_a_program_starts_does_not_change_what_it_reaches(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick way from its start, and a sturdier one from nothing when the quick way may not take a single step,
    reach the same."""
    problem = random_problem(seed)
    quick = share(problem)
    monkeypatch.setattr(simplex, "_thread", threading.local())
    monkeypatch.setitem(simplex._QUICK, "simplex_iteration_limit", 0)
    sturdy = share(problem)
    assert quick is not None
    assert sturdy is not None
    assert reached(problem, quick.rate_mbps) == pytest.approx(reached(problem, sturdy.rate_mbps), rel=1e-7, abs=1e-6)


@pytest.mark.parametrize("sites", [1, 3])
@pytest.mark.parametrize("seed", range(12))
def test_rates_to_begin_with_do_not_change_what_is_reached(seed: int, sites: int) -> None:
    """Rates at hand may be the answer with twice the power, or nonsense."""
    problem = random_problem(seed, sites)
    scarce = replace(problem, power_limit_kw=0.5 * problem.power_limit_kw)
    whole, alone = share(problem), share(scarce)
    assert whole is not None
    assert alone is not None
    for begin_mbps in (whole.rate_mbps, np.random.default_rng(seed).random(problem.rate_mbps.shape)):
        found = share(replace(scarce, begin_mbps=begin_mbps))
        assert found is not None
        assert reached(scarce, found.rate_mbps) == pytest.approx(reached(scarce, alone.rate_mbps), rel=1e-7, abs=1e-6)


@pytest.mark.parametrize("first", [0, 1])
def test_a_program_begins_where_it_is_told_to(first: int) -> None:
    """Of two answers that are equally good the one at which the search begins is returned."""
    program = simplex.Program(
        cost=np.ones(2),
        column_lower=np.zeros(2),
        column_upper=np.full(2, np.inf),
        row_lower=np.full(1, -np.inf),
        row_upper=np.ones(1),
        start=np.arange(3),
        row=np.zeros(2, dtype=np.int64),
        value=np.ones(2),
    )
    column = np.full(2, simplex.AT_LOWER)
    column[first] = simplex.BASIC
    found = simplex.solved(program, simplex.Start(column, np.array([simplex.AT_UPPER])))
    assert found is not None
    assert found.column_value.tolist() == [float(k == first) for k in range(2)]


def test_every_option_of_the_solver_is_known_to_it() -> None:
    """An option that the solver does not know, or a value that it does not take, would be left out in silence."""
    highs = highspy.Highs()
    for options in (simplex._OPTIONS, simplex._QUICK, *simplex._STURDY):
        for key, value in options.items():
            assert highs.setOptionValue(key, value) == highspy.HighsStatus.kOk, key


def test_answers_do_not_depend_on_what_was_solved_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """One solver for many programs answers to the bit as a new one for each."""
    problems = [random_problem(seed, sites=2) for seed in range(20)]
    kept = [share(problem) for problem in problems]
    for problem, before in zip(problems, kept, strict=True):
        monkeypatch.setattr(simplex, "_thread", threading.local())
        alone = share(problem)
        assert before is not None
        assert alone is not None
        np.testing.assert_array_equal(before.rate_mbps, alone.rate_mbps)
        np.testing.assert_array_equal(before.carrier_value, alone.carrier_value)


def test_a_solver_that_failed_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a program without an answer the next one has a new solver."""
    monkeypatch.setattr(simplex, "_thread", threading.local())
    share(random_problem(1))
    before = simplex._thread.quick
    share(random_problem(2))
    assert simplex._thread.quick is before
    endless = simplex.Program(
        cost=np.ones(1),
        column_lower=np.zeros(1),
        column_upper=np.full(1, np.inf),
        row_lower=np.full(1, -np.inf),
        row_upper=np.full(1, np.inf),
        start=np.arange(2),
        row=np.zeros(1, dtype=np.int64),
        value=np.ones(1),
    )
    assert simplex.solved(endless, simplex.Start(np.zeros(1, dtype=np.int64), np.full(1, simplex.BASIC))) is None
    share(random_problem(3))
    assert simplex._thread.quick is not before
