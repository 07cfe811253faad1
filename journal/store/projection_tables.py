"""The projections' tables in SQLite: written inside the transaction of the events that they follow from, or rebuilt whole."""

import sqlite3
from collections.abc import Iterable

from journal.events import IdeaProposed, RunFailed
from journal.events.recorded import Recorded
from journal.projections.directions import Direction, Directions
from journal.projections.state import State, without_collection
from journal.projections.table import Table, Values, rows_of
from journal.projections.tables import TABLES, fingerprint

BATCH = 1_000  # rows of text held in memory during a rebuild
BY_NAME = {table.name: table for table in TABLES}
TEXTS = frozenset(table.name for table in TABLES if table.text)
WRITTEN_ONCE = frozenset({IdeaProposed, RunFailed})  # the events that full text is made of
_UPSERTS = {table.name: (table.upsert(), table.values()) for table in TABLES}
_INSERTS = {table.name: (table.insert(), table.values()) for table in TABLES}


def present(db: sqlite3.Connection) -> bool:
    """Whether the tables are there, in this program's shape."""
    names = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()}
    if not names >= {*BY_NAME, "projected"}:
        return False
    row = db.execute("SELECT fingerprint FROM projected").fetchone()
    return row is not None and bool(row[0] == fingerprint())


def disown(db: sqlite3.Connection) -> None:
    """Mark the tables as stale: events are appended that they will not show. Inside a transaction."""
    db.execute("DELETE FROM projected")


def write(db: sqlite3.Connection, touched: Iterable[tuple[str, object]]) -> None:
    """Write every row that a fold has touched. Inside a transaction."""
    for name, row in touched:
        if name in _UPSERTS:  # a fold may serve memory alone
            statement, values = _UPSERTS[name]
            db.execute(statement, values(row))


def write_directions(db: sqlite3.Connection, events: Iterable[Recorded]) -> None:
    """Write what people's intents change, without a fold of the whole journal. Inside a transaction."""
    directions = Directions()
    for recorded in events:
        if not directions.rows:
            stored = db.execute("SELECT * FROM directions WHERE session = ?", (recorded.event.session,)).fetchall()
            directions.rows = {(row[0], row[1]): _direction(row) for row in stored}
        row = directions.apply(recorded)
        write(db, [("directions", row)] if row is not None else [])


def rebuild(db: sqlite3.Connection, events: Iterable[Recorded]) -> State:
    """Drop the tables and make them again from all events; return the fold. Inside a transaction."""
    for table in TABLES:
        db.execute(f"DROP TABLE IF EXISTS {table.name}")
        db.execute(table.create()[0])
    state = State()
    with without_collection():
        _fold(db, state, events)
        for name in BY_NAME.keys() - TEXTS:
            insert, values = _INSERTS[name]
            db.executemany(insert, map(values, rows_of(getattr(state, name).rows)))
    for table in TABLES:
        _index(db, table)
    db.execute("INSERT OR REPLACE INTO projected VALUES (1, ?)", (fingerprint(),))
    return state


def _fold(db: sqlite3.Connection, state: State, events: Iterable[Recorded]) -> None:
    """Fold events onto the state; rows of full text are written on the way, as no fold keeps them."""
    texts: dict[str, list[Values]] = {name: [] for name in TEXTS}
    for recorded in events:
        if type(recorded.event) not in WRITTEN_ONCE:
            state.apply(recorded)
            continue
        for name, row in state.touch(recorded):
            if name in texts:
                texts[name].append(_INSERTS[name][1](row))
                if len(texts[name]) == BATCH:
                    _flush(db, texts)
    _flush(db, texts)


def _flush(db: sqlite3.Connection, texts: dict[str, list[Values]]) -> None:
    for name, rows in texts.items():
        db.executemany(_INSERTS[name][0], rows)
        rows.clear()


def _index(db: sqlite3.Connection, table: Table) -> None:
    for statement in table.create()[1:]:
        db.execute(statement)


def _direction(row: tuple[object, ...]) -> Direction:
    names = (column.name for column in BY_NAME["directions"].columns)
    return Direction(**dict(zip(names, row, strict=True)))  # type: ignore[arg-type]
