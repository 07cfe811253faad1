"""Waiting for commits."""

import os
import threading

import pytest
from histories import TAG, proposed

from journal.store import Reader, Sample, wake_file
from journal.store.tail import Tail, follow

IDEA = proposed(1, "halve the batch")
AGES = 30.0


@pytest.fixture(params=[True, False], ids=["inotify", "polling"])
def tail(journal, request):
    with Tail(journal.path, interval=0.01 if not request.param else AGES, inotify=request.param) as tail:
        yield tail


def test_a_commit_ends_the_wait(journal, tail):
    committing = threading.Timer(0.05, journal.append, ("s", [IDEA]))
    committing.start()

    assert tail.wait(AGES)
    committing.join()


def test_a_commit_before_the_wait_is_not_missed(journal, tail):
    journal.append("s", [IDEA])

    assert tail.wait(0)
    assert not tail.wait(0)


def test_telemetry_ends_the_wait_too(journal, tail):
    journal.add_samples([Sample(session=TAG, experiment=1, run=1, step=1, seconds=0.5)])

    assert tail.wait(AGES)


def test_without_commits_the_wait_ends_by_itself(tail):
    assert not tail.wait(0.02)


def test_a_lost_wake_up_is_made_good_by_the_data_version(journal):
    with Tail(journal.path, interval=0.01) as tail:
        wake_file(journal.path).unlink()
        journal.append("s", [IDEA])

        assert tail.wait(AGES)


def test_an_opened_sentinel_without_a_commit_is_no_news(journal, tail):
    wake_file(journal.path).read_bytes()

    assert not tail.wait(0.02)


def test_another_thread_can_end_the_wait(tail):
    stopping = threading.Timer(0.05, tail.stop)
    stopping.start()

    assert not tail.wait()
    stopping.join()


def test_a_tail_that_was_stopped_waits_no_more_whatever_is_committed(journal, tail):
    tail.stop()
    journal.append("s", [IDEA])

    assert not tail.wait()


def test_waking_writes_nothing(journal):
    before = wake_file(journal.path).stat()

    journal.append("s", [IDEA])

    assert (wake_file(journal.path).stat().st_mtime_ns, before.st_size) == (before.st_mtime_ns, 0)


def test_events_are_followed_across_commits_until_stopped(journal):
    reader = Reader(journal.path)
    with Tail(journal.path) as tail:
        journal.append("s", [IDEA])
        events = follow(reader, after=0, tail=tail)
        first = next(events)
        journal.append("s", [IDEA, IDEA])
        others = [next(events), next(events)]
        tail.stop()

        assert [first.position, *(step.position for step in others)] == [1, 2, 3]
        assert list(events) == []
    reader.close()


def test_a_waiting_reader_does_not_hold_the_log(journal, tail):
    journal.append("s", [IDEA])
    tail.wait(0)

    busy, _, _ = journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    assert busy == 0
    assert os.stat(f"{journal.path}-wal").st_size == 0  # noqa: PTH116
