"""The feed beside a writer: what it delivers, and what it says when the journal is not well."""

import queue
import shutil

import nights
import pytest

from journal.events import experiment_stream
from journal.store import Journal
from journal.store.lease import GONE, loop_trouble
from tui.feed.feed import Feed, look_once

SECONDS = 10  # to wait at most for a delivery


class Delivered:
    """What a feed has delivered."""

    def __init__(self, path):
        self._mail = queue.SimpleQueue()
        self.feed = Feed(path, self._mail.put)

    def __enter__(self):
        self.feed.shown.set()
        self.feed.start()
        return self

    def __exit__(self, *_):
        self.feed.stop()

    def until(self, condition):
        """The first delivery for which a condition holds."""
        return next(one for one in iter(lambda: self._mail.get(timeout=SECONDS), None) if condition(one))


def test_what_is_appended_is_delivered(own_night):
    journal = Journal(own_night)
    journal.acquire()
    with Delivered(own_night) as delivered:
        first = delivered.until(lambda one: one.head)
        journal.append(experiment_stream(nights.TAG, 12), [nights.finished(12, 1, 1.47)])
        second = delivered.until(lambda one: one.head > first.head)
    journal.close()

    assert ([one.run for one in first.view.training], second.view.training) == ([1], [])


def test_telemetry_arrives_without_an_event(own_night):
    journal = Journal(own_night)
    journal.acquire()
    with Delivered(own_night) as delivered:
        first = delivered.until(lambda one: one.flying)
        journal.add_samples(nights.samples(12, 1, until=12)[-1:])
        second = delivered.until(lambda one: len(one.flying[0].curve) > len(first.flying[0].curve))
    journal.close()

    assert (second.head, second.flying[0].curve[-1].seconds) == (first.head, 12.0)


def test_a_long_journal_is_first_shown_by_its_end(tmp_path):
    path = tmp_path / "long.db"
    nights.write_long(path, count=3_200).close()

    with Delivered(path) as delivered:
        preview = delivered.until(lambda one: one.head)
        whole = delivered.until(lambda one: one.read is None)

    assert preview.read == 0
    assert [one.flying[0].experiment.number for one in (preview, whole)] == [3_201, 3_201]
    assert preview.view.count < whole.view.count == 3_202
    assert preview.view.session.best == whole.view.session.best


def test_another_journal_in_the_place_of_the_first_is_read_from_its_start(own_night, tmp_path):
    nights.write(tmp_path / "other.db", count=2, flying=None).close()

    with Delivered(own_night) as delivered:
        delivered.until(lambda one: one.view.count == 13)
        shutil.move(tmp_path / "other.db", own_night)
        other = delivered.until(lambda one: one.view.count == 3)

    assert other.trouble == ""


def test_a_file_that_is_no_journal_is_trouble_told_in_a_sentence(tmp_path):
    (tmp_path / "journal.db").write_text("nothing of the kind " * 300)

    with Delivered(tmp_path / "journal.db") as delivered:
        told = delivered.until(lambda one: one.trouble)

    assert told.trouble.endswith(". Trying again.")
    assert told.view.session is None


def test_the_loop_is_there_while_its_lease_is_held_and_gone_after(own_night):
    before = loop_trouble(own_night)
    journal = Journal(own_night)
    journal.acquire()
    during = loop_trouble(own_night)
    journal.close()

    assert (before, during, loop_trouble(own_night)) == (GONE, None, GONE)


def test_of_a_loop_on_another_machine_nothing_is_claimed(own_night):
    assert loop_trouble(own_night, here=lambda: "elsewhere") is None


@pytest.mark.parametrize("position", [1, 40, 89])
def test_one_look_at_a_position_is_what_the_ledger_says_of_it(night, theatre, position):
    looked = look_once(night, position=position)

    assert looked.view.session == type(looked.view)(theatre.ledger, position).session
    assert looked.view.position == position
