"""Which carriers are tried, and how often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gridran.types import BoolArray, Network, Policy, Snapshot
from xapp.dispatch import bands
from xapp.dispatch.association import preferred
from xapp.dispatch.efficiency import radio_of
from xapp.dispatch.placement import serving
from xapp.dispatch.sharing import power_of
from xapp.dispatch.task import DispatchTask

Crowded = Callable[[list[bool]], DispatchTask]


@pytest.fixture
def crowded(
    network_of: Callable[..., Network],
    report_of: Callable[..., Snapshot],
    policy_of: Callable[..., Policy],
    task_of: Callable[..., DispatchTask],
) -> Crowded:
    """Seven sites with more demand than some can carry, and the given carriers [4] in force at all."""

    def task(band_on: list[bool]) -> DispatchTask:
        network = network_of()
        report = report_of(network, load=20.0, band_on=np.tile(band_on, (network.site_count, 1)))
        return task_of(network, report, policy_of(network))

    return task


def tried(task: DispatchTask, monkeypatch: pytest.MonkeyPatch) -> list[BoolArray]:
    """The sets of carriers [G, B] for which ``in_force`` asks what they carry, in order."""
    asked: list[BoolArray] = []
    carried_on = bands._carried_on

    def noted(*args: Any) -> Any:
        asked.append(args[-1])
        return carried_on(*args)

    monkeypatch.setattr(bands, "_carried_on", noted)
    radio = radio_of(task)
    ue_site, whole_mbps = serving(task, radio, preferred(task, radio))
    bands.in_force(task, power_of(task.network), bands.cells_of(task, radio.allowed, ue_site), whole_mbps)
    return asked


def test_carriers_that_are_all_on_are_not_tried_twice(crowded: Crowded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they are not enough the search comes next: there is nothing wider."""
    asked = tried(crowded([True] * 4), monkeypatch)
    assert len(asked) == 2
    assert asked[0].all()


def test_crowded_sites_try_all_their_carriers_before_the_search(
    crowded: Crowded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First those in force, then all that are allowed where these are not enough."""
    asked = tried(crowded([True, False, False, False]), monkeypatch)
    assert not asked[0][:, 1:].any()
    assert (asked[1].sum(axis=1) == 4).any()
    assert len(asked) == 3


def test_what_is_shared_cannot_be_written_to() -> None:
    """All sets of carriers are listed once for everybody."""
    with pytest.raises(ValueError, match="read-only"):
        bands.carrier_sets(4)[0, 0] = True
