"""The request and the answer of a proposal on the screen of its experiment."""

import json

import msgspec
import nights
import pytest
from theatre import Theatre

from journal.events import experiment_stream
from journal.store import Journal
from tui.state.ui import Ui

KEY = f"{nights.TAG}/1-1.json"
LATER = f"{nights.TAG}/1-2.json"
HOSTILE = "lower the \x1b[31mlearning rate\nand [bold]stop"


@pytest.fixture
def told(tmp_path):
    """A journal whose experiment was asked for in words; a file of a later asking that no event names yet."""
    journal = Journal(tmp_path / "journal.db", clock=nights.Clock())
    journal.acquire()
    journal.append(f"session/{nights.TAG}", [nights.started()])
    journal.append(experiment_stream(nights.TAG, 0), nights.baseline())
    idea = nights.proposed(1, nights.IDEAS[0], proposer="claude")
    journal.append(experiment_stream(nights.TAG, 1), [msgspec.structs.replace(idea, prompt_key=KEY)])
    journal.close()
    folder = tmp_path / "prompts" / nights.TAG
    folder.mkdir(parents=True)
    request = {"model": "m", "system": "Be bold.", "messages": [{"role": "user", "content": HOSTILE}]}
    (folder / "1-1.json").write_text(json.dumps({"request": request, "answer": "batch 8"}), encoding="utf-8")
    (folder / "1-2.json").write_text(json.dumps({"answer": "of another night"}), encoding="utf-8")
    return tmp_path / "journal.db"


def prompt_of(theatre):
    return theatre.text(Ui(screen="experiment", experiment=1, pane="prompt"), width=250, height=60)


def test_the_prompt_pane_shows_what_was_asked_and_answered_as_text(told):
    text = prompt_of(Theatre(told))

    assert "Be bold." in text
    assert "[31mlearning rate" in text
    assert " and [bold]stop" in text
    assert "batch 8" in text
    assert "\x1b" not in text


def test_the_prompt_pane_knows_nothing_that_the_journal_does_not_name(told):
    assert "of another night" not in prompt_of(Theatre(told))


def test_a_request_whose_file_is_gone_or_spoilt_is_a_sentence(told):
    file = told.parent / "prompts" / KEY
    file.write_text("{", encoding="utf-8")
    spoilt = prompt_of(Theatre(told))
    file.unlink()
    (told.parent / "prompts" / LATER).unlink()

    gone = prompt_of(Theatre(told))

    assert "1-1.json cannot be read" in spoilt
    assert "The files of the request are gone" in gone
