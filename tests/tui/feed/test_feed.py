"""The feed beside a writer: what it delivers, and its errors."""

import queue
import shutil

import pytest
import sessions

from journal.events import experiment_stream
from journal.store import Journal
from journal.store.lease import GONE, loop_trouble
from tui.feed.feed import Feed, read_snapshot

SECONDS = 10  # to wait at most for a delivery


class Delivered:
    """What a feed has delivered."""

    def __init__(self, path):
        self._mail = queue.SimpleQueue()
        self.feed = Feed(path, self._mail.put)

    def __enter__(self):
        self.feed.first_frame.set()
        self.feed.start()
        return self

    def __exit__(self, *_):
        self.feed.stop()

    def until(self, condition):
        """The first delivery for which a condition holds."""
        return next(one for one in iter(lambda: self._mail.get(timeout=SECONDS), None) if condition(one))


def test_what_is_appended_is_delivered(own_journal):
    journal = Journal(own_journal)
    journal.acquire()
    with Delivered(own_journal) as delivered:
        first = delivered.until(lambda one: one.head)
        journal.append(experiment_stream(sessions.TAG, 12), [sessions.finished(12, 1, 1.47)])
        second = delivered.until(lambda one: one.head > first.head)
    journal.close()

    assert ([one.run for one in first.view.active_runs], second.view.active_runs) == ([1], [])


def test_telemetry_arrives_without_an_event(own_journal):
    journal = Journal(own_journal)
    journal.acquire()
    with Delivered(own_journal) as delivered:
        first = delivered.until(lambda one: one.active)
        journal.add_samples(sessions.samples(12, 1, until=12)[-1:])
        second = delivered.until(lambda one: len(one.active[0].curve) > len(first.active[0].curve))
    journal.close()

    assert (second.head, second.active[0].curve.last.seconds) == (first.head, 12.0)


def test_a_long_journal_is_first_shown_by_its_end(tmp_path):
    path = tmp_path / "long.db"
    sessions.write_long(path, count=3_200).close()

    with Delivered(path) as delivered:
        preview = delivered.until(lambda one: one.head)
        whole = delivered.until(lambda one: one.events_read is None)

    assert preview.events_read == 0
    assert [one.active[0].experiment.number for one in (preview, whole)] == [3_201, 3_201]
    assert preview.view.experiment_count < whole.view.experiment_count == 3_202
    assert preview.view.session.best == whole.view.session.best


def test_another_journal_in_the_place_of_the_first_is_read_from_its_start(own_journal, tmp_path):
    sessions.write(tmp_path / "other.db", count=2, in_flight=None).close()

    with Delivered(own_journal) as delivered:
        delivered.until(lambda one: one.view.experiment_count == 13)
        shutil.move(tmp_path / "other.db", own_journal)
        other = delivered.until(lambda one: one.view.experiment_count == 3)

    assert other.read_error == ""


def test_a_journal_that_is_overwritten_in_place_is_read_from_its_start(own_journal, tmp_path):
    sessions.write(tmp_path / "other.db", count=2, in_flight=None).close()

    with Delivered(own_journal) as delivered:
        first = delivered.until(lambda one: one.view.experiment_count == 13)
        shutil.copyfile(tmp_path / "other.db", own_journal)  # as `cp` and `scp` do
        other = delivered.until(lambda one: one.view.experiment_count == 3)
        number = delivered.feed.file_number

    assert other.view.ledger is not first.view.ledger
    assert (other.read_error, number) == ("", 2)


def test_control_a_newer_copy_of_the_same_journal_goes_on_where_it_was(tmp_path):
    older, newer = tmp_path / "journal.db", tmp_path / "newer.db"
    writer = sessions.write(newer, count=2, in_flight=None)
    writer.backup(older)
    sessions.start_experiment(writer, 3)
    writer.close()

    with Delivered(older) as delivered:
        first = delivered.until(lambda one: one.view.experiment_count == 3)
        shutil.copyfile(newer, older)
        second = delivered.until(lambda one: one.view.experiment_count == 4)

    assert second.view.ledger is first.view.ledger


def test_whether_a_loop_runs_is_known_before_a_long_journal_is_read(tmp_path):
    path = tmp_path / "long.db"
    sessions.write_long(path, count=3_200).close()

    with Delivered(path) as delivered:
        preview = delivered.until(lambda one: one.head)

    assert (preview.events_read, preview.is_loop_running) == (0, False)


def test_a_file_that_is_no_journal_is_a_read_error_in_one_sentence(tmp_path):
    (tmp_path / "journal.db").write_text("nothing of the kind " * 300)

    with Delivered(tmp_path / "journal.db") as delivered:
        snapshot = delivered.until(lambda one: one.read_error)

    assert snapshot.read_error.endswith(". Retrying.")
    assert (snapshot.view.session, snapshot.is_loop_running) == (None, None)


def test_the_loop_is_there_while_its_lease_is_held_and_gone_after(own_journal):
    before = loop_trouble(own_journal)
    journal = Journal(own_journal)
    journal.acquire()
    during = loop_trouble(own_journal)
    journal.close()

    assert (before, during, loop_trouble(own_journal)) == (GONE, None, GONE)


def test_nothing_is_claimed_about_a_loop_on_another_machine(own_journal):
    assert loop_trouble(own_journal, here=lambda: "elsewhere") is None


@pytest.mark.parametrize("position", [1, 40, 89])
def test_a_snapshot_of_a_position_is_the_view_of_that_position(shared_journal, painter, position):
    snapshot = read_snapshot(shared_journal, position=position)

    assert snapshot.view.session == type(snapshot.view)(painter.ledger, position).session
    assert snapshot.view.position == position
