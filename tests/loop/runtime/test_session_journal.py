"""The session's journal: the loop knows exactly what the journal holds."""

import pytest

from journal.errors import JournalFull
from journal.events import SessionPaused, SessionStarted, control_stream, session_stream
from journal.projections.state import fold
from journal.reports.replay import state_as_dict
from journal.store import Journal
from journal.store.intents import add_direction
from loop.runtime.session_journal import SessionJournal


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "journal.db")
    journal.acquire()
    for tag in ("last-night", "night"):
        start = SessionStarted(session=tag, brief="", brief_hash="", config={}, base="b", start="b", branch=tag)
        journal.append(session_stream(tag), [start])
    yield journal
    journal.close()


def test_a_step_that_the_disk_refused_is_not_known(journal):
    recorder = SessionJournal(journal, "night")
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(JournalFull):
        recorder.append_to_session(SessionPaused(session="night", reason="x" * 100_000))

    assert state_as_dict(recorder.state) == state_as_dict(fold(journal.read()))
    assert recorder.state.sessions.rows["night"].state == "open"

    journal._db.execute("PRAGMA max_page_count = 1000000")
    recorder.append_to_session(SessionPaused(session="night", reason="the disk was full"))
    assert recorder.state.sessions.rows["night"].state == "paused"


def test_a_loop_that_comes_back_knows_what_people_asked_for_meanwhile(journal):
    directions = [
        add_direction(journal.path, session=tag, text="try schedules", author="ada@hut", channel="cli")
        for tag in ("last-night", "night")
    ]

    recorder = SessionJournal(journal, "night")

    assert [request.stream for request in recorder.requests.values()] == [control_stream("night")]
    assert recorder.state.position == directions[-1].position
