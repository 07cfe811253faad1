"""How people's requests enter the journal."""

import threading

import pytest
import sessions

from journal.errors import JournalMissing, SessionOver
from journal.events import PauseRequested, SessionEnded, SessionResumed, control_stream, session_stream
from journal.store import Journal, Reader
from journal.store.intents import add_direction, author, post

WHO = {"session": sessions.TAG, "author": "ada@box", "channel": "cli"}


def requests(path):
    return [one.event for one in Reader(path).stream(control_stream(sessions.TAG))]


def test_an_intent_is_appended_beside_a_running_loop(own_journal):
    loop = Journal(own_journal)
    loop.acquire()

    posted = post(own_journal, PauseRequested(**WHO))

    assert requests(own_journal) == [PauseRequested(**WHO)]
    assert posted.position == loop.head()[0]
    loop.close()


def test_a_repeated_key_posts_once(own_journal):
    first = post(own_journal, PauseRequested(**WHO), key="once")
    second = post(own_journal, PauseRequested(**WHO), key="once")

    assert second.position == first.position
    assert len(requests(own_journal)) == 1


def test_directions_written_at_once_get_numbers_of_their_own(own_journal):
    writers = [
        threading.Thread(target=add_direction, args=(own_journal,), kwargs={**WHO, "text": f"direction {number}"})
        for number in range(4)
    ]

    [writer.start() for writer in writers]
    [writer.join() for writer in writers]

    assert sorted(one.direction for one in requests(own_journal)) == [1, 2, 3, 4]


def test_no_file_is_created_if_there_is_no_journal(tmp_path):
    with pytest.raises(JournalMissing):
        post(tmp_path / "none.db", PauseRequested(**WHO))
    with pytest.raises(JournalMissing):
        add_direction(tmp_path / "none.db", **WHO, text="x")

    assert list(tmp_path.iterdir()) == []


def test_a_session_takes_no_requests_between_its_end_and_its_resume(own_journal):
    journal = Journal(own_journal)
    journal.acquire()
    journal.append(session_stream(sessions.TAG), [SessionEnded(session=sessions.TAG, reason="a bound")])

    with pytest.raises(SessionOver, match="Session nov20 has ended"):
        post(own_journal, PauseRequested(**WHO))
    with pytest.raises(SessionOver, match="write the direction into the brief"):
        add_direction(own_journal, **WHO, text="try rope")
    journal.append(
        session_stream(sessions.TAG), [SessionResumed(session=sessions.TAG, reason="its keeps are tested again")]
    )
    post(own_journal, PauseRequested(**WHO))
    journal.close()

    assert requests(own_journal) == [PauseRequested(**WHO)]


def test_an_author_is_a_user_at_a_host():
    assert "@" in author()
