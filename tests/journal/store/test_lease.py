"""Whether a loop runs: many processes may check, and none keeps a loop from starting."""

import fcntl
import os
from contextlib import closing
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from histories import TAG, started

from journal.errors import JournalBusy
from journal.events import session_stream
from journal.store import Journal
from journal.store.intents import add_direction
from journal.store.lease import is_loop_running

STARTS = 150
ASKERS = 2


def by_looking(path: Path) -> None:
    """What `ar-loop direct` does: a short append, and a look whether a loop runs."""
    add_direction(path, session=TAG, text="widen the window", author="ada@hut", channel="cli")
    is_loop_running(path)


def by_locking(path: Path) -> None:
    """The control: a look that takes a shared lock for an instant."""
    descriptor = os.open(path.with_suffix(".lock"), os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        pass
    finally:
        os.close(descriptor)


def ask_again_and_again(ask, path: Path, done: Event) -> None:
    while not done.is_set():
        ask(path)


def starts(path: Path, ask) -> int:
    """How many of `STARTS` loops start while others ask again and again."""
    processes = get_context("fork")
    done = processes.Event()
    askers = [processes.Process(target=ask_again_and_again, args=(ask, path, done)) for _ in range(ASKERS)]
    [asker.start() for asker in askers]
    try:
        return sum(started_once(path) for _ in range(STARTS))
    finally:
        done.set()
        [asker.join() for asker in askers]


def started_once(path: Path) -> bool:
    with closing(Journal(path)) as journal:
        try:
            journal.acquire()
        except JournalBusy:
            return False
        return True


@pytest.fixture
def open_session(path):
    with closing(Journal(path)) as journal:
        journal.acquire()
        journal.append(session_stream(TAG), [started()])
    return path


def test_a_loop_always_starts_however_often_people_ask_whether_one_runs(open_session):
    assert starts(open_session, by_looking) == STARTS


def test_a_look_that_locks_keeps_loops_from_starting(open_session):
    assert starts(open_session, by_locking) < STARTS


def test_a_loop_runs_while_its_lease_is_taken_and_does_not_after(open_session):
    assert is_loop_running(open_session) is False
    with closing(Journal(open_session)) as journal:
        journal.acquire()

        assert is_loop_running(open_session) is True

    assert is_loop_running(open_session) is False


def test_no_loop_runs_on_a_journal_that_never_had_one(path):
    Journal(path).close()

    assert is_loop_running(path) is False


@pytest.mark.parametrize("text", ["", "nothing of the kind " * 300])
def test_whether_a_loop_runs_is_unknown_for_a_file_that_is_no_journal(path, text):
    path.write_text(text)

    assert is_loop_running(path) is None


def test_whether_a_loop_runs_on_another_machine_is_unknown(open_session):
    assert is_loop_running(open_session, here=lambda: "elsewhere") is None
