"""A dispatch and the power budgets of the policy, by the dispatcher's own radio picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gridran.types import FloatArray
from xapp.dispatch.sharing import Power, power_of
from xapp.dispatch.throttle import throttled
from xapp.dispatchers.proportional_fair import Decided, decide

Make = Callable[..., Any]


def draw_kw(power: Power, found: Decided) -> FloatArray:
    """Eq. (4) of every site awake [N] when each user takes r/e of a carrier."""
    whole, rate, site = found.at.whole_mbps, found.at.rate_mbps, found.at.ue_site
    blocks = np.divide(rate, whole, out=np.zeros_like(rate), where=whole > 0)
    load = np.zeros(len(found.at.band_on))
    served = site >= 0
    np.add.at(load, site[served], (blocks * power.load_kw[site] + rate * power.mbps_kw)[served].sum(axis=1))
    return np.asarray(np.where(found.at.band_on.any(axis=1), power.fixed_kw(found.at.band_on), 0.0) + load)


@pytest.mark.parametrize("strategy", ["independent", "independent-es", "static-lb", "msrc"])
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("load", [1.0, 4.0, 12.0])
def test_no_site_draws_more_than_its_budget(
    strategy: str,
    seed: int,
    load: float,
    network_of: Make,
    report_of: Make,
    policy_of: Make,
    task_of: Make,
) -> None:
    """Whatever the budgets, blocks and volume that the dispatcher grants draw no more than they allow at every site."""
    network = network_of(7)
    budget = np.random.default_rng(seed).uniform(0.5, 7.0, 7)
    task = task_of(
        network, report_of(network, seed=seed, load=load), policy_of(network, strategy, power_budget_kw=budget)
    )
    power = power_of(network)
    assert (draw_kw(power, decide(throttled(task), power)) <= budget * (1 + 1e-6)).all()
