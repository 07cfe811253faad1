"""The one number, out of whatever a command printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.config import Config
from loop.metric import find


def config(pattern: str = "") -> Config:
    return Config(goal="g", metric="val.bpb", direction="minimize", pattern=pattern)


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("val.bpb: 1.25\n", 1.25),
        ("val.bpb: 2\nval.bpb: 1\n", 1.0),
        ("val.bpb:    -3.5e-2", -0.035),
        ("noise\nval.bpb: .5 (best)\n", 0.5),
        ("valxbpb: 1.25\n", None),
        ("the val.bpb: 1.25\n", None),
        ("val.bpb: nan\n", None),
        ("val.bpb: inf\n", None),
        ("val.bpb: 1e999\n", None),
        ("", None),
    ],
)
def test_the_last_line_that_names_the_metric_counts(printed, value):
    assert find(config(), printed) == value


@pytest.mark.parametrize("word", ["abc", "", "--", "nan", "inf", "1.2.3"])
def test_a_pattern_that_catches_a_word_finds_no_number(word):
    assert find(config(r"loss=(\S*)"), f"loss={word}\n") is None


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ('{"acc": 0.5}\n', 0.5),
        ('{"acc": 1}\n{"other": 2}\n', 1.0),
        ('{"acc": true}\n', None),
        ('{"acc": "0.5"}\n', None),
        ('{"acc": NaN}\n', None),
        ('{"acc": 1' + "0" * 400 + "}\n", None),
        ("[" * 60_000 + "\n", None),
        ("no json\n", None),
    ],
)
def test_a_json_pattern_reads_the_last_object_with_the_key(printed, value):
    assert find(config("json: acc"), printed) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_finite_number_comes_back_as_printed(value):
    assert find(config(), f"val.bpb: {value!r}\n") == value
