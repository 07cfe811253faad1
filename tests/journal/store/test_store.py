"""The append-only store on real SQLite."""

import os
import sqlite3
import threading

import pytest
from eventful import HISTORIES, LAW
from histories import TAG, in_memory, proposed, started, ticking, write
from hypothesis import given

from journal.errors import (
    JournalBusy,
    JournalError,
    JournalMissing,
    JournalUnusable,
    LeaseLost,
    UnknownEvent,
    VersionConflict,
)
from journal.events import DirectionAdded, PauseRequested, control_stream, experiment_stream, session_stream
from journal.store import Journal, Reader, Sample
from journal.store.chain import GENESIS, link
from journal.store.connection import network_file_system

STREAM = experiment_stream(TAG, 1)
IDEA = proposed(1, "halve the batch")
PAUSE = PauseRequested(session=TAG, author="ada@hut", channel="cli")


def raw(path):
    return sqlite3.connect(path, isolation_level=None)


def test_events_come_back_in_order_with_their_places(journal):
    written = journal.append(STREAM, [IDEA, proposed(1, "swap in GeLU", attempt=2)])

    assert list(journal.read()) == written
    assert [(step.position, step.stream, step.version) for step in written] == [(1, STREAM, 1), (2, STREAM, 2)]
    assert journal.stream(STREAM) == written


def test_reading_starts_after_one_position_and_ends_at_another(night):
    positions = [step.position for step in night.read(after=3, until=6)]

    assert positions == [4, 5, 6]


def test_times_are_utc_from_the_clock_given(path):
    journal = Journal(path, clock=ticking())

    journal.acquire()
    [recorded] = journal.append(STREAM, [IDEA])

    assert recorded.recorded_at == "2026-11-20T23:01:00.000000+00:00"
    journal.close()


def test_each_hash_covers_the_event_and_the_hash_before(journal):
    first, second = journal.append(STREAM, [IDEA, IDEA])

    rows = list(journal.rows())
    assert first.hash == link(GENESIS, rows[0][:7], rows[0][7].encode())
    assert second.hash == link(first.hash, rows[1][:7], rows[1][7].encode())
    assert journal.head() == (2, second.hash)


@pytest.mark.parametrize(
    "place",
    [
        (1, "t", "s", 1, "e", 1, ""),
        (1, "t", "s", 1, "e", 1, "-"),
        (1, "t", "s1:e", 1, "", 1, None),
        (1, "ts", "", 1, "e", 1, None),
        (11, "t", "s", 1, "e", 1, None),
        (1, "t", "s", 11, "e", 1, None),
        (1, "t", "s", 1, "e", 11, None),
    ],
)
def test_no_two_places_hash_alike(place):
    assert link(GENESIS, place, b"{}") != link(GENESIS, (1, "t", "s", 1, "e", 1, None), b"{}")


def test_a_stale_version_is_refused_and_says_which_and_where(journal):
    journal.append(STREAM, [IDEA], expected_version=0)

    with pytest.raises(VersionConflict, match=rf"Stream {STREAM} is at version 1, not at the expected 0"):
        journal.append(STREAM, [IDEA], expected_version=0)
    assert journal.head()[0] == 1


@LAW
@given(HISTORIES)
def test_a_stale_version_is_refused_whatever_was_written(history):
    with in_memory() as journal:
        versions = [len(journal.append("s", [event])) for event in history]

        with pytest.raises(VersionConflict):
            journal.append("s", [IDEA], expected_version=len(versions) + 1)
        assert journal.head()[0] == len(versions)


def test_a_step_is_whole_or_not_at_all(journal):
    with pytest.raises(JournalError, match="larger than SQLite can hold"):
        journal.append(STREAM, [IDEA, proposed(2**70, "too far")])
    assert journal.head() == (0, GENESIS)


def test_a_command_repeated_with_its_key_is_recognised(journal):
    first = journal.append(STREAM, [IDEA, IDEA], key="propose-1")

    again = journal.append(STREAM, [IDEA, IDEA], key="propose-1")

    assert again == first
    assert journal.head()[0] == 2


