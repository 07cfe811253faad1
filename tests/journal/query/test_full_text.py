"""Full-text search, ranked, with snippets."""

import pytest
from eventful import LAW
from histories import TAG
from hypothesis import given
from hypothesis import strategies as st

from journal.errors import JournalMissing
from journal.projections.state import fold
from journal.query.full_text import match_expression, search_failures, search_ideas, similar_experiments
from journal.query.sql import run_query
from journal.store import Reader


def test_failures_are_clustered_by_their_signature(night_path):
    [row] = search_failures(night_path).rows

    assert row == ("oom", "OutOfMemoryError", 1, "out of memory", "3")


def test_failures_are_found_by_words_of_their_trace(night_path):
    [row] = search_failures(night_path, "CUDA memory").rows

    assert row[:3] == (TAG, 3, "crash")
    assert "[CUDA]" in row[4]


def test_ideas_that_did_not_work_are_found_among_the_failures(night_path):
    [row] = search_failures(night_path, "gelu").rows

    assert row[1:3] == (2, "discard")


def test_what_was_kept_is_no_failure(night_path):
    assert search_failures(night_path, "baseline").rows == []


def test_an_idea_finds_those_like_it_the_likest_first(night_path):
    answer = search_ideas(night_path, "halve the batch size once more")

    assert [row[1] for row in answer.rows][:2] in ([1, 3], [3, 1])


def test_words_that_many_ideas_hold_find_nothing_beside_a_telling_one(night_path):
    answer = search_ideas(night_path, "batch gelu", common=3)

    assert [row[1] for row in answer.rows] == [2]


def test_where_all_words_are_common_the_latest_experiments_come_first(night_path):
    assert [row[1] for row in search_ideas(night_path, "batch", common=2).rows] == [3, 2, 1, 0]
    assert [row[1] for row in search_failures(night_path, "batch", common=1).rows] == [3, 2]


def test_a_diff_finds_experiments_on_the_same_knob(night_path):
    assert {row[1] for row in search_ideas(night_path, "-BATCH = 16").rows} == {0, 1, 2, 3}


def test_an_experiment_finds_those_that_do_the_same_thing(night_path):
    state = fold(Reader(night_path).read())

    answer = similar_experiments(night_path, state, 1)

    assert answer.columns == ("rank", "session", "experiment", "status", "delta", "likeness", "found_by", "idea")
    assert [row[0] for row in answer.rows] == list(range(1, len(answer.rows) + 1))
    assert {row[1:3] for row in answer.rows} <= {("nov20", number) for number in (0, 2, 3)}
    assert {row[6] for row in answer.rows} <= {"structure", "words"}


def test_an_unknown_experiment_is_refused(night_path):
    with pytest.raises(JournalMissing, match="no experiment 99"):
        similar_experiments(night_path, fold(Reader(night_path).read()), 99)


@pytest.mark.parametrize("words", ['"', "a OR", "NEAR(", "*", "^x", "col:x", "-", "", "(((", "AND AND"])
def test_no_word_is_an_operator(night_path, words):
    assert search_failures(night_path, words).columns
    assert search_ideas(night_path, words).columns


@LAW
@given(st.text(max_size=30))
def test_any_text_makes_an_expression_that_sqlite_accepts(text):
    expression = match_expression(text, operator=" OR ")

    assert expression.count('"') % 2 == 0
    assert "\0" not in expression


def test_search_runs_through_the_guarded_query(night_path):
    assert run_query(night_path, "SELECT count(*) FROM ideas").rows == [(5,)]
