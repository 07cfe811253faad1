"""Names from a journal become paths and refs only after a check, or are derived."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.errors import JournalError
from journal.events.names import is_commit, is_tag, run_folder, session_folder

RUNS = Path("/project/.ar/runs")


def test_the_folder_of_a_run_follows_from_its_session_and_numbers():
    assert run_folder(RUNS, "nov20", experiment=7, run=2) == RUNS / "nov20-0007-2"


@pytest.mark.parametrize("tag", ["nov20", "a", "nov20-2", "x.y_z"])
def test_a_tag_is_made_of_letters_digits_dots_dashes_and_underscores(tag):
    assert is_tag(tag)


@pytest.mark.parametrize(
    "tag", ["", ".", "..", "../home", "a/b", "/etc", "-x", "a..b", "a.lock", "a.", "a b", "a\n", "é", "a\0", "x" * 65]
)
def test_what_could_lead_elsewhere_is_no_tag(tag):
    with pytest.raises(JournalError, match="cannot name a session"):
        run_folder(RUNS, tag, experiment=1, run=1)
    with pytest.raises(JournalError, match="cannot name a session"):
        session_folder(RUNS, tag)


@given(tag=st.text(max_size=20), experiment=st.integers(), run=st.integers())
def test_every_run_folder_lies_directly_below_the_folder_of_runs(tag, experiment, run):
    folders = []
    with suppress(JournalError):
        folders.append(run_folder(RUNS, tag, experiment=experiment, run=run))

    assert all(folder.parent == RUNS == folder.resolve().parent for folder in folders)


@pytest.mark.parametrize(("experiment", "run"), [(-1, 1), (1, -1), (10**30, 1), (1, 10**5000)], ids=range(4))
def test_a_number_that_no_run_has_is_refused(experiment, run):
    with pytest.raises(JournalError, match="a number that no run has"):
        run_folder(RUNS, "nov20", experiment=experiment, run=run)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a" * 40, True), ("0" * 64, True), ("HEAD", False), ("a" * 7, False), ("--all", False), ("A" * 40, False), ("a" * 40 + "\n", False),
     ("a" * 40 + "^", False)],
)  # fmt: skip
def test_a_commit_has_a_full_name(name, expected):
    assert is_commit(name) is expected