def test_a_key_that_begins_with_another_key_is_not_mistaken_for_it(journal):
    journal.append(STREAM, [IDEA], key="propose")

    written = journal.append(STREAM, [IDEA], key="propose#1")

    assert written[0].position == 2


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE events SET payload = '{}' WHERE position = 1", "never changed"),
        ("DELETE FROM events WHERE position = 1", "never deleted"),
        ("INSERT OR REPLACE INTO events SELECT 1, recorded_at, stream, 1, type, schema, NULL, '{}', hash FROM events", "next position"),
        ("INSERT INTO events SELECT 99, recorded_at, stream, 2, type, schema, NULL, '{}', hash FROM events", "next position"),
        ("INSERT INTO events SELECT 2, recorded_at, stream, 7, type, schema, NULL, '{}', hash FROM events", "next version"),
        ("REPLACE INTO events SELECT * FROM events", "next position"),
        (("INSERT INTO events SELECT position, 'x', stream, version, type, schema, NULL, '{}', hash FROM events WHERE true "
         "ON CONFLICT (position) DO UPDATE SET payload = '{}'"), "next position"),
    ],
)  # fmt: skip
def test_the_table_itself_refuses_what_is_not_the_next_event(journal, statement, message):
    journal.append(STREAM, [IDEA])
    before = list(journal.rows())

    with pytest.raises(sqlite3.IntegrityError, match=message):
        raw(journal.path).execute(statement)
    assert list(journal.rows()) == before


def test_a_column_refuses_a_value_of_another_type(journal):
    with pytest.raises(sqlite3.IntegrityError, match="cannot store TEXT value in INTEGER column"):
        raw(journal.path).execute("INSERT INTO events VALUES (1, 't', 's', 1, 'x', 'one', NULL, '{}', 'h')")


def test_commits_are_durable_and_logged_ahead(journal):
    assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert journal._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_telemetry_does_not_make_the_next_decision_less_durable(journal):
    journal.add_samples([Sample(session=TAG, experiment=1, run=1, step=1, seconds=0.5)])
    journal.append(STREAM, [IDEA])

    assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)


def test_samples_come_back_in_steps_after_the_one_named(journal):
    samples = [Sample(session=TAG, experiment=1, run=1, step=step, seconds=step / 2, loss=3.0) for step in (3, 1, 2)]

    journal.add_samples(samples)
    journal.add_samples(samples)

    assert [sample.step for sample in journal.samples(TAG, 1, after_step=1)] == [2, 3]
    assert next(iter(journal.all_samples()))[:5] == (TAG, 1, 1, 1, 0.5)


def test_one_loop_at_a_time_and_the_error_names_the_holder(journal):
    other = Journal(journal.path)

    with pytest.raises(
        JournalBusy,
        match=rf"Another loop runs on .*: process {os.getpid()} on .* since 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d\..*ar-loop stop",
    ):
        other.acquire()
    other.close()


def test_the_lease_is_free_again_once_its_holder_is_gone(path):
    first = Journal(path)
    token = first.acquire().token
    first.close()

    second = Journal(path)

    assert second.acquire().token == token + 1
    second.close()


def test_a_writer_that_was_overtaken_must_stop(journal):
    raw(journal.path).execute("UPDATE lease SET token = token + 1")

    with pytest.raises(LeaseLost, match="taken over by process"):
        journal.append(STREAM, [IDEA])


def test_without_the_lease_only_intents_are_appended(journal):
    person = Journal(journal.path)

    [recorded] = person.append(control_stream(TAG), [PAUSE])

    assert recorded.position == 1
    with pytest.raises(LeaseLost, match="acquire it first"):
        person.append(STREAM, [IDEA])
    person.close()


def test_the_lock_is_not_inherited_by_children(journal):
    assert not os.get_inheritable(journal._lease.lock)


def test_two_readers_never_see_half_a_step(journal):
    seen, done = [], threading.Event()
    readers = [threading.Thread(target=watch, args=(journal.path, seen, done)) for _ in range(2)]

    [thread.start() for thread in readers]
    [journal.append(STREAM, [IDEA, IDEA, IDEA]) for _ in range(40)]
    done.set()
    [thread.join() for thread in readers]

    assert len(seen) > 2
    assert {count % 3 for count in seen} == {0}


def watch(path, seen, done):
    reader = Reader(path)
    seen.append(reader.head()[0])
    while not done.is_set():
        seen.append(len(list(reader.read())))
    seen.append(reader.head()[0])
    reader.close()


