"""`proposal.json`: what can be read of it is used, what cannot is named, and nothing in it costs the edit."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.events import Candidate
from loop.proposers.command.note import Note, read_note
from loop.proposers.command.working_copy import snapshot

WHOLE = {
    "idea": "halve the batch",
    "hypothesis": "more steps",
    "kind": "knob",
    "expected_delta": -0.01,
    "retry_of": 3,
    "retry_reason": "base changed",
    "model": "m",
    "dollars": 0.2,
    "tokens_in": 10,
    "tokens_out": 20,
}


def read(tmp_path, data: bytes | str):
    (tmp_path / "proposal.json").write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_note(tmp_path, {})


def test_a_whole_note_is_read(tmp_path):
    assert read(tmp_path, json.dumps(WHOLE)) == (Note(**WHOLE), ())


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + json.dumps(WHOLE).encode(),
        f"```json\n{json.dumps(WHOLE)}\n```\n",
        json.dumps({**WHOLE, "unheard": "of", "kind_of": None}),
        json.dumps({**WHOLE, "expected_delta": "-0.01", "retry_of": "3"}),
    ],
    ids=["byte-order mark", "code fence", "unknown keys", "numbers as text"],
)
def test_what_models_put_around_a_note_costs_nothing(tmp_path, data):
    assert read(tmp_path, data) == (Note(**WHOLE), ())


@pytest.mark.parametrize("name", [name for name in WHOLE if name != "idea"])
def test_null_is_a_field_that_was_left_out(tmp_path, name):
    note, unread = read(tmp_path, json.dumps({**WHOLE, name: None}))

    assert (note.idea, getattr(note, name), unread) == ("halve the batch", getattr(Note(), name), ())


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_does_not_have_is_one_that_was_left_out(tmp_path, word):
    note, unread = read(tmp_path, f'{{"idea": "NaN in words", "expected_delta": {word}}}')

    assert (note.idea, note.expected_delta, unread) == ("NaN in words", None, ())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "magic"),
        ("expected_delta", "a little"),
        ("expected_delta", [1]),
        ("expected_delta", "nan"),
        ("retry_of", -1),
        ("dollars", -1),
        ("tokens_in", 10**15),
        ("hypothesis", {"why": "?"}),
        ("considered", "none"),
    ],
)
def test_a_field_that_cannot_be_read_is_named_and_takes_no_other_with_it(tmp_path, name, value):
    note, (clause,) = read(tmp_path, json.dumps({**WHOLE, name: value}))

    assert note.idea == "halve the batch"
    assert getattr(note, name) == getattr(Note(), name)
    assert clause.startswith(f"`{name}`: ")


def test_what_else_the_agent_considered_is_read(tmp_path):
    candidates = [{"idea": f"idea {number}", "kind": "schedule", "gain": 1.5} for number in range(9)]

    note, unread = read(tmp_path, json.dumps({**WHOLE, "considered": candidates}))

    assert note.considered[0] == Candidate(idea="idea 0", kind="schedule", gain=1.5)
    assert len(note.considered) == 5
    assert unread == ()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("I halved the batch.", "proposal.json: JSON is malformed"),
        ("[1]", "proposal.json: it is not a JSON object"),
        ("", "proposal.json: Input data was truncated"),
        ('{"idea": "x"}'.encode("utf-16"), "proposal.json: it is not UTF-8 text"),
        ('{"idea": "Größe"}'.encode("latin-1"), "proposal.json: it is not UTF-8 text"),
        ("[" * 5_000, "proposal.json: it nests values more than 64 deep"),
        ('{"retry_of": ' + "9" * 5_000 + "}", "proposal.json: it has a number of more than 400 digits"),
        (b" " * 2_000_000, "proposal.json: it is larger than 1,000,000 bytes"),
    ],
)
def test_a_file_that_is_no_note_is_named(tmp_path, data, reason):
    note, (clause,) = read(tmp_path, data)

    assert note == Note()
    assert clause.startswith(reason)


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.mkdir(),
        os.mkfifo,
        lambda path: path.symlink_to("/etc/passwd"),
        lambda path: path.symlink_to("/nowhere"),
    ],
    ids=["folder", "pipe", "link", "dangling link"],
)
def test_what_is_no_plain_file_is_named_and_not_opened(tmp_path, make):
    make(tmp_path / "proposal.json")

    note, (clause,) = read_note(tmp_path, {})

    assert note == Note()
    assert clause.startswith("proposal.json: it ")


def test_a_note_that_was_there_before_the_agent_is_none(tmp_path):
    (tmp_path / "proposal.json").write_text(json.dumps(WHOLE))

    assert read_note(tmp_path, snapshot(tmp_path)) == (Note(), ())
    assert read_note(tmp_path, {}).note.idea == "halve the batch"


@given(
    st.binary(max_size=300) | st.text(max_size=100).map(lambda text: json.dumps({"idea": text, "kind": text}).encode())
)
def test_no_bytes_raise(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp()

    note, unread = read(folder, data)

    assert isinstance(note, Note)
    assert all(isinstance(clause, str) for clause in unread)
