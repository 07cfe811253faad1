import difflib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.model.composed_diff import DiffMismatch, compose

LINES = st.lists(st.sampled_from("abcdef"), max_size=14)


def diff(before, after, *, path="train.py"):
    lines = difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", lineterm="")
    return "\n".join(lines) + "\n"


def patched(lines, text):
    """The file after a diff, by the standard tool's rules."""
    result, position = [], 0
    for line in text.splitlines()[2:]:
        if line.startswith("@@"):
            start, count = (int(part) for part in (line.split()[1][1:] + ",1").split(",")[:2])
            begin = start - 1 if count else start
            result += lines[position:begin]
            position = begin
        elif line[:1] == "+":
            result.append(line[1:])
        else:
            assert lines[position] == line[1:]
            result += [lines[position]] if line[:1] == " " else []
            position += 1
    return result + lines[position:]


@given(st.lists(LINES, min_size=2, max_size=5))
@settings(max_examples=300)
def test_the_composed_diff_leads_from_the_first_file_to_the_last(versions):
    steps = [diff(before, after) for before, after in pairwise(versions) if before != after]

    composed = compose(steps)

    assert patched(versions[0], composed) == versions[-1]


def test_control_the_last_diff_alone_does_not():
    first, second, third = ["a", "b", "c"], ["a", "x", "c"], ["a", "x", "y"]

    composed = compose([diff(first, second), diff(second, third)])

    assert patched(first, composed) == third
    assert [line for line in composed.splitlines() if line[0] in "+-"][2:] == ["-b", "-c", "+x", "+y"]


def test_what_was_changed_and_changed_back_is_no_change():
    first, second = ["a", "b", "c"], ["a", "x", "c"]

    assert compose([diff(first, second), diff(second, first)]) == ""


def test_each_file_has_its_own_diff():
    steps = [diff(["a"], ["b"]), diff(["q"], ["r"], path="model.py"), diff(["b"], ["c"])]

    composed = compose(steps)

    assert [line for line in composed.splitlines() if line.startswith("+")] == [
        "+++ b/train.py", "+c", "+++ b/model.py", "+r",
    ]  # fmt: skip


def test_a_line_of_code_that_looks_like_a_header_is_none():
    first, second = ["-- x", "b"], ["++ y", "b"]

    assert patched(first, compose([diff(first, second)])) == second


def test_a_diff_that_does_not_continue_the_one_before_is_refused():
    new = "--- /dev/null\n+++ b/train.py\n@@ -0,0 +1,1 @@\n+a\n"

    with pytest.raises(DiffMismatch):
        compose([new, diff(["x", "y", "z"], ["x", "y"])])
