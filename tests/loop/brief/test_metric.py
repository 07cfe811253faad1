"""The metric, found in the output of a command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loop.brief.config import Config
from loop.brief.metric.candidates import candidates
from loop.brief.metric.ranking import metric_name
from loop.brief.metric.source import find_metric, find_number, named_source, trust


def config(pattern: str = "", **keys) -> Config:
    return Config(goal="g", metric="val.bpb", direction="minimize", pattern=pattern, **keys)


@pytest.mark.parametrize(
    ("output", "value"),
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
def test_the_last_line_that_names_the_metric_counts(output, value):
    assert find_metric(config(), output) == value


@pytest.mark.parametrize("word", ["abc", "", "--", "nan", "inf", "1.2.3"])
def test_a_pattern_that_matches_a_word_finds_no_number(word):
    assert find_metric(config(r"loss=(\S*)"), f"loss={word}\n") is None


@pytest.mark.parametrize(
    ("output", "value"),
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
def test_a_json_pattern_reads_the_last_object_with_the_key(output, value):
    assert find_metric(config("json: acc"), output) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_finite_number_comes_back_as_printed(value):
    assert find_metric(config(), f"val.bpb: {value!r}\n") == value


PRETTY = """{
  "eval": {"acc": 0.5, "a.b": 2},
  "acc": 0.25
}
"""


@pytest.mark.parametrize(
    ("key", "value"), [("acc", 0.25), ("eval.acc", 0.5), ("eval.a.b", 2.0), ("eval", None), ("loss", None)]
)
def test_a_json_object_may_take_several_lines_and_dots_lead_into_it(key, value):
    assert find_metric(config(f"json:{key}"), f"training\n{PRETTY}done\n") == value


TABLE = "epoch,acc,loss\n1,0.5,0.9\n2,0.75,0.8\n\n"


@pytest.mark.parametrize(
    ("pattern", "text", "value"),
    [
        ("csv:log.csv", TABLE, 0.8),
        ("csv:log.csv:acc", TABLE, 0.75),
        ("csv:log.csv:f1", TABLE, None),
        ("csv:log.csv", "epoch,acc,loss\n", None),
        ("csv:log.csv:loss", "epoch,acc,loss\n1,0.5\n", None),
        ("csv:log.csv", "", None),
        ("csv:log.tsv:b", "a\tb\n1\t2\n", 2.0),
    ],
)
def test_a_csv_pattern_reads_the_last_row_in_the_last_column_or_the_one_named(pattern, text, value):
    assert find_metric(config(pattern), text) == value


@pytest.mark.parametrize(
    ("pattern", "name", "text", "value"),
    [
        ("", "accuracy", "loss: 1\n  accuracy = 0.75 (best)\n", 0.75),
        (r"loss=(\S+)", "Validation accuracy", "loss=1\nValidation accuracy: 0.5\n", 0.5),
        ("json:loss", "acc", '{"loss": 1, "acc": 0.5}\n', 0.5),
        ("csv:log.csv", "acc", TABLE, 0.75),
        ("wall_seconds", "json:acc", '{"acc": 0.5}\n', 0.5),
    ],
)
def test_a_guards_number_is_beside_the_metric_unless_its_name_says_where(pattern, name, text, value):
    assert find_number(named_source(name, config(pattern)), text) == value


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, "self-reported"),
        ({"evaluate": "python score.py"}, "measured"),
        ({"evaluate": "python -m loop.judges.rubric"}, "judged"),
        ({"pattern": "wall_seconds"}, "measured"),
        ({"pattern": "wall_seconds", "guard": ("correct == 1",)}, "self-reported"),
        ({"pattern": "exit_code"}, "self-reported"),
    ],
)
def test_a_metric_is_trusted_as_far_as_who_reports_it(keys, expected):
    assert trust(config(**keys)) == expected


# --- numbers that are printed without a usual name --------------------------------------------------------------------


def test_the_last_column_of_rows_without_names_is_a_candidate_and_a_count_of_steps_is_not():
    (found,) = candidates("0 9.5\n1 4.25\n2 2.5\n")

    assert (found.name, found.value) == ("number 2", 2.5)
    assert find_metric(Config(goal="g", metric="loss", direction="minimize", pattern=found.pattern), "3 2.25\n") == 2.25
    assert metric_name(found, "the lowest loss on the data") == "loss"


def test_control_two_rows_of_numbers_are_no_series():
    assert candidates("0 9.5\n1 4.25\n") == []


def test_a_timer_of_javascript_is_read_with_the_numbers_in_its_label():
    (found,) = candidates("push 1000000: 240.5ms\n")

    assert (found.name, found.value, found.unit) == ("push 1000000", 240.5, "ms")


def test_each_row_of_a_benchmark_has_a_name_of_its_own():
    text = "Quick_sort 1000 x86_64     11     886.5 ns/op\nMerge_sort 1000 x86_64      4    2445.5 ns/op\n"

    values = {row.name: row.value for row in candidates(text)}

    assert values["Quick_sort ns/op"] == 886.5
    assert values["Merge_sort ns/op"] == 2445.5
