"""The numbers in an output that could be the metric."""

import pytest

from loop.brief.metric.candidates import MAX_ROW, candidates


@pytest.mark.parametrize("row", ["a" * 200_000, "1" * 200_000, "a/" * 100_000, "step 1 " * 30_000, "nan" * 60_000])
def test_a_row_that_nobody_reads_is_not_searched(row):
    assert candidates(row) == []  # a search that takes the square of its length takes half an hour


def test_control_a_row_within_the_limit_is_searched():
    assert [candidate.name for candidate in candidates("loss: 0.5".rjust(MAX_ROW))] == ["loss"]
    assert candidates("loss: 0.5".rjust(MAX_ROW + 1)) == []


def test_a_long_document_is_read():
    document = '{"a": "' + "x" * 10_000 + '", "loss": 0.5}'

    assert [(candidate.name, candidate.value) for candidate in candidates(document)] == [("loss", 0.5)]
