"""Tables of results as other loops write them: other columns, other words, rows that cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.errors import JournalError
from journal.exchange.results_table import parse

FIVE = "commit\tval_bpb\tmemory_gb\tstatus\tdescription\n"


def table(header, *rows):
    return "\n".join("\t".join(line.split()) for line in (header, *rows)) + "\n"


def read(text, **options):
    return [(row.status, row.metric, row.idea) for row in parse(text, **options).results]


@pytest.mark.parametrize(
    ("text", "metric", "direction"),
    [
        (table("commit val_rmse status description", "a 0.5 keep base"), "val_rmse", "minimize"),
        (table("commit score sharpe max_dd status description", "a 1.0 1.0 8.7 KEEP base"), "score", "maximize"),
        (table("commit best_r2_score complexity memory_gb status description", "a 0.1 17 0 keep base"), "best_r2_score", "maximize"),
        (table("config_id tg_tok_s vram_gb ppl status description", "a 29.1 10.1 4.5 keep base"), "tg_tok_s", "maximize"),
        (table("experiment tag throughput_tflops latency_us correctness description", "0 a 15 7094 PASS b"), "throughput_tflops", "maximize"),
        (table("gen sha intent_err wall_s accepted note", "0 base 0.4 52 1 first"), "intent_err", "minimize"),
        (table("git_commit hf_wer hf_war status description", "x 14.2 85.7 ok base"), "hf_wer", "minimize"),
        (table("commit kind val_bpb memory_gb status hypothesis description", "a lr 0.9 29 keep so base"), "val_bpb", "minimize"),
        (table("commit thing status description", "a 1 keep b", "b 2 keep c", "c 3 keep d"), "thing", "maximize"),
        (table("commit thing status description", "a 3 keep b", "b 2 keep c"), "thing", "minimize"),
        (table("commit val_fid memory_gb status description"), "val_fid", "minimize"),
        ("commit,val_acc,status,description\na,0.5,keep,one\n", "val_acc", "maximize"),
    ],
)  # fmt: skip
def test_metric_and_direction_follow_from_the_columns_and_what_was_kept(text, metric, direction):
    result = parse(text)

    assert (result.metric, result.direction) == (metric, direction)


def test_metric_and_direction_can_be_named():
    text = table("commit score sharpe status description", "a 1.0 2.5 KEEP base")

    result = parse(text, metric="Sharpe", direction="minimize")

    assert (result.metric, result.direction, result.results[0].metric, result.notes) == ("sharpe", "minimize", 2.5, [])
    with pytest.raises(
        JournalError, match="no column moon: the columns are commit, score, sharpe, status, description"
    ):
        parse(text, metric="moon")


def test_what_was_assumed_is_a_note():
    assumed = parse(table("commit score status description", "a 1.0 KEEP base"))
    known = parse(FIVE + "a\t1.0\t\tkeep\tbase\n")

    assert assumed.notes == ["The metric is score, maximize: --metric and --direction choose otherwise."]
    assert known.notes == []


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("keep", "KEEP", "kept", "BASELINE", "accepted", "1", "true", "best"), "keep"),
        (("discard", "REVERT", "reverted", "screen_discard", "rejected", "0", "false", "tentative", "duplicate", "KILL"), "discard"),
        (("crash", "FAIL", "failed", "OOM", "timeout", "error"), "crash"),
    ],
    ids=["keep", "discard", "crash"],
)  # fmt: skip
def test_a_status_is_known_by_many_words(words, status):
    text = FIVE + "".join(f"a\t1.0\t\t{word}\tidea\n" for word in words)

    assert {row.status for row in parse(text).results} == {status}
    assert len(parse(text).results) == len(words)


def test_a_status_that_only_means_that_it_ran_keeps_what_is_better_than_all_before():
    text = table("commit wer status description", "a 14 ok w", "b 15 ok x", "c 9 pass y", "d 9 done z")

    assert [status for status, _, _ in read(text)] == ["keep", "discard", "keep", "discard"]


@pytest.mark.parametrize("absent", ["-", "", "n/a", "nan", "None"])
def test_a_value_that_is_absent_is_a_crash_and_no_zero(absent):
    assert read(FIVE + f"a\t{absent}\t{absent}\tdiscard\tidea\n") == [("crash", None, "idea")]


def test_text_behind_an_extra_tab_is_part_of_the_description():
    assert read(FIVE + "a\t1.0\t2\tkeep\tone\ttwo \t three\n") == [("keep", 1.0, "one two three")]


def test_control_a_column_behind_the_description_is_not_part_of_it():
    assert read("commit\tval_bpb\tstatus\tdescription\tnotes\na\t1.0\tkeep\tone\ttwo\n") == [("keep", 1.0, "one")]


def test_rows_that_cannot_be_read_are_skipped_with_a_note():
    bad = "a\tfast\t\tkeep\tx\nb\t1.0\t\tmoon\ty\nc\t-\t\tkeep\tz\n"

    result = parse(FIVE + bad + "d\t0.9\t\tkeep\tgood\n")

    assert [(row.number, row.idea) for row in result.results] == [(3, "good")]
    assert result.notes == [
        "Line 2 of the results is skipped: val_bpb is 'fast', which is no number.",
        "Line 3 of the results is skipped: status 'moon' is none of keep, discard, crash, or a word for them.",
        "Line 4 of the results is skipped: it has status 'keep' and no metric.",
    ]


def test_many_skipped_rows_are_counted():
    result = parse(FIVE + "a\tfast\t\tkeep\tx\n" * 90 + "d\t0.9\t\tkeep\tgood\n")

    assert len(result.notes) == 6
    assert result.notes[-1] == "85 more lines of the results are skipped."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The first line must name the columns"),
        ("HEAD\tmodel\t397.0\tkeep\tan idea\n", "The first line must name the columns"),
        ("timestamp\\tmodel\\tobjective\n", "The first line must name the columns"),
        (FIVE + "a\tfast\t\tkeep\tx\n", "No line of the results can be read: Line 2"),
        (FIVE + "x" * 200_000, "The results cannot be read: field larger than"),
    ],
    ids=["nothing", "no header", "no tabs", "no row", "a field without end"],
)
def test_a_table_without_a_metric_is_refused(text, message):
    with pytest.raises(JournalError, match=message):
        parse(text)


@given(st.text() | st.lists(st.text(max_size=8), max_size=30).map(lambda cells: FIVE + "\t".join(cells)))
def test_any_text_is_a_table_or_is_refused(text):
    try:
        result = parse(text)
    except JournalError:
        result = None

    assert result is None or all(row.metric is not None or row.status == "crash" for row in result.results)
