"""The file of notes that a brief names."""

import pytest
from toys import BRIEF, Project

from loop.brief import notes
from loop.errors import BadInput


def test_the_notes_are_read_without_a_secret(tmp_path):
    (tmp_path / "notes.md").write_bytes(b"\xef\xbb\xbfMuon helps.\nkey: sk-ant-api03-abcdefghijklmnopqrstuvwxyz\n")

    text = notes.read_notes(tmp_path, "notes.md")

    assert text.startswith("Muon helps.")
    assert "abcdefghij" not in text


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "does not exist"), (b"\xff\xfe", "not UTF-8"), (b"x" * (notes.MAX_BYTES + 1), "larger than 200,000 bytes")],
)
def test_notes_that_cannot_be_read_are_refused_in_one_sentence(tmp_path, content, reason):
    _ = content is None or (tmp_path / "notes.md").write_bytes(content)

    with pytest.raises(BadInput, match=reason):
        notes.read_notes(tmp_path, "notes.md")

    assert notes.text_or_nothing(tmp_path, "notes.md") == ""


@pytest.mark.parametrize(
    ("value", "reason"), [("../notes.md", "below the repository's root"), ("gone.md", "does not exist")]
)
def test_a_session_does_not_start_with_notes_that_it_cannot_read(tmp_path, value, reason):
    project = Project(tmp_path / "toy", brief=BRIEF.replace("proposer: sampler", f"proposer: sampler\nnotes: {value}"))

    ended = project.loop("run", "--experiments", "1")

    assert ended.returncode == 2
    assert reason in ended.stderr
    assert not project.journal.exists()
