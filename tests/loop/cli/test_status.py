"""What `ar-loop status` prints about the loop itself."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from journal.events import (
    Change,
    IdeaProposed,
    SessionEnded,
    SessionPaused,
    SessionStarted,
    experiment_stream,
    session_stream,
)
from journal.store import Journal
from loop.cli.status import status

START = SessionStarted(session="night", brief="", brief_hash="", config={}, base="b", start="b", branch="n")
IDEA = IdeaProposed(
    session="night",
    experiment=0,
    idea="as it is",
    kind="baseline",
    parent="b",
    diff="",
    change=Change(program="", change=""),
    proposer="loop",
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


def begin(path: Path) -> Journal:
    """A loop in the middle of its baseline, as far as its journal tells."""
    journal = Journal(path)
    journal.acquire()
    journal.append(session_stream("night"), [START])
    journal.append(experiment_stream("night", 0), [IDEA])
    return journal


def test_a_loop_that_works_is_running(path, capsys):
    with closing(begin(path)):
        status(journal=path, as_json=True)
        status(journal=path)

    data, text = capsys.readouterr().out.split("\n", 1)
    assert json.loads(data)["running"] is True
    assert text.splitlines()[-1] == "in flight: #0"


def test_a_session_whose_loop_was_killed_says_so_and_what_to_do(path, capsys):
    begin(path).close()

    status(journal=path, as_json=True)
    status(journal=path)

    data, text = capsys.readouterr().out.split("\n", 1)
    assert json.loads(data)["running"] is False
    assert text.splitlines()[-2:] == [
        "unfinished: #0",
        (
            "no loop is running, and the last one did not end the session (killed?); nothing recorded is lost: "
            "`ar-loop run` continues the session"
        ),
    ]


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (
            SessionPaused(session="night", reason="stopped by a person"),
            ["no loop is running: `ar-loop run` continues the session"],
        ),
        (SessionEnded(session="night", reason="the target is reached"), []),
    ],
)
def test_what_a_loop_closed_itself_is_not_taken_for_a_crash(path, capsys, last, expected):
    with closing(begin(path)) as journal:
        journal.append(session_stream("night"), [last])

    status(journal=path)

    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "no loop" in line] == expected
