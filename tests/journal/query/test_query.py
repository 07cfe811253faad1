"""SQL from strangers: any question, no change."""

import hashlib
import shutil
import sqlite3

import pytest
from histories import COMMITS, TAG, night, started, write

from journal.errors import JournalMissing, QueryRefused
from journal.events import IncumbentMoved, session_stream
from journal.query.saved import COST, SAVED
from journal.query.sql import run_query

DOUBLING = (
    "WITH "
    + ", ".join(["c0 AS (SELECT 1 AS x)", *(f"c{n} AS (SELECT a.x FROM c{n - 1} a, c{n - 1} b)" for n in range(1, 24))])
    + " SELECT * FROM c23"
)

WRITING = [
    "ATTACH '{folder}/stolen.db' AS stolen",
    "ATTACH 'file:{path}?mode=rw' AS again",
    "DETACH main",
    "VACUUM",
    "VACUUM INTO '{folder}/copy.db'",
    "PRAGMA query_only = OFF",
    "PRAGMA writable_schema = ON",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA wal_checkpoint(TRUNCATE)",
    "PRAGMA temp_store_directory = '{folder}'",
    "PRAGMA user_version = 99",
    "PRAGMA data_version = 1",
    "PRAGMA hard_heap_limit = 1",
    "CREATE TEMP TABLE mine (x)",
    "CREATE TEMP TRIGGER mine AFTER INSERT ON events BEGIN SELECT 1; END",
    "CREATE TEMP VIEW mine AS SELECT * FROM events",
    "CREATE TABLE mine (x)",
    "CREATE VIRTUAL TABLE mine USING fts5(x)",
    "CREATE VIEW mine AS SELECT 1",
    "CREATE INDEX mine ON events (payload)",
    "CREATE TRIGGER mine AFTER INSERT ON events BEGIN SELECT 1; END",
    "DROP TABLE events",
    "DROP TRIGGER events_refuse_delete",
    "ALTER TABLE events RENAME TO gone",
    "REINDEX",
    "ANALYZE",
    "INSERT INTO events SELECT * FROM events",
    "INSERT OR REPLACE INTO events SELECT * FROM events",
    "UPDATE events SET payload = '{{}}'",
    "UPDATE sqlite_schema SET sql = ''",
    "UPDATE lease SET token = 0",
    "DELETE FROM events",
    "DELETE FROM experiments",
    "REPLACE INTO lease VALUES (1, 0, 0, '', '')",
    "INSERT INTO failures (failures) VALUES ('rebuild')",
    "INSERT INTO failures (failures, rank) VALUES ('delete-all', 1)",
    "INSERT INTO failures_data VALUES (1, x'00')",
    "DELETE FROM failures_content",
    "UPDATE failures_config SET v = 0",
    "SELECT load_extension('/lib/x86_64-linux-gnu/libm.so.6')",
    "SELECT writefile('{folder}/file', 'text')",
    "SELECT fts3_tokenizer('simple')",
    "BEGIN IMMEDIATE",
    "SAVEPOINT mine",
    "SELECT 1; DELETE FROM events",
    "SELECT 1; SELECT 2",
    "WITH x AS (SELECT 1) DELETE FROM events",
    "WITH x AS (SELECT 1) INSERT INTO lease SELECT 1, 1, 1, '', '' FROM x",
    "EXPLAIN DELETE FROM events",
    "INSERT INTO lease VALUES (1, 1, 1, '', '') RETURNING token",
    "SELECT * FROM pragma_wal_checkpoint",
]

ENDLESS = [
    "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n",
    "SELECT count(*) FROM events a, events b, events c, events d, events e, events f, events g, events h",
    "SELECT a.payload FROM events a, events b, events c, events d, events e, events f ORDER BY random()",
    "SELECT group_concat(a.payload) FROM events a, events b, events c, events d",
    "SELECT zeroblob(1000000000)",
    "SELECT randomblob(1000000000)",
    "SELECT hex(zeroblob(900000))",
    "SELECT printf('%.*c', 1000000000, 'x')",
    "SELECT format('%1000000000d', 1)",
    "SELECT replace(hex(zeroblob(400000)), '0', '0123456789')",
    "SELECT 1 FROM events WHERE payload LIKE '" + "%a" * 5_000 + "'",
    "SELECT " + " + ".join(["1"] * 20_000),
    DOUBLING,
]

