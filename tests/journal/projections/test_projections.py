"""Folds, and the tables that hold them."""

import sqlite3

import pytest
from eventful import HISTORIES, LAW
from histories import COMMITS, TAG, in_memory, night, proposed, started, write
from hypothesis import given
from hypothesis import strategies as st

from journal.events import DirectionAcknowledged, DirectionAdded, DirectionWithdrawn, control_stream, session_stream
from journal.events.recorded import Recorded
from journal.projections.state import State, fold
from journal.projections.table import quote_name, rows_of
from journal.projections.tables import TABLES
from journal.reports.replay import state_as_dict
from journal.store import Journal, Reader

COLUMNS_OF_EXPERIMENTS = (
    "number session status kind idea hypothesis proposer model parent commit metric incumbent delta sigma gain_sigma runs "
    "train_seconds wall_seconds peak_memory tokens_in tokens_out dollars proposed_at decided_at reason"
)  # fmt: skip


def placed(history):
    return [
        Recorded(place, f"2026-11-20T23:{place:02}:00+00:00", "s", place, event, "")
        for place, event in enumerate(history, 1)
    ]


def folded(state):
    """The rows of every table from the fold, without full text, which no fold keeps."""
    return {
        table.name: sorted(map(table.values(), rows_of(getattr(state, table.name).rows)), key=repr) for table in PLAIN
    }


def stored(reader):
    return {table.name: sorted(reader.table(table.name), key=repr) for table in PLAIN}


PLAIN = [table for table in TABLES if not table.text]


@LAW
@given(HISTORIES, st.data())
def test_a_fold_may_be_split_anywhere(history, data):
    events = placed(history)
    split = data.draw(st.integers(0, len(events)))

    whole = fold(events)

    assert state_as_dict(fold(events[split:], state=fold(events[:split]))) == state_as_dict(whole)


@LAW
@given(HISTORIES)
def test_any_prefix_folds(history):
    states = [fold(placed(history)[:length]) for length in range(len(history) + 1)]

    assert [state.position for state in states] == list(range(len(history) + 1))


@LAW
@given(HISTORIES)
def test_the_tables_are_the_fold_at_every_commit(history):
    with in_memory(history) as journal:
        assert stored(journal) == folded(fold(journal.read()))


@LAW
@given(HISTORIES)
def test_tables_that_are_rebuilt_are_as_they_were(history):
    with in_memory(history) as journal:
        before = {table.name: sorted(journal.table(table.name), key=repr) for table in TABLES}

        journal.rebuild()

        assert {table.name: sorted(journal.table(table.name), key=repr) for table in TABLES} == before


def test_an_experiment_is_one_row_from_proposal_to_verdict(night):
    row = fold(night.read()).experiments.rows[TAG, 1]

    assert (row.status, row.idea, row.metric, row.delta, row.gain_sigma) == (
        "keep",
        "halve the batch",
        1.48,
        -0.02,
        4.0,
    )
    assert (row.runs, row.train_seconds, row.wall_seconds, row.peak_memory) == (1, 20.0, 25.0, 2**30)
    assert (row.tokens_in, row.tokens_out, row.dollars) == (100, 10, 0.01)


def test_a_crash_has_no_metric(night):
    row = fold(night.read()).experiments.rows[TAG, 3]

    assert (row.status, row.metric, row.attempts, row.refusals) == ("crash", None, 2, 1)


def test_an_unknown_price_makes_the_sum_unknown(night):
    unknown = proposed(4, "ask a model without a price", usage=proposed(4, "x").usage.__class__(dollars=None))
    events = [*night.read(), *placed([unknown])]

    state = fold(events)

    assert state.sessions.rows[TAG].dollars is None
    assert state.spend.rows[TAG, "sampler", ""].dollars is None


def test_a_session_knows_its_incumbent_and_its_counts(night):
    session = fold(night.read()).latest_session()

    assert (session.incumbent, session.best, session.baseline, session.sigma) == (COMMITS[1], 1.48, 1.5, 0.005)
    assert session.counts == {"keep": 2, "discard": 1, "crash": 1, "invalid": 0}
    assert (session.experiments, session.refusals, session.state) == (3, 1, "ended")


def test_the_frontier_holds_what_was_kept(night):
    assert [(point.experiment, point.metric) for point in fold(night.read()).frontier.rows] == [(0, 1.5), (1, 1.48)]


