"""Where the journal is."""

from pathlib import Path

import pytest

from journal.console.locate import locate
from journal.errors import JournalMissing


def test_a_named_journal_comes_first(tmp_path):
    assert locate(Path("night.db"), environ={"AR_JOURNAL": "other.db"}, start=tmp_path) == Path("night.db")


def test_then_the_environment(tmp_path):
    assert locate(environ={"AR_JOURNAL": "/nights/one.db"}, start=tmp_path) == Path("/nights/one.db")


@pytest.mark.parametrize("inside", [".", "gpt", "gpt/deep"])
def test_then_the_root_of_the_enclosing_repository(tmp_path, inside):
    (tmp_path / ".git").mkdir()
    (tmp_path / inside).mkdir(parents=True, exist_ok=True)

    assert locate(environ={}, start=tmp_path / inside) == tmp_path / ".ar/journal.db"


def test_a_linked_worktree_is_a_repository_too(tmp_path):
    (tmp_path / ".git").write_text("gitdir: /elsewhere")

    assert locate(environ={}, start=tmp_path) == tmp_path / ".ar/journal.db"


def test_outside_of_any_repository_it_says_what_to_do(tmp_path):
    with pytest.raises(JournalMissing, match=r"in no git repository: name a journal with --journal or \$AR_JOURNAL"):
        locate(environ={}, start=tmp_path)
