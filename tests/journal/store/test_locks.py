"""No lock of a stranger stops a journal without a word: each has a deadline, and the message names who holds it."""

import fcntl
import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager

import pytest
from histories import TAG, night, started, write

from journal.errors import JournalBusy, JournalLocked, JournalUnusable
from journal.events import session_stream
from journal.query.sql import run_query
from journal.store import Journal, Reader, connection, schema
from journal.store.lease import is_loop_running

FLOCK = "fcntl.flock(file, fcntl.LOCK_EX)"
READ = "fcntl.lockf(file, fcntl.LOCK_SH)"
BY = r"process {pid} \(python[0-9.]*\) of user \w+"


@contextmanager
def stranger(path, lock=FLOCK):
    """Another process that holds a lock on a file; its pid."""
    code = f"import fcntl, time; file = open({str(path)!r}, 'rb'); {lock}; print(flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()


@pytest.fixture
def impatient(monkeypatch):
    """The deadline of every lock, shortened."""
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.2)
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.2)


@pytest.mark.usefixtures("impatient")
def test_a_locked_sentinel_of_a_new_journal_is_an_error_that_names_the_holder(path):
    path.with_suffix(".wake").touch()

    with (
        stranger(path.with_suffix(".wake")) as pid,
        pytest.raises(
            JournalLocked, match=f"^{BY.format(pid=pid)} has locked .*journal.wake: end that process, then start again"
        ),
    ):
        Journal(path)


def test_control_such_a_lock_blocks_whoever_waits_without_a_deadline(path):
    path.touch()

    with stranger(path), path.open("rb") as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_locked_sentinel_of_a_complete_journal_delays_nobody(night_path):
    with stranger(night_path.with_suffix(".wake")), closing(Journal(night_path)) as journal:
        journal.acquire()

        assert journal.append(session_stream("x"), [started(session="x")])[0].position == 27


def test_a_lock_file_that_no_loop_holds_is_named_by_its_holder(night_path):
    with (
        stranger(night_path.with_suffix(".lock")) as pid,
        closing(Journal(night_path)) as journal,
        pytest.raises(JournalBusy, match=f"^{BY.format(pid=pid)} has locked .*journal.lock and is not the last loop"),
    ):
        journal.acquire()

    with closing(Journal(night_path)) as journal:
        journal.acquire()


@pytest.mark.usefixtures("impatient")
def test_a_read_lock_on_the_shared_memory_ends_an_append_with_the_holder_s_name(path):
    with closing(Journal(path)) as journal:
        journal.acquire()
        journal.append(session_stream(TAG), [started()])
        with (
            stranger(f"{path}-shm", READ) as pid,
            pytest.raises(JournalLocked, match=f"^{BY.format(pid=pid)} has locked .*journal.db: end that process"),
        ):
            journal.append(session_stream("other"), [started(session="other")])

        assert journal.append(session_stream("other"), [started(session="other")])[0].position == 2


def slowed(monkeypatch):
    """A journal whose creation takes a moment."""
    whole = schema.migrate
    monkeypatch.setattr(schema, "migrate", lambda db: (time.sleep(0.5), whole(db)))


def test_readers_wait_for_a_journal_that_is_being_created(path, monkeypatch):
    slowed(monkeypatch)
    creator = threading.Thread(target=lambda: Journal(path).close())
    creator.start()
    [time.sleep(0.01) for _ in iter(path.exists, True)]

    with closing(Reader(path)) as reader:
        head = reader.head()
    rows = run_query(path, "SELECT count(*) FROM experiments").rows
    creator.join()

    assert (head[0], rows) == (0, [(0,)])


def test_control_a_file_that_nobody_creates_is_refused_at_once(path):
    path.touch()

    with pytest.raises(JournalUnusable, match="is not a journal: it has no table of events"):
        Reader(path)


@pytest.mark.parametrize(
    ("make", "kind"),
    [(os.mkfifo, "a pipe"), (os.mkdir, "a folder"), (lambda path: path.symlink_to("/dev/null"), "a device")],
    ids=["pipe", "folder", "device"],
)
@pytest.mark.parametrize(
    "use", [Journal, Reader, lambda path: run_query(path, "SELECT 1")], ids=["write", "read", "sql"]
)
def test_what_is_no_file_is_refused_before_it_is_opened(path, make, kind, use):
    make(path)

    with pytest.raises(JournalUnusable, match=f"journal.db is {kind}: name the journal's file"):
        use(path)


@pytest.mark.parametrize("pid", [2**40, -1, 0])
def test_a_number_that_no_process_has_is_no_running_loop(night_path, pid):
    db = sqlite3.connect(night_path, isolation_level=None)
    db.execute("UPDATE lease SET pid = ?", (pid,))
    db.close()

    assert is_loop_running(night_path) is False


def test_an_older_journal_with_events_keeps_its_tables_when_it_is_migrated(path):
    write(path, night())
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA user_version = 0")
    db.close()

    Journal(path).close()

    assert run_query(path, "SELECT count(*) FROM experiments").rows == [(4,)]
