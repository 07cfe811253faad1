"""No text can control a terminal: escaped, it shows what it holds; stripped, it holds nothing of the kind."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.console.text import escape_controls, one_line, strip_controls

UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
EVERY = [chr(point) for point in range(sys.maxunicode + 1)]


def test_every_control_format_and_separator_character_is_taken_out():
    left = [char for char in strip_controls("".join(EVERY)) if unicodedata.category(char) in UNSAFE]

    assert left == ["\t", "\n"]


def test_the_plane_of_tags_and_selectors_is_taken_out():
    assert strip_controls("halve\U000e0068\U000e0061\U000e01ef the batch") == "halve the batch"


def test_letters_marks_and_signs_of_all_scripts_stay():
    text = "σ × → 日本語 é ß नमस्ते 🚀 ±½\tand\na line"

    assert strip_controls(text) == escape_controls(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\rb\x9b31m", "a\\rb\\x9b31m".replace("\\r", "\\x0d")),
        ("\u202eevil", "\\u202eevil"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
    ],
)
def test_an_escaped_character_is_its_code(text, shown):
    assert escape_controls(text) == shown


@given(st.text())
def test_escaped_text_is_safe_and_a_line_is_one(text):
    assert strip_controls(escape_controls(text)) == escape_controls(text)
    assert "\n" not in one_line(text)