QUICK = [
    "SELECT instr(hex(zeroblob(400000)), hex(zeroblob(200000)) || '1')",
    "SELECT length(replace(hex(zeroblob(400000)), hex(zeroblob(200000)) || '1', ''))",
    "SELECT length(trim(hex(zeroblob(400000)), hex(zeroblob(200000)) || '1'))",
]


def fingerprint(folder):
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


@pytest.fixture
def still(night_path):
    """A journal at rest, its write-ahead log folded in, so that every byte of the folder can be compared."""
    db = sqlite3.connect(night_path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    run_query(night_path, "SELECT 1")
    return night_path


@pytest.mark.parametrize("statement", WRITING)
def test_a_statement_that_would_write_changes_no_byte_and_makes_no_file(still, statement):
    before = fingerprint(still.parent)

    with pytest.raises(QueryRefused, match=r"one SELECT|cannot run this|returns no rows"):
        run_query(still, statement.format(path=still, folder=still.parent))
    assert fingerprint(still.parent) == before


@pytest.mark.parametrize("statement", ENDLESS, ids=lambda statement: statement[:40])
def test_a_statement_without_end_or_measure_is_ended(still, statement):
    before = fingerprint(still.parent)

    with pytest.raises(QueryRefused, match=r"ran longer|memory|too big|cannot run this|one SELECT"):
        run_query(still, statement, seconds=0.2)
    assert fingerprint(still.parent) == before


@pytest.mark.parametrize("statement", QUICK)
def test_functions_that_would_outrun_the_deadline_are_quick(still, statement):
    assert len(run_query(still, statement, seconds=5).rows) == 1


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("instr('abc', 'c')", 3), ("instr('abc', 'x')", 0), ("instr(NULL, 'x')", None), ("instr(x'0102', x'02')", 2),
        ("replace('a-b-c', '-', '+')", "a+b+c"), ("replace('abc', '', 'x')", "abc"), ("replace('a', NULL, 'x')", None),
        ("trim('xaxbx', 'x')", "axb"), ("ltrim('xxa', 'x')", "a"), ("rtrim('axx', 'x')", "a"), ("trim(NULL, 'x')", None),
        ("trim('  a ')", "a"), ("trim('abc', 'cba')", ""),
    ],
)  # fmt: skip
def test_replaced_functions_answer_as_sqlite_s_own(still, function, value):
    own = sqlite3.connect(":memory:").execute(f"SELECT {function}").fetchone()

    assert run_query(still, f"SELECT {function}").rows == [own] == [(value,)]


def test_a_question_is_answered_with_its_columns(night_path):
    answer = run_query(night_path, "SELECT number, status FROM experiments WHERE session = ? ORDER BY number", (TAG,))

    assert answer.columns == ("number", "status")
    assert answer.rows == [(0, "keep"), (1, "keep"), (2, "discard"), (3, "crash")]


def test_common_table_expressions_windows_and_json_are_allowed(night_path):
    answer = run_query(
        night_path,
        "WITH kept AS (SELECT number, metric FROM experiments WHERE status = 'keep') "
        "SELECT number, metric - lag(metric) OVER (ORDER BY number) FROM kept",
    )

    assert answer.rows[1] == (1, pytest.approx(-0.02))
    assert run_query(night_path, "SELECT json_extract(payload, '$.goal') FROM events LIMIT 1").rows == [(None,)]


def test_full_text_is_searched(night_path):
    answer = run_query(
        night_path,
        "SELECT experiment, snippet(failures, -1, '[', ']', '…', 4) FROM failures WHERE failures MATCH 'cuda'",
    )

    assert answer.rows[0][0] == 3
    assert "[CUDA]" in answer.rows[0][1]


def test_rows_past_the_cap_are_cut_with_a_note(night_path):
    answer = run_query(night_path, "SELECT position FROM events", rows=3)

    assert len(answer.rows) == 3
    assert answer.truncated == "only the first 3 rows are shown: add a LIMIT"


