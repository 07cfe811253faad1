"""Digits follow the noise: what differs looks different, and what is noise is not shown."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.events import RunFinished
from journal.reports.figures import format_change, format_metric
from journal.reports.narration import narrate

FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "sigma", "text"),
    [
        (1.85834, 0.003, "1.8583"),
        (1.85834, 0.02, "1.858"),
        (0.0001234, 0.000004, "0.0001234"),
        (0.00012, None, "0.00012"),
        (1.5, None, "1.5000"),
        (0.0, None, "0.0000"),
        (51234.5678, 120.0, "51235"),
        (51234.5678, None, "51234.6"),
        (0.5, 0.0, "0.5000"),
        (None, 0.1, "-"),
    ],
)
def test_a_metric_has_two_digits_of_its_noise(value, sigma, text):
    assert format_metric(value, sigma) == text


@pytest.mark.parametrize(
    ("before", "after", "sigma", "text"),
    [
        (0.00012, 0.00011, None, "0.00012 → 0.00011"),
        (1.00001, 1.00002, None, "1.0000100 → 1.0000200"),
        (1.50001, 1.50004, 0.01, "1.500010 → 1.500040"),
        (1.5, 1.4, 0.01, "1.500 → 1.400"),
    ],
)
def test_two_metrics_that_differ_look_different(before, after, sigma, text):
    assert format_change(before, after, sigma) == text


def test_control_four_decimals_alone_show_no_change():
    assert f"{0.00012:.4f}" == f"{0.00011:.4f}"


@given(FLOATS, FLOATS, FLOATS | st.none())
def test_any_numbers_have_a_text(before, after, sigma):
    texts = format_change(before, after, sigma).split(" → ")

    assert all(math.isfinite(float(text)) for text in texts)


@pytest.mark.parametrize(("startup", "clause"), [(2.0, "(20.0 s trained of 25.0 s)"), (None, "(25.0 s)")])
def test_only_a_training_that_reports_its_start_has_a_time_of_its_own(startup, clause):
    finished = RunFinished(
        session="nov20", experiment=1, run=1, seed=0, metric=0.5, trust="measured", train_seconds=20.0, wall_seconds=25.0,
        startup_seconds=startup,
    )  # fmt: skip

    assert clause in narrate(finished)
