"""What the services remember over a restart, and what they rightly forget."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rapp.journal import RappJournal
from xapp.journal import XappJournal

WAIT_S = 20.0


def test_a_restarted_rapp_reads_its_plan_back(loop_of: Any) -> None:
    """Within a run the journalled policy and traffic history are the restarted rApp's own."""
    loop = loop_of(plan_period_min=2.0, policy_lifetime_min=8.0)
    emulator = loop.emulator(12)
    loop.xapp()
    rapp = loop.rapp()
    back: list[Any] = []

    def rapp_returns() -> None:
        back.append(loop.rapp())
        assert emulator.wait_for_listener("telemetry", WAIT_S)

    loop.recorder.after = {1: rapp.stop, 2: rapp_returns}
    assert emulator.wait() == 0
    assert loop.recorder.policies() == [f"msrc-{k - k % 4:07d}" for k in range(12)]
    back[0].stop()
    journal = RappJournal(loop.folder / "rapp.sqlite")
    history = journal.history(7)
    assert history is not None
    assert [entry.key for entry in journal.policies()] == ["msrc-0000000", "msrc-0000004", "msrc-0000008"]
    journal.close()


def test_the_xapp_journals_each_decision_before_it_is_sent(loop_of: Any) -> None:
    """Every control that acted is in the journal, with the policy behind it and the modes that it ordered."""
    loop = loop_of()
    emulator = loop.emulator(6)
    xapp = loop.xapp()
    loop.rapp()
    assert emulator.wait() == 0
    xapp.stop()
    journal = XappJournal(loop.folder / "xapp.sqlite")
    lines = [json.loads(entry.payload) for entry in journal.decisions()]
    journal.close()
    assert [line["period"] for line in lines] == list(range(6))
    assert [line["mode"] for line in lines] == [outcome.mode.tolist() for outcome in loop.recorder.outcomes]
    assert {line["policy_id"] for line in lines} == {"msrc-0000000"}
    assert {note["kind"] for note in notes_of(loop.folder / "journal" / "xapp.jsonl")} >= {
        "dispatch",
        "policy-accepted",
    }


def test_an_rapp_without_an_xapp_does_not_stall_the_node(loop_of: Any) -> None:
    """In lockstep the rApp reports a boundary as dealt with even where no xApp answers."""
    loop = loop_of(plan_period_min=1.0)
    emulator = loop.emulator(6, deadlines="peers_s = 1.0")
    loop.a1_address = "127.0.0.1:9"
    loop.patience_s = 0.2
    loop.rapp()
    assert emulator.wait() == 0
    assert loop.recorder.strategies() == ["safe-state"] * 6
    assert emulator.registry.get_sample_value("gridran_emulator_late_plans_total") == 0.0


def notes_of(path: Path) -> list[Any]:
    """The lines of a note file."""
    return [json.loads(line) for line in path.read_text().splitlines()]
