"""What the xApp finds again after a crash."""

import subprocess
import sys
from pathlib import Path

from gridran.runtime.journal import Entry
from xapp.journal import XappJournal

CRASH = """
import os, signal, sys
from xapp.journal import XappJournal
journal = XappJournal(sys.argv[1])
journal.record_subscription(b"subscription")
journal.record_policy("msrc-0000030", b"policy")
journal.record_decision(31, b"decision")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_first_boot_finds_nothing(tmp_path: Path) -> None:
    """A new journal has no policy, subscription or decision."""
    journal = XappJournal(tmp_path / "xapp.db")
    assert journal.last_policy() is None
    assert journal.subscription() is None
    assert journal.decisions() == []
    journal.close()


def test_a_deleted_policy_stays_deleted(tmp_path: Path) -> None:
    """After a delete no policy is in force, also after a restart; the log still tells of it."""
    journal = XappJournal(tmp_path / "xapp.db")
    journal.record_policy("a", b"1")
    journal.forget_policy()
    journal.close()
    journal = XappJournal(tmp_path / "xapp.db")
    assert journal.last_policy() is None
    assert journal.policies() == [Entry("a", b"1")]
    journal.close()


def test_decisions_are_bounded(tmp_path: Path) -> None:
    """Only the newest decisions stay."""
    journal = XappJournal(tmp_path / "xapp.db", keep=3)
    for period in range(10):
        journal.record_decision(period, b"")
    assert [e.key for e in journal.decisions()] == ["7", "8", "9"]
    assert [e.key for e in journal.decisions(1)] == ["9"]
    journal.close()


def test_kill_9_keeps_policy_subscription_and_decisions(tmp_path: Path) -> None:
    """An xApp killed right after its writes finds all three on the next boot."""
    path = tmp_path / "xapp.db"
    assert subprocess.run([sys.executable, "-c", CRASH, str(path)], check=False).returncode == -9
    journal = XappJournal(path)
    assert journal.last_policy() == b"policy"
    assert journal.subscription() == b"subscription"
    assert journal.decisions() == [Entry("31", b"decision")]
    journal.close()
