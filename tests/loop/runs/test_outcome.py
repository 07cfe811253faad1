"""What kind of failure an status is, and the key by which failures cluster."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.runs.outcome import SIGNATURE_LIMIT, failure_kind, signature


@pytest.mark.parametrize(
    ("code", "number", "tail", "kind"),
    [
        (1, None, "ValueError: bad shape", "crash"),
        (None, 11, "", "crash"),
        (None, 9, "", "killed"),
        (137, None, "Killed", "killed"),
        (1, None, "torch.OutOfMemoryError: CUDA out of memory.", "oom"),
        (1, None, "MemoryError", "oom"),
        (1, None, "OSError: [Errno 28] No space left on device", "disk_full"),
        (1, None, "error: the loss is not finite at step 7", "nan"),
        (1, None, "nan nan nan\nValueError: bad shape", "crash"),
        (1, None, "MemoryError was handled\n" + "step\n" * 20 + "ValueError: x", "crash"),
        (1, None, "", "crash"),
    ],
)
def test_an_ending_has_the_kind_that_its_last_words_say(code, number, tail, kind):
    assert failure_kind(exit_code=code, signal=number, tail=tail) == kind


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ValueError: shape 3 is not 4", "ValueError: shape 31 is not 47"),
        ("OSError: /tmp/a/b/x.bin is gone", "OSError: /home/me/x.bin is gone"),
        ("RuntimeError: tensor at 0x7f01", "RuntimeError: tensor at 0xdead"),
    ],
)
def test_the_same_error_on_other_numbers_and_paths_is_the_same_failure(one, other):
    assert signature(one) == signature(other)


def test_different_errors_are_different_failures():
    assert signature("ValueError: bad shape") != signature("KeyError: 'bad shape'")


@given(st.text(max_size=400))
def test_a_signature_is_one_short_line(tail):
    assert len(signature(tail)) <= SIGNATURE_LIMIT
    assert len(signature(tail).splitlines()) <= 1


@pytest.mark.parametrize("line", ["/" * 60_000, "/a" * 30_000 + "/", " " * 60_000, "a." * 30_000])
def test_an_error_of_any_form_has_its_signature_at_once(line):
    assert signature(f"Error: {line}").startswith("Error:")  # a search that tries each split of the slashes never ends