@pytest.mark.parametrize("value", ["1", "zeroblob(900000)"])
def test_an_answer_without_end_is_cut(night_path, value):
    endless = f"WITH RECURSIVE n (x) AS (SELECT {value} UNION ALL SELECT x FROM n) SELECT x FROM n"

    assert run_query(night_path, endless, rows=100).truncated


def test_bytes_past_the_cap_are_cut_with_a_note(night_path):
    answer = run_query(night_path, "SELECT hex(zeroblob(400000)) FROM events a, events b LIMIT 100")

    assert len(answer.rows) < 100
    assert "over 16 MB" in answer.truncated


def test_a_virtual_table_of_an_unknown_module_stops_no_other_statement(night_path):
    db = sqlite3.connect(night_path, isolation_level=None)
    db.execute("PRAGMA writable_schema = ON")
    db.execute(
        """INSERT INTO sqlite_schema VALUES
        ('table', 'odd "name', 'odd "name', 0, 'CREATE VIRTUAL TABLE "odd ""name" USING moon(a, b)')"""
    )
    db.close()

    assert run_query(night_path, "SELECT count(*) FROM experiments").rows == [(4,)]
    with pytest.raises(QueryRefused, match="no such module: moon"):
        run_query(night_path, 'SELECT * FROM "odd ""name"')


def test_bytes_are_values_like_others(night_path):
    assert (
        run_query(night_path, "SELECT x'00ff' AS b, CAST(payload AS BLOB) FROM events LIMIT 1").rows[0][0]
        == b"\x00\xff"
    )


def test_wrong_sql_is_refused_with_the_message_of_sqlite(night_path):
    with pytest.raises(QueryRefused, match="SQLite cannot run this: no such table: experimnts"):
        run_query(night_path, "SELECT * FROM experimnts")


def test_nothing_is_no_question(night_path):
    with pytest.raises(QueryRefused, match="returns no rows"):
        run_query(night_path, "-- thinking")


def test_no_journal_no_answer(path):
    with pytest.raises(JournalMissing):
        run_query(path, "SELECT 1")


def test_a_question_does_not_disturb_the_writer(journal):
    run_query(journal.path, "SELECT 1")

    journal.append("s", [started()])

    assert run_query(journal.path, "SELECT count(*) FROM events").rows == [(1,)]


@pytest.mark.parametrize("name", sorted(SAVED))
def test_every_saved_query_answers(night_path, name):
    saved = SAVED[name]

    answer = run_query(night_path, saved.sql, ("BATCH",) * len(saved.parameters))

    assert answer.columns


def test_the_price_of_a_keep_counts_everything_since_the_keep_before(night_path):
    [row] = run_query(night_path, SAVED["price"].sql).rows

    assert row[:3] == (TAG, 1, -0.02)
    assert row[5] == pytest.approx(25 / 3600 / 20, abs=5e-4)


def test_a_session_that_branches_from_an_earlier_experiment_pays_for_each_keep_once(path):
    back = [IncumbentMoved(session=TAG, experiment=n, commit=COMMITS[n], metric=1.48, branch_at=COMMITS[n], reason="ada")
            for n in (2, 1)]  # fmt: skip
    write(path, [*night(), (session_stream(TAG), back)])

    assert [row[1] for row in run_query(path, SAVED["price"].sql).rows] == [1]


def test_the_baseline_is_no_trial_of_its_knobs(night_path):
    [row] = run_query(night_path, SAVED["knobs"].sql).rows

    assert row == ("BATCH", 3, 1, 1, 4.0)


def test_the_costs_are_summed_by_model(night_path):
    answer = run_query(night_path, COST)

    assert {row[1] for row in answer.rows} == {"claude", "sampler"}


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="no sqlite3 shell here")
def test_the_plain_shell_reads_the_journal_as_it_is(night_path):
    import subprocess

    result = subprocess.run(
        ["sqlite3", str(night_path), "SELECT count(*) FROM experiments"], capture_output=True, text=True, check=True
    )

    assert result.stdout == "4\n"
