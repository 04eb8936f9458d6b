"""The journal on disk: latest facts, a bounded log, and nothing lost to kill -9."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gridran.runtime.journal import Entry, Journal, JournalError

WRITER = """
import sys
from gridran.runtime.journal import Journal
journal = Journal(sys.argv[1], keep=50)
for i in range(1_000_000):
    journal.put_and_append("policy", "policy", str(i), b"%d" % i * 200)
    print(i, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def test_only_the_latest_fact_counts(path: Path) -> None:
    """A fact is replaced as a whole, survives reopening, and can be forgotten, twice if need be."""
    with Journal(path) as journal:
        assert journal.get("policy") is None
        journal.put("policy", b"one")
        journal.put("policy", b"two\x00\xff")
    with Journal(path) as journal:
        assert journal.get("policy") == b"two\x00\xff"
        journal.forget("policy")
        journal.forget("policy")
        assert journal.get("policy") is None


def test_entries_come_back_in_order(path: Path) -> None:
    """The log gives the newest entries of one kind, oldest first, under their own keys."""
    with Journal(path) as journal:
        for i in range(5):
            journal.append("decision", str(i), b"d%d" % i)
            journal.append("note", str(i), b"n")
        assert journal.entries("decision", 2) == [Entry("3", b"d3"), Entry("4", b"d4")]
        assert len(journal.entries("decision")) == 5
        assert journal.entries("other") == []


def test_the_log_is_bounded_by_kind(path: Path) -> None:
    """Only the newest ``keep`` entries of each kind stay, and a busy kind does not push out a quiet one."""
    with Journal(path, keep=10) as journal:
        journal.append("quiet", "0", b"")
        for i in range(100):
            journal.append("busy", str(i), b"")
        assert [e.key for e in journal.entries("busy")] == [str(i) for i in range(90, 100)]
        assert len(journal.entries("quiet")) == 1


def test_the_file_stops_growing(path: Path) -> None:
    """Pruned pages are used again: 800 kB pass through, of which 40 kB are kept; the write-ahead log is bounded too."""
    with Journal(path, keep=20) as journal:
        for i in range(400):
            journal.append("decision", str(i), bytes(2000))
        assert path.with_name("journal.db-wal").stat().st_size < 5_000_000
    assert path.stat().st_size < 200_000


def test_a_failed_write_leaves_nothing_behind(path: Path) -> None:
    """Both halves of a write happen or neither, and the journal goes on working."""
    with Journal(path) as journal:
        with pytest.raises(sqlite3.Error):
            journal.put_and_append("policy", "policy", None, b"x")  # type: ignore[arg-type]
        assert journal.get("policy") is None
        journal.put("policy", b"after")
        assert journal.get("policy") == b"after"


def test_threads_may_share_it(path: Path) -> None:
    """Four threads write at once; every entry is there."""
    with Journal(path) as journal:
        threads = [
            threading.Thread(target=lambda: [journal.append("d", "k", b"") for _ in range(20)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(journal.entries("d")) == 80


def test_in_memory_it_needs_no_file() -> None:
    """Studies and tests can journal without a disk."""
    with Journal(":memory:") as journal:
        journal.put("policy", b"x")
        assert journal.get("policy") == b"x"


def test_another_kind_of_file_is_refused(path: Path) -> None:
    """A file that is no journal is named in one line and not overwritten."""
    path.write_bytes(b"not a database, but long enough to be taken for one" * 50)
    with pytest.raises(JournalError, match="not a database; give another file"):
        Journal(path)
    assert path.read_bytes().startswith(b"not a database")


@pytest.mark.parametrize("writes", [1, 37, 120])
def test_kill_9_loses_nothing_that_was_written(path: Path, writes: int) -> None:
    """A writer is killed at an arbitrary moment: all it reported as written is there, whole, and at most one more."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        reported = [int(writer.stdout.readline()) for _ in range(writes)][-1]
        os.kill(writer.pid, signal.SIGKILL)
        rest = writer.stdout.read().split("\n")[:-1]
    reported = int(rest[-1]) if rest else reported
    with Journal(path, keep=50) as journal:
        last = journal.entries("policy")[-1]
        assert int(last.key) in (reported, reported + 1)
        assert last.payload == b"%d" % int(last.key) * 200
        assert journal.get("policy") == last.payload
        assert len(journal.entries("policy")) <= 50
        journal.put_and_append("policy", "policy", "new", b"new")
        assert journal.get("policy") == b"new"
