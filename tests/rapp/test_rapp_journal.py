"""What the rApp finds again after a crash."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gridran.runtime.journal import Entry
from rapp.forecast.history import History
from rapp.journal import RappJournal
from rapp.notes import Note

CRASH = """
import os, signal, sys
import numpy as np
from rapp.forecast.history import History
from rapp.journal import RappJournal
journal = RappJournal(sys.argv[1])
journal.record_history(History(np.array([0.125]), np.array([0.25]), np.array([[1.5, 2.5]]), np.array([[1.0, 2.0]])))
journal.record_policy("msrc-0000030", b"wire bytes")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_first_boot_finds_nothing(tmp_path: Path) -> None:
    """A new journal has no policy, no history and no notes."""
    journal = RappJournal(tmp_path / "rapp.db")
    assert journal.last_policy() is None
    assert journal.history(7) is None
    assert journal.notes() == []
    journal.close()


def test_last_policy_and_log_of_policies(tmp_path: Path) -> None:
    """The last policy is the one to resume from; the log has them all by id."""
    journal = RappJournal(tmp_path / "rapp.db")
    journal.record_policy("a", b"1")
    journal.record_policy("b", b"2")
    assert journal.last_policy() == b"2"
    assert journal.policies() == [Entry("a", b"1"), Entry("b", b"2")]
    journal.close()


def test_notes_come_back_as_they_were(tmp_path: Path) -> None:
    """Notes survive as structured values, in order."""
    journal = RappJournal(tmp_path / "rapp.db")
    said = [Note("plan", {"gap_frac": None, "binding_sites": ["site-1"]}), Note("policy-status", {"enforced": True})]
    for note in said:
        journal.record_note(note)
    assert journal.notes() == said
    assert journal.notes(1) == said[1:]
    journal.close()


def test_history_of_another_network_is_refused(tmp_path: Path) -> None:
    """A journal left by another network is told, not used."""
    journal = RappJournal(tmp_path / "rapp.db")
    journal.record_history(History(np.array([0.1]), np.array([0.2]), np.ones((1, 2)), np.ones((1, 2))))
    with pytest.raises(ValueError, match="not one of 7 sites"):
        journal.history(7)
    journal.close()


def test_kill_9_keeps_policy_and_history(tmp_path: Path) -> None:
    """A rApp killed right after it recorded a policy finds policy and history on the next boot."""
    path = tmp_path / "rapp.db"
    done = subprocess.run([sys.executable, "-c", CRASH, str(path)], check=False)
    assert done.returncode == -9
    journal = RappJournal(path)
    assert journal.last_policy() == b"wire bytes"
    history = journal.history(2)
    assert history is not None
    np.testing.assert_array_equal(history.offered_mbps, [[1.5, 2.5]])
    journal.close()