def test_a_reader_holds_no_cursor_between_pages(journal):
    [journal.append(STREAM, [IDEA] * 50) for _ in range(25)]
    events = Reader(journal.path).read()
    next(events)

    busy, _, _ = journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    assert busy == 0


def test_the_state_is_the_fold_at_the_head_with_what_others_appended(journal):
    journal.append(session_stream(TAG), [started()])
    Journal(journal.path).append(
        control_stream(TAG),
        [DirectionAdded(session=TAG, author="ada@hut", channel="tui", direction=1, text="try schedules")],
    )

    state = journal.state()

    assert state.position == 2
    assert state.directions.rows[TAG, 1].text == "try schedules"


def test_a_missing_journal_says_how_to_start_one(path):
    with pytest.raises(JournalMissing, match=rf"no journal at {path}: start one with `ar-loop run`"):
        Reader(path)


def test_a_file_that_is_no_database_is_refused(path):
    path.write_text("iteration\tchange\n" * 100)

    with pytest.raises(JournalUnusable, match="is not a journal: it is no SQLite file"):
        Reader(path)


def test_a_database_that_is_no_journal_is_refused(path):
    raw(path).execute("CREATE TABLE trials (value REAL)")

    with pytest.raises(JournalUnusable, match="has no table of events"):
        Reader(path)


def test_a_journal_of_a_newer_program_is_refused(night_path):
    raw(night_path).execute("PRAGMA user_version = 99")

    with pytest.raises(UnknownEvent, match="written by a newer program"):
        Reader(night_path)


def test_an_older_journal_is_copied_before_it_is_migrated(night_path):
    older = raw(night_path)
    older.execute("DROP TABLE projected")
    older.execute("DELETE FROM _sqlite_migrations WHERE name = 'm004_projected'")
    older.execute("PRAGMA user_version = 3")
    older.close()

    Journal(night_path).close()

    assert Reader(night_path.with_name("journal.db.before-3.bak")).head() == Reader(night_path).head()
    assert raw(night_path).execute("SELECT sql FROM sqlite_schema WHERE name = 'projected'").fetchone()


def test_a_journal_at_rest_in_a_read_only_folder_is_read(night_path):
    night_path.with_name("journal.db-wal").unlink(missing_ok=True)
    night_path.with_name("journal.db-shm").unlink(missing_ok=True)
    night_path.chmod(0o444)
    night_path.parent.chmod(0o555)

    head = Reader(night_path).head()

    night_path.parent.chmod(0o755)
    assert head[0] > 20


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_network_file_system_is_recognised(tmp_path, kind):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        f"22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n36 22 0:30 / {tmp_path} rw - {kind} far:/home rw\n"
    )

    assert network_file_system(tmp_path / "night" / "journal.db", mounts=mounts) == kind
    assert network_file_system(tmp_path.parent / "journal.db", mounts=mounts) is None


def test_a_copy_taken_during_writing_is_a_journal(journal, folder):
    journal.append(STREAM, [IDEA])
    target = folder / "copy.db"

    Reader(journal.path).backup(target)
    journal.append(STREAM, [IDEA])

    assert Reader(target).head()[0] == 1
    with pytest.raises(JournalUnusable, match="exists already"):
        Reader(journal.path).backup(target)


def test_an_import_that_was_changed_writes_nothing(night, folder):
    rows = list(night.rows())
    rows[4] = (*rows[4][:7], rows[4][7].replace("halve", "double"), rows[4][8])
    target = Journal(folder / "copy.db")
    target.acquire()

    with pytest.raises(JournalError, match="position 5 does not follow"):
        target.restore(iter([*rows[:4], (*rows[4][:7], "{}", rows[4][8])]))
    assert target.head() == (0, GENESIS)
    target.close()


def test_the_write_ahead_log_is_emptied_when_it_grows(path):
    journal = Journal(path, wal_bytes=100_000)
    journal.acquire()

    [journal.append(STREAM, [IDEA] * 50) for _ in range(20)]

    assert path.with_name("journal.db-wal").stat().st_size < 200_000
    journal.close()


def test_writing_the_same_session_twice_gives_the_same_head(folder):
    assert Reader(write(folder / "a.db")).head() == Reader(write(folder / "b.db")).head()
