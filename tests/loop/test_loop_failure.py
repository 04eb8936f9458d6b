"""A loop that dies takes nothing down with it, and comes back by itself."""

from __future__ import annotations

import threading
from typing import Any

WAIT_S = 20.0


def test_without_the_rapp_the_policy_holds_until_it_expires_and_msrc_comes_back(loop_of: Any) -> None:
    """rApp gone: its last policy acts until its expiry, then ``independent``; restarted, the next boundary is msrc."""
    loop = loop_of(plan_period_min=2.0, policy_lifetime_min=4.0)  # every 4 periods, for 8
    emulator = loop.emulator(24)
    loop.xapp()
    rapp = loop.rapp()

    def rapp_returns() -> None:
        loop.rapp()
        assert emulator.wait_for_listener("telemetry", WAIT_S)

    loop.recorder.after = {5: rapp.stop, 18: rapp_returns}
    assert emulator.wait() == 0
    policies, strategies = loop.recorder.policies(), loop.recorder.strategies()
    assert policies[:12] == ["msrc-0000000"] * 4 + ["msrc-0000004"] * 8
    assert policies[13:20] == [""] * 7
    assert strategies[13:20] == ["independent"] * 7
    assert policies[20:] == ["msrc-0000020"] * 4


def test_without_the_xapp_the_node_holds_then_is_safe_and_the_xapp_comes_back_with_its_policy(loop_of: Any) -> None:
    """xApp gone: one period of the last control, then the safe state; restarted, it acts on the journalled policy."""
    loop = loop_of()
    emulator = loop.emulator(16)
    xapp = loop.xapp()
    loop.rapp()

    def xapp_returns() -> None:
        loop.xapp()
        assert emulator.wait_for_listener("indications", WAIT_S)

    loop.recorder.after = {4: lambda: stopped(xapp, emulator), 9: xapp_returns}
    assert emulator.wait() == 0
    assert loop.recorder.strategies() == ["msrc"] * 6 + ["safe-state"] * 4 + ["msrc"] * 6
    assert set(loop.recorder.policies()[10:]) == {"msrc-0000000"}
    assert loop.recorder.latency_ms[5:10] == [None] * 5


def test_a_node_without_peers_plays_in_its_safe_state(loop_of: Any) -> None:
    """Nobody connects within the deadline: the run is played all the same, every site normal."""
    loop = loop_of()
    emulator = loop.emulator(3, deadlines="peers_s = 0.2")
    assert emulator.wait() == 0
    assert loop.recorder.strategies() == ["safe-state"] * 3


def test_a_new_run_of_the_node_starts_with_a_clean_memory(loop_of: Any) -> None:
    """xApp and rApp that served one run serve the next from time 0; the policy of the old one is forgotten."""
    loop = loop_of()
    first = loop.all_three(4)
    assert first.wait() == 0
    address = loop.node_address
    first.stop()
    second = loop.emulator(4, listen=f'e2 = "{address}"')
    assert second.wait() == 0
    assert loop.recorder.strategies() == ["msrc"] * 8
    assert loop.recorder.policies() == ["msrc-0000000"] * 8


def test_a_scaled_clock_does_not_wait_for_anybody(loop_of: Any) -> None:
    """At 300 times real time 10 periods take one second, whether controls come or not."""
    loop = loop_of()
    emulator = loop.emulator(10, speed=300.0, deadlines="peers_s = 0.1")
    ended = threading.Event()
    threading.Thread(target=lambda: (emulator.wait(), ended.set()), daemon=True).start()
    assert not ended.wait(0.9)
    assert ended.wait(WAIT_S)
    assert len(loop.recorder.outcomes) == 10


def stopped(xapp: Any, emulator: Any) -> None:
    """Stops the xApp and waits until the node has noticed."""
    xapp.stop()
    assert emulator.wait_for_listener("indications", WAIT_S, count=0)
