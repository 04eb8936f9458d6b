"""Small parts of the emulator service: run end, field paths, the last report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from emulator.field_path import wire_path
from emulator.streams import Streams
from emulator.tally import Tally
from emulator.watchdog import safe_state
from emulator.world import advance, initial, observe
from gridran.lost import critical_availability_frac, failing_for_h, is_lost
from gridran.scenario.params import Scenario
from gridran.wire.convert import dispatch_to_proto


def test_a_network_is_lost_after_half_an_hour_on_end(scenario_of: Callable[..., Scenario]) -> None:
    """Critical availability below 50 % counts on; one period at 50 % begins again from zero."""
    _, alive = advance(initial(scenario_of(), 1), None, 0.25, Streams(1))
    dead = replace(alive, served_mbps=np.zeros_like(alive.served_mbps))
    assert (critical_availability_frac(alive), critical_availability_frac(dead)) == (1.0, 0.0)
    failing_h = failing_for_h(0.0, dead)
    assert not is_lost(failing_h)
    assert is_lost(failing_for_h(failing_h, dead))
    assert failing_for_h(failing_h, alive) == 0.0


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("period", "control.period"),
        ("mode[2]", "control.sites[4].mode"),
        ("band_on[2][1]", "control.sites[4].cells[2].energy_saving_control"),
        ("ue_site[3]", "control.users.target_site[3]"),
        ("rate_mbps[3]", "control.users.rate_mbps[12]"),
        ("rate_mbps[3][2]", "control.users.rate_mbps[14]"),
        ("shed_reason[9]", "control.users.shed_reason[9]"),
    ],
)
def test_faults_are_named_as_in_the_message(scenario_of: Callable[..., Scenario], path: str, expected: str) -> None:
    """Rows of sites and cells are found where the caller put them: here both in reverse order."""
    world = initial(scenario_of(), 1)
    network = world.scenario.network
    control = dispatch_to_proto(safe_state(network, observe(world)), network)
    sites = list(reversed(control.sites))
    for site in sites:
        cells = list(reversed(site.cells))
        del site.cells[:]
        site.cells.extend(cells)
    del control.sites[:]
    control.sites.extend(sites)
    assert wire_path(path, control, network) == expected


def test_the_last_report_has_percentiles_only_of_what_was_measured() -> None:
    """Without a latency there is none in the summary; missed and refused controls are counted."""
    tally = Tally()
    tally.add(has_control=False, latency_ms=None)
    tally.reject()
    empty = tally.summary("stopped")
    assert (empty.periods, empty.missed_controls, empty.rejected_controls) == (1, 1, 1)
    assert not empty.HasField("control_latency_p50_ms")
    for latency_ms in (1.0, 2.0, 3.0):
        tally.add(has_control=True, latency_ms=latency_ms)
    assert tally.summary("hours").control_latency_p50_ms == 2.0
