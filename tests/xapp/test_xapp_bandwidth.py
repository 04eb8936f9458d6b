"""How (27) becomes arrays: what a minimum that is certain is to the program, and what a flow takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from xapp.dispatch import bandwidth
from xapp.dispatch.bandwidth import SLA_REWARD, Shares, needs, segments, share
from xapp.dispatch.simplex import Program, Solution, Start


@pytest.fixture
def problem() -> Shares:
    """Forty users with three options over four sites; some carriers and options cannot be used."""
    rng = np.random.default_rng(7)
    users, options, sites, bands = 40, 3, 4, 2
    service_class = rng.choice(4, size=users)
    demand_mbps = rng.uniform(0.5, 4.0, users)
    return Shares(
        demand_mbps=demand_mbps,
        min_rate_mbps=np.where(service_class < 3, 0.5, 0.0),
        weight=np.array([1000.0, 100.0, 10.0, 1.0])[service_class],
        service_class=service_class,
        reward=SLA_REWARD[service_class],
        held=np.zeros(users, dtype=np.bool_),
        site=rng.integers(-1, sites, (users, options)),
        rate_mbps=rng.uniform(5.0, 50.0, (users, options, bands)) * (rng.random((users, options, bands)) < 0.8),
        power_limit_kw=np.full(sites, 0.4),
        load_kw=rng.uniform(0.1, 2.0, (sites, bands)),
        mbps_kw=rng.uniform(0.001, 0.03, bands),
        segments=4,
    )


def program_of(problem: Shares, monkeypatch: pytest.MonkeyPatch) -> Program:
    """What the solver is asked."""
    asked = []

    def solved(program: Program, start: Start) -> Solution:
        asked.append(program)
        return Solution(np.zeros(len(program.cost)), np.zeros(len(program.row_lower)))

    monkeypatch.setattr(bandwidth, "solved", solved)
    share(problem)
    return asked[0]


def test_a_minimum_that_is_certain_is_a_lower_bound(problem: Shares, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the first segment of the users who are held, as wide as it is; nothing else has one."""
    held = (problem.min_rate_mbps > 0) & (np.arange(len(problem.held)) % 2 == 0)
    program = program_of(replace(problem, held=held), monkeypatch)
    width = segments(problem)[0]
    flows = int(np.count_nonzero((problem.rate_mbps > 0) & (problem.site >= 0)[..., None]))
    least = np.where(held[:, None] & (np.arange(width.shape[1]) == 0), width, 0.0)
    assert np.array_equal(program.column_lower, np.concatenate([np.zeros(flows), least[width > 0.0]]))
    assert np.array_equal(program.column_upper[flows:], width[width > 0.0])


def test_a_flow_takes_what_its_user_needs(problem: Shares, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row by row one of the user, its blocks of the carrier and its kW of the site, as the bounds have them."""
    program = program_of(problem, monkeypatch)
    user, option, band = np.nonzero((problem.rate_mbps > 0) & (problem.site >= 0)[..., None])
    blocks, kw = (each[user, option, band] for each in needs(problem))
    value, row = (each[: 3 * len(user)].reshape(-1, 3) for each in (program.value, program.row))
    assert np.array_equal(value, np.stack([np.ones(len(user)), blocks, kw], axis=1))
    users, (sites, bands) = len(problem.demand_mbps), problem.load_kw.shape
    site = problem.site[user, option]
    assert np.array_equal(row, np.stack([user, users + site * bands + band, users + sites * bands + site], axis=1))
