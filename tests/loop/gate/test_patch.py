"""Diffs, applied to the text that they were made on and to others."""

import subprocess
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.errors import WorkspaceError
from loop.gate.patch import apply, count_lines, rebase, unified

LINES = st.sampled_from(["a", "b", "", "-- a/x", "++ b/x", "--- a/x", "+++ b/x", "@@ -1 +1 @@", "\\ No newline at end of file", " c", "d\r", "e\x0cf", "\u2028"])  # fmt: skip
TEXTS = st.one_of(
    st.builds(lambda rows, end: "\n".join(rows) + end, st.lists(LINES, max_size=12), st.sampled_from(["", "\n"])),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
)
NAMES = st.sampled_from(["x", "y.py", "b/x", "with space.py", "ü.py"])


@given(before=st.dictionaries(NAMES, TEXTS, max_size=3), after=st.dictionaries(NAMES, TEXTS, max_size=3))
def test_a_diff_turns_its_first_text_into_its_second(before, after):
    changed = {path: text for path, text in after.items() if text != before.get(path, "")}

    assert apply(unified(before, after), before) == changed


@given(before=TEXTS, after=TEXTS)
def test_lines_are_counted_as_they_come_and_go(before, after):
    added, removed = count_lines(unified({"x": before}, {"x": after}))

    assert len(_rows(before)) + added - removed == len(_rows(after))


@given(before=TEXTS, after=TEXTS)
def test_a_diff_does_not_fit_another_text(before, after):
    diff = unified({"x": f"{before}first\nold\nlast\n"}, {"x": f"{before}first\nnew{after}\nlast\n"})

    with pytest.raises(WorkspaceError, match="made on another text"):
        apply(diff, {"x": ""})


@pytest.mark.parametrize(
    ("before", "after"), [("a\nb\n", "a\nc\n"), ("a", "b"), ("a\r\nb\r\n", "a\r\nc"), ("", "new\n")]
)
def test_git_reads_the_same_diff(tmp_path, before, after):
    (tmp_path / "x").write_bytes(before.encode())

    subprocess.run(
        ["git", "apply", "--whitespace=nowarn", "-"],
        cwd=tmp_path,
        check=True,
        input=unified({"x": before}, {"x": after}).encode(),
    )

    assert (tmp_path / "x").read_bytes() == after.encode()


BASE = "".join(f"{name}\n" for name in "abcdefghijklmn")


@given(before=TEXTS, after=TEXTS)
def test_on_its_own_text_a_diff_is_not_moved_elsewhere(before, after):
    moved = rebase(unified({"x": before}, {"x": after}), {"x": before})

    assert moved in (None, apply(unified({"x": before}, {"x": after}), {"x": before}))


@pytest.mark.parametrize(
    ("theirs", "ours", "both"),
    [
        (("n", "N"), ("b", "B"), "aBcdefghijklmN"),
        (("c", "C"), ("b", "B"), "aBCdefghijklmn"),  # the neighbouring line
        (("a", "x\na"), ("m", "M"), "xabcdefghijklMn"),  # further down
        (("b", "c"), ("b", "B"), None),  # the same line
        (("n", "b"), ("b", "B"), "aBcdefghijklmb"),  # twice, told apart by the lines around it
        (("a\nb\nc", "a\nx\nc\nb\nb"), ("b", "B"), None),  # twice, and not told apart
        (("d", "D"), ("c\n", "c\nnew\n"), "abcnewDefghijklmn"),
    ],
)
def test_an_edit_finds_its_one_place_in_another_text_or_none(theirs, ours, both):
    diff = unified({"x": BASE}, {"x": BASE.replace(*ours)})

    moved = rebase(diff, {"x": BASE.replace(*theirs)})

    assert (moved and moved["x"].replace("\n", "")) == both


def _rows(text: str) -> list[str]:
    return text.split("\n")[: None if text and not text.endswith("\n") else -1]


@pytest.mark.parametrize(
    "diff",
    [
        "--- a/t\n",
        "--- a/t\nno hunk\n--- a/u\n",
        "--- a/t\n@@ -" + "9" * 5_000 + " +1 @@\n-x\n",
        "--- a/t\n@@ -1 +1 @@\n",
        "\0\n--- a/\n",
    ],
    ids=["no hunk", "no header", "a line of 5,000 digits", "no lines", "no path"],
)
def test_a_diff_that_is_none_is_refused_or_changes_nothing(diff):
    before = {"t": "x\n"}

    with suppress(WorkspaceError):
        assert set(apply(diff, before).values()) <= {"x\n", ""}
    assert rebase(diff, before) is None or count_lines(diff)[0] == 0
