"""Whatever a stranger wrote is a value or nothing: no input raises another error, and none takes long."""

import json
import os
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal import untrusted
from journal.untrusted import MAX_DEPTH, MAX_DIGITS, JsonDecoder, UntrustedInput


class Step(msgspec.Struct):
    step: int = 0


ANY: JsonDecoder[Any] = JsonDecoder(Any)
STEP: JsonDecoder[Step] = JsonDecoder(Step)
HOSTILE = {
    "nested arrays": b"[" * 100_000 + b"]" * 100_000,
    "nested objects in an unknown key": b'{"more":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}",
    "an integer of 4,000 digits": b'{"step":' + b"1" * 4_000 + b"}",
    "an integer of 5,000 digits": b"[" + b"7" * 5_000 + b"]",
    "a float beyond all floats": b"1e999",
    "not a number": b'{"step": NaN}',
    "half of a surrogate pair": b'"\\ud800"',
    "no UTF-8": b'"\xff\xfe"',
    "a string without an end": b'"' + b'\\"' * 50_000,
    "many quotation marks": b'"' * 100_001,
    "a backslash at the end": b'"\\',
    "nothing": b"",
    "a NUL": b"\0",
}
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_input_is_nothing_and_has_a_reason(data):
    with pytest.raises(UntrustedInput, match=r"\S"):
        STEP.decode(data)

    assert STEP.value(data) is None


def test_control_the_decoder_alone_raises_errors_of_other_kinds():
    plain = msgspec.json.Decoder(Step).decode

    with pytest.raises(RecursionError):
        plain(HOSTILE["nested objects in an unknown key"])
    with pytest.raises(OverflowError):
        float(plain(HOSTILE["an integer of 4,000 digits"]).step)


@given(st.binary() | st.text())
def test_any_input_is_a_value_or_nothing(data):
    assert ANY.value(data) is None or json.dumps(ANY.value(data))


@given(VALUES)
def test_what_is_within_the_limits_is_read(value):
    assert ANY.decode(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("data", "is_read"),
    [
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, True),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), False),
        (b'["' + b"[{" * 10_000 + b'"]', True),
        (b'["' + b"1" * (10 * MAX_DIGITS) + b'"]', True),
        (b"[" + b"[]," * 1_000 + b"[]]", True),
        (b"1" * MAX_DIGITS, True),
        (b"1" * (MAX_DIGITS + 1), False),
    ],
    ids=["deep", "too deep", "brackets in a text", "digits in a text", "wide", "long", "too long"],
)
def test_the_limits_are_of_nesting_and_of_numbers_and_not_of_texts(data, is_read):
    assert (ANY.value(data) is not None) is is_read


def test_a_byte_order_mark_is_no_error():
    assert ANY.decode(b"\xef\xbb\xbf[1]") == ANY.decode("\ufeff[1]") == [1]


def test_input_over_its_limit_is_not_decoded():
    with pytest.raises(UntrustedInput, match="larger than 10 bytes"):
        JsonDecoder(list, max_bytes=10).decode(b"[1,2,3,4,5,6]")


@pytest.mark.parametrize(
    ("written", "value"),
    [("1.5", 1.5), (" -2e3 ", -2000.0), (".5", 0.5), ("7", 7.0), ("nan", None), ("inf", None), ("1_000", None),
     ("0x1f", None), ("1,5", None), ("", None), ("-", None), ("1e400", None), ("1" * 5_000, None), ("\u0661", None)],
)  # fmt: skip
def test_a_number_is_decimal_and_finite(written, value):
    assert untrusted.number(written) == value


def test_only_a_plain_file_is_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text("here")
    (tmp_path / "link").symlink_to("file")

    assert untrusted.read_file(tmp_path / "file") == b"here"
    for name in ("pipe", "link", "absent", "."):
        with pytest.raises(UntrustedInput):
            untrusted.read_file(tmp_path / name)
    with pytest.raises(UntrustedInput, match="larger than 3 bytes"):
        untrusted.read_file(tmp_path / "file", max_bytes=3)


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(tmp_path):
    (tmp_path / "file").write_bytes(b"short\n" + b"x" * 1_000)

    with (tmp_path / "file").open("rb") as file:
        lines = untrusted.lines(file, max_bytes=100)

        assert next(lines) == b"short\n"
        with pytest.raises(UntrustedInput, match="longer than 100 bytes"):
            next(lines)
