"""The one road of people's requests into the journal."""

import threading

import nights
import pytest

from journal.errors import JournalMissing, SessionOver
from journal.events import PauseRequested, SessionEnded, SessionResumed, control_stream, session_stream
from journal.store import Journal, Reader
from journal.store.intents import add_direction, author, post

WHO = {"session": nights.TAG, "author": "ada@box", "channel": "cli"}


def asked(path):
    return [one.event for one in Reader(path).stream(control_stream(nights.TAG))]


def test_an_intent_is_appended_beside_a_running_loop(own_night):
    loop = Journal(own_night)
    loop.acquire()

    posted = post(own_night, PauseRequested(**WHO))

    assert asked(own_night) == [PauseRequested(**WHO)]
    assert posted.position == loop.head()[0]
    loop.close()


def test_a_repeated_key_posts_once(own_night):
    first = post(own_night, PauseRequested(**WHO), key="once")
    second = post(own_night, PauseRequested(**WHO), key="once")

    assert second.position == first.position
    assert len(asked(own_night)) == 1


def test_directions_written_at_once_get_numbers_of_their_own(own_night):
    writers = [
        threading.Thread(target=add_direction, args=(own_night,), kwargs={**WHO, "text": f"direction {number}"})
        for number in range(4)
    ]

    [writer.start() for writer in writers]
    [writer.join() for writer in writers]

    assert sorted(one.direction for one in asked(own_night)) == [1, 2, 3, 4]


def test_nothing_is_made_where_there_is_no_journal(tmp_path):
    with pytest.raises(JournalMissing):
        post(tmp_path / "none.db", PauseRequested(**WHO))
    with pytest.raises(JournalMissing):
        add_direction(tmp_path / "none.db", **WHO, text="x")

    assert list(tmp_path.iterdir()) == []


def test_a_session_that_has_ended_hears_nothing_more_and_one_that_goes_on_again_does(own_night):
    journal = Journal(own_night)
    journal.acquire()
    journal.append(session_stream(nights.TAG), [SessionEnded(session=nights.TAG, reason="a bound")])

    with pytest.raises(SessionOver, match="Session nov20 has ended"):
        post(own_night, PauseRequested(**WHO))
    with pytest.raises(SessionOver, match="write the direction into the brief"):
        add_direction(own_night, **WHO, text="try rope")
    journal.append(
        session_stream(nights.TAG), [SessionResumed(session=nights.TAG, reason="its keeps are tested again")]
    )
    post(own_night, PauseRequested(**WHO))
    journal.close()

    assert asked(own_night) == [PauseRequested(**WHO)]


def test_an_author_is_a_user_at_a_host():
    assert "@" in author()
