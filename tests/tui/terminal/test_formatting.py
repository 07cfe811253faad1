import pytest
from hostile import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.terminal.formatting import (
    clip,
    duration,
    memory,
    number,
    pad,
    percent,
    rate,
    sanitize,
    sanitize_lines,
    sigmas,
    signed,
    to_ascii,
    wrap,
)

TEXTS = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_terminal_obeys_gets_through(text):
    shown = sanitize(text)

    assert shown.isprintable()
    assert shown.encode("utf-8").decode() == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "␛[31mred"),
        ("a\x00b\x7f", "a␀b␡"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("\u202eabc", "<U+202E>abc"),
        ("\x9b31m", "<U+009B>31m"),
        ("\ud800", "<U+D800>"),
        ("[bold]stays[/]", "[bold]stays[/]"),
        ("σ → 漢字 é", "σ → 漢字 é"),
    ],
)
def test_what_is_hidden_is_shown_as_what_it_is(text, shown):
    assert sanitize(text) == shown


def test_marks_pile_up_no_higher_than_writing_does():
    assert sanitize("q" + "\u0323\u0307" + "\u0301" * 50) == "q\u0323\u0307"


@given(TEXTS)
def test_sanitizing_twice_is_sanitizing_once(text):
    assert sanitize(sanitize(text)) == sanitize(text)


@given(TEXTS)
def test_sanitized_text_is_one_printable_line(text):
    assert sanitize(text).isprintable()


@given(TEXTS, st.integers(min_value=1, max_value=40), st.booleans())
def test_a_padded_text_fills_its_cells_exactly(text, width, right):
    assert cell_len(pad(sanitize(text), width, align_right=right)) == width


@given(TEXTS, st.integers(min_value=2, max_value=40))
def test_a_wrapped_text_keeps_to_its_width_and_loses_no_word(text, width):
    lines = wrap(sanitize(text), width)

    assert max(map(cell_len, lines)) <= width
    assert "".join(lines).replace(" ", "") == sanitize(text).replace(" ", "")


def test_what_does_not_fit_is_cut_with_a_sign():
    assert clip("halve the batch", 8) == "halve t…"
    assert clip("漢字漢字", 5) == "漢字…"
    assert wrap("one two three four", 9, limit=1) == ["one two …"]


def test_every_sign_has_a_plain_stand_in():
    assert "".join(map(to_ascii, "✓·✗σ→█ü漢")) == "+.xsd>#???"


def test_tabs_of_a_trace_keep_its_indentation():
    assert sanitize_lines("def f():\r\n\treturn 1\n") == ["def f():", "    return 1", ""]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "–"), (0, "0 s"), (41, "41 s"), (245, "4m 05s"), (7_620, "2h 07m"), (273_600, "3d 04h"), (-3, "0 s")],
)
def test_durations_have_two_units_at_most(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.44, "0.4 s"),
        (9.9, "9.9 s"),
        (9.97, "10 s"),
        (59.4, "59 s"),
        (59.9, "1m 00s"),
        (3_599.6, "1h 00m"),
        (7_190, "2h 00m"),
        (86_390, "1d 00h"),
        (171_000, "2d 00h"),
    ],
)
def test_durations_are_rounded_and_never_cut(seconds, words):
    assert duration(seconds) == words


def test_a_share_is_100_percent_only_if_nothing_is_missing():
    assert [percent(share) for share in (0.0, 0.001, 0.55, 0.999, 1.0)] == ["0%", "1%", "55%", "99%", "100%"]


def test_numbers_read_as_a_person_writes_them():
    assert (number(1.47551), number(None), number(123_456.0)) == ("1.4755", "–", "1.235e+05")
    assert (number(0.0), number(3.4e-17), number(-0.00002)) == ("0.0000", "3.4e-17", "-2.0e-05")
    assert (sigmas(3.37), sigmas(-1.47e15), sigmas(None)) == ("+3.4σ", "->999σ", "–")
    assert (signed(-0.0175), signed(0.0)) == ("-0.0175", "+0.0000")
    assert (rate(26_134), rate(3.2e6), rate(12)) == ("26.1k", "3.2M", "12")
    assert (memory(412 * 2**20), memory(1.5 * 2**30)) == ("412 MiB", "1.5 GiB")
