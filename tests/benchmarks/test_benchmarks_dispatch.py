"""What the dispatch benchmark asks and judges by; its times are no test's business."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.registry import BENCHES, bench_named
from benchmarks.ticks import ticks
from gridran.types import SiteMode
from xapp.dispatch.sharing import power_of
from xapp.dispatch.throttle import throttled
from xapp.dispatchers.proportional_fair import decide
from xapp.policy_check import policy_problem


def test_cooperation_is_in_play() -> None:
    """Every tick has helping, assisted and sleeping sites under a policy that the fast loop accepts, and the control
    before it was under the same modes."""
    first, second = ticks(2)
    for task in (first, second):
        assert set(task.policy.mode.tolist()) >= {SiteMode.HELPING, SiteMode.ASSISTED, SiteMode.DEEP_SLEEP}
        assert policy_problem(task.network, task.policy) == ""
    assert second.previous is not None
    np.testing.assert_array_equal(second.previous.mode, second.policy.mode)


def test_excess_is_seen() -> None:
    """A decision keeps its carriers and budgets; ten times its rates do not."""
    pytest.importorskip("cvxpy")
    from benchmarks.dispatch import excess_frac, problem_of

    (task,) = ticks(1)
    problem, rate_mbps = problem_of(decide(throttled(task), power_of(task.network)))
    assert excess_frac(problem, rate_mbps) <= 1e-9
    assert excess_frac(problem, 10.0 * rate_mbps) > 1.0
    assert excess_frac(replace(problem, power_limit_kw=problem.power_limit_kw * 1e-3), rate_mbps) > 1.0


def test_a_peer_that_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line names the package and the extra that brings it."""
    monkeypatch.setitem(BENCHES, "odd", "no_such_peer:bench")
    with pytest.raises(ValueError, match=r"bench 'odd' needs no_such_peer; pip install 'gridran\[bench\]'"):
        bench_named("odd")