def test_a_direction_is_acknowledged_and_withdrawn():
    who = {"session": TAG, "author": "ada@hut", "channel": "cli"}
    history = [
        DirectionAdded(**who, direction=1, text="try schedules"),
        DirectionAcknowledged(session=TAG, request=1, outcome="in the next prompt"),
        DirectionWithdrawn(**who, direction=1),
    ]

    row = fold(placed(history)).directions.rows[TAG, 1]

    assert (row.outcome, row.acknowledged_at[14:16], row.withdrawn_at[14:16]) == ("in the next prompt", "02", "03")


def test_the_table_of_experiments_has_the_columns_that_are_promised(night):
    answer = night._db.execute("SELECT * FROM experiments")

    assert [column[0] for column in answer.description] == COLUMNS_OF_EXPERIMENTS.split()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_has_the_columns_that_its_documentation_names(night, table):
    answer = night._db.execute(
        f"SELECT {', '.join(quote_name(column.name) for column in table.columns)} FROM {table.name}"
    )

    assert [column[0] for column in answer.description] == [column.name for column in table.columns]


def test_dropped_tables_are_built_again_by_the_next_loop(night_path):
    before = stored(Reader(night_path))
    other = sqlite3.connect(night_path)
    other.executescript("DROP TABLE experiments; DROP TABLE failures")
    other.close()

    journal = Journal(night_path)
    journal.acquire()

    assert stored(journal) == before
    journal.close()


def test_a_person_s_direction_is_in_the_table_at_once(night_path):
    person = Journal(night_path)
    who = {"session": TAG, "author": "ada@hut", "channel": "cli"}

    person.append(control_stream(TAG), [DirectionAdded(**who, direction=1, text="try schedules")])
    person.append(control_stream(TAG), [DirectionWithdrawn(**who, direction=1)])

    assert stored(person) == folded(fold(person.read()))
    person.close()


def test_a_person_without_tables_leaves_them_to_the_loop(path):
    person = Journal(path)
    who = {"session": TAG, "author": "ada@hut", "channel": "cli"}

    person.append(control_stream(TAG), [DirectionAdded(**who, direction=1, text="try schedules")])
    person.close()
    journal = Journal(path)
    journal.acquire()

    assert stored(journal) == folded(fold(journal.read()))
    journal.close()


def test_what_a_person_appended_reaches_the_loop_s_next_rows(journal):
    journal.append(session_stream(TAG), [started()])
    person = Journal(journal.path)
    person.append(
        control_stream(TAG),
        [DirectionAdded(session=TAG, author="ada@hut", channel="cli", direction=1, text="try schedules")],
    )

    journal.append(session_stream(TAG), [DirectionAcknowledged(session=TAG, request=2, outcome="seen")])

    assert stored(journal) == folded(fold(journal.read()))
    assert stored(journal)["directions"][0][8] == "seen"
    person.close()


def test_a_failed_append_leaves_fold_and_tables_alone(journal):
    journal.append(session_stream(TAG), [started()])
    before = stored(journal)

    with pytest.raises(Exception, match="64 bits"):
        journal.append("s", [proposed(1, "halve the batch"), proposed(2**70, "too far")])

    assert stored(journal) == before == folded(journal.state())


def test_the_latest_session_is_the_one_that_the_loop_worked_on_last_whatever_people_ask_of_another():
    tags = ["old", "new"]
    direction = DirectionAdded(session="new", author="ada@here", channel="cli", direction=1, text="wider")
    begun = [started(session=tag) for tag in tags]

    before = fold(placed(begun))
    after = fold(placed([*begun, proposed(1, "halve the batch", session="old"), direction]))

    assert (before.latest_session().tag, before.open_session().tag) == ("new", "new")
    assert (after.latest_session().tag, after.open_session().tag) == ("old", "old")


def test_an_empty_state_has_no_session():
    assert State().latest_session() is None
    assert State().open_session() is None


def test_the_open_session_is_the_latest_that_has_not_ended(night_path, folder):
    unfinished = Reader(write(folder / "open.db", night()[:-1]))

    assert fold(unfinished.read()).open_session().tag == TAG
    assert fold(Reader(night_path).read()).open_session() is None


def test_sqlite_utils_reads_the_tables_as_they_are(night_path):
    sqlite_utils = pytest.importorskip("sqlite_utils")
    db = sqlite_utils.Database(sqlite3.connect(f"file:{night_path}?mode=ro", uri=True))

    assert [row["status"] for row in db["experiments"].rows_where(order_by="number")] == [
        "keep",
        "keep",
        "discard",
        "crash",
    ]
    assert [row["experiment"] for row in db["failures"].rows_where("failures MATCH ?", ["cuda"])] == [3]
    db.close()
