"""The dispatch program against the exact cone model of (27)."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from gridran.types import ServiceClass
from xapp.dispatch.bandwidth import Shares, utility
from xapp.dispatch.efficiency import radio_of
from xapp.dispatch.sharing import power_of, shared, shares_of

Make = Callable[..., Any]


def problem_of(network_of: Make, report_of: Make, policy_of: Make, task_of: Make, seed: int, load: float) -> Shares:
    """Three sites, 40 users, every user free to choose its site."""
    network = network_of(3)
    task = task_of(network, report_of(network, seed=seed, users=40, load=load), policy_of(network, "static-lb"))
    radio, power = radio_of(task), power_of(network)
    users = np.flatnonzero(radio.rate_mbps.max(axis=(1, 2)) > 0)
    limit_kw = task.policy.power_budget_kw - power.fixed_kw(radio.allowed)
    return shares_of(
        task, users, radio.candidate[users], radio.rate_mbps[users], limit_kw, power.load_kw, power.mbps_kw
    )


@pytest.mark.parametrize(("seed", "load"), [(0, 1.0), (1, 5.0), (2, 12.0), (3, 30.0)])
def test_the_program_reaches_the_exact_optimum(
    network_of: Make,
    report_of: Make,
    policy_of: Make,
    task_of: Make,
    reference: ModuleType,
    seed: int,
    load: float,
) -> None:
    """From idle to far overloaded: total utility within 1e-4 of the cone model, each class within 1e-3."""
    problem = problem_of(network_of, report_of, policy_of, task_of, seed, load)
    exact = reference.solve(problem)
    rates, answer = shared(problem)
    assert answer is not None
    ours = utility(problem, rates.sum(axis=(1, 2)))
    best = utility(problem, exact.rate_mbps.sum(axis=(1, 2)))
    assert abs(best.sum() - ours.sum()) <= 1e-4 * best.sum()
    for service_class in ServiceClass:
        of = problem.service_class == service_class
        assert abs(best[of].sum() - ours[of].sum()) <= 1e-3 * max(best[of].sum(), 1e-9)
