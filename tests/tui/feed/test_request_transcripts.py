"""The request and the answer of a proposal on the screen of its experiment."""

import json

import msgspec
import pytest
import sessions
from painter import ScenePainter

from journal.events import experiment_stream
from journal.store import Journal
from tui.state.ui import Ui

KEY = f"{sessions.TAG}/1-1.json"
LATER = f"{sessions.TAG}/1-2.json"
HOSTILE = "lower the \x1b[31mlearning rate\nand [bold]stop"


@pytest.fixture
def journal(tmp_path):
    """A journal with a request file that an event names, and a later one that no event names yet."""
    writer = Journal(tmp_path / "journal.db", clock=sessions.Clock())
    writer.acquire()
    writer.append(f"session/{sessions.TAG}", [sessions.started()])
    writer.append(experiment_stream(sessions.TAG, 0), sessions.baseline())
    idea = sessions.proposed(1, sessions.IDEAS[0], proposer="claude")
    writer.append(experiment_stream(sessions.TAG, 1), [msgspec.structs.replace(idea, prompt_key=KEY)])
    writer.close()
    folder = tmp_path / "prompts" / sessions.TAG
    folder.mkdir(parents=True)
    request = {"model": "m", "system": "Be bold.", "messages": [{"role": "user", "content": HOSTILE}]}
    (folder / "1-1.json").write_text(json.dumps({"request": request, "answer": "batch 8"}), encoding="utf-8")
    (folder / "1-2.json").write_text(json.dumps({"answer": "of another session"}), encoding="utf-8")
    return tmp_path / "journal.db"


def prompt_of(painter):
    return painter.text(Ui(screen="experiment", experiment=1, pane="prompt"), width=250, height=60)


def test_the_prompt_pane_shows_request_and_answer_as_text(journal):
    text = prompt_of(ScenePainter(journal))

    assert "Be bold." in text
    assert "[31mlearning rate" in text
    assert " and [bold]stop" in text
    assert "batch 8" in text
    assert "\x1b" not in text


def test_the_prompt_pane_knows_nothing_that_the_journal_does_not_name(journal):
    assert "of another session" not in prompt_of(ScenePainter(journal))


def test_a_request_whose_file_is_gone_or_spoilt_is_a_sentence(journal):
    file = journal.parent / "prompts" / KEY
    file.write_text("{", encoding="utf-8")
    spoilt = prompt_of(ScenePainter(journal))
    file.unlink()
    (journal.parent / "prompts" / LATER).unlink()

    gone = prompt_of(ScenePainter(journal))

    assert "1-1.json cannot be read" in spoilt
    assert "The files of this request are missing" in gone
