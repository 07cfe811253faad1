import pytest

from journal.changes.knob import Knob, KnobRange, parse_range
from journal.changes.python_knobs import knobs, replace_literal


def only(text: str) -> Knob:
    (knob,) = knobs("train.py", text)
    return knob


@pytest.mark.parametrize(
    ("text", "value", "source"),
    [
        ("LR = 0.04\n", 0.04, "0.04"),
        ("BATCH = 2**18\n", 262144, "2**18"),
        ("BATCH = 1 << 18\n", 262144, "1 << 18"),
        ("BATCH: int = 64 * 1024  # tokens\n", 65536, "64 * 1024"),
        ("SHIFT = -1.5\n", -1.5, "-1.5"),
        ("TIED = True\n", True, "True"),
        ("WINDOW = 'SSSL'\n", "SSSL", "'SSSL'"),
    ],
)
def test_a_module_level_literal_is_a_knob_with_its_source(text, value, source):
    knob = only(text)

    assert (knob.value, knob.source) == (value, source)


@pytest.mark.parametrize(
    "text",
    [
        "LR = 0.1\nLR = 0.2\n",
        "LR = compute()\n",
        "__all__ = ['train', 'evaluate']\n",
        "__version__ = '1.0'\n",
        "if FAST:\n    LR = 0.1\n",
        "def f():\n    LR = 0.1\n",
        "def f():\n    global LR\n    LR = 2\nLR = 0.1\n",
        "A = B = 3\n",
        "BIG = 10 ** 10 ** 10\n",
        "LR = \n",
    ],
)
def test_what_has_no_one_literal_to_edit_is_no_knob(text):
    assert knobs("train.py", text) == ()


def test_a_tuple_is_one_knob_per_element():
    found = knobs("train.py", "BETAS = (0.8, 0.95)  # [0..1]\n")

    assert [(knob.name, knob.value, knob.range.high) for knob in found] == [
        ("BETAS[0]", 0.8, 1.0),
        ("BETAS[1]", 0.95, 1.0),
    ]


def test_a_literal_is_replaced_in_place_and_every_other_byte_stays():
    text = "# Größe\r\nNAME = 'é'; LR = 0.04  # Rate → [0.01..0.1]\r\n\x0cX = (\n    3  # three\n)\n"
    rate = next(knob for knob in knobs("train.py", text) if knob.name == "LR")

    changed = replace_literal(text, rate, "0.05")

    assert changed == text.replace("0.04", "0.05")


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("# peak rate [0.005..0.2]", KnobRange(low=0.005, high=0.2)),
        ("# [1e-12 .. 1e-3]", KnobRange(low=1e-12, high=1e-3)),
        ("# pattern {SSSL, SL, L}", KnobRange(choices=("SSSL", "SL", "L"))),
        ("# width, multiple of 64 [64..512]", KnobRange(low=64, high=512, multiple="64")),
        ("# multiple of HEAD_DIM", KnobRange(multiple="HEAD_DIM")),
        ("# fixed by the tokenizer", KnobRange(fixed=True)),
        ("# see [2] and {}", KnobRange()),
    ],
)
def test_the_trailing_comment_declares_what_may_be_chosen(comment, expected):
    assert parse_range(comment) == expected


def test_a_hash_sign_inside_a_text_is_no_comment():
    assert only("NAME = 'a # fixed'\n").range == KnobRange()
