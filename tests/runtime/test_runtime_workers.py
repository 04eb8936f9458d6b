"""Workers that die or hang are replaced."""

from __future__ import annotations

import operator
import os
import time
from concurrent.futures import BrokenExecutor
from functools import partial

import pytest

from gridran.runtime.workers import Restarted, workers


@pytest.fixture
def restarted():
    """Two processes that are waited for 4 s."""
    found = Restarted(partial(workers, 2, "", (), str), 4.0)
    yield found
    found.close()


def test_results_come_in_order(restarted):
    """As from ``map``."""
    assert restarted(operator.neg, range(5)) == [0, -1, -2, -3, -4]


@pytest.mark.parametrize(
    ("function", "item", "error"), [(os._exit, 9, BrokenExecutor), (time.sleep, 600, TimeoutError)]
)
def test_after_a_failure_others_work(restarted, function, item, error):
    """A process that dies or does not answer in time costs one call; the next one finds new processes."""
    with pytest.raises(error):
        restarted(function, [item])
    assert restarted(operator.neg, [4]) == [-4]
