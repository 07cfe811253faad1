"""The projections' tables in SQLite: written in the transaction of the events that change them, or rebuilt as a whole."""

import sqlite3
from collections.abc import Iterable

from journal.events import IdeaProposed, RunFailed
from journal.events.recorded import Recorded
from journal.projections.directions import Direction, Directions
from journal.projections.state import State, without_collection
from journal.projections.table import Values, rows_of
from journal.projections.tables import TABLES, fingerprint

BATCH = 1_000  # rows of full text that a rebuild holds in memory
BY_NAME = {table.name: table for table in TABLES}
TEXTS = frozenset(table.name for table in TABLES if table.text)
FULL_TEXT_EVENTS = frozenset({IdeaProposed, RunFailed})  # their rows are written once and never updated
_UPSERTS = {table.name: (table.upsert(), table.values()) for table in TABLES}
_INSERTS = {table.name: (table.insert(), table.values()) for table in TABLES}


def are_current(db: sqlite3.Connection) -> bool:
    """Whether the tables exist, in this program's shape, and show every event."""
    names = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()}
    if not names >= {*BY_NAME, "projected"}:
        return False
    row = db.execute("SELECT fingerprint FROM projected").fetchone()
    return row is not None and bool(row[0] == fingerprint())


def mark_stale(db: sqlite3.Connection) -> None:
    """Record that the tables do not show every event. Inside a transaction."""
    db.execute("DELETE FROM projected")


def write(db: sqlite3.Connection, changed: Iterable[tuple[str, object]]) -> None:
    """Write (projection, row) pairs. Inside a transaction."""
    for name, row in changed:
        if name in _UPSERTS:  # some projections have no table
            statement, values = _UPSERTS[name]
            db.execute(statement, values(row))


def write_directions(db: sqlite3.Connection, events: Iterable[Recorded]) -> None:
    """Write the directions that intents change, without folding the whole journal. Inside a transaction."""
    directions = Directions()
    for recorded in events:
        if not directions.rows:
            stored = db.execute("SELECT * FROM directions WHERE session = ?", (recorded.event.session,)).fetchall()
            directions.rows = {(row[0], row[1]): _direction(row) for row in stored}
        row = directions.apply(recorded)
        write(db, [("directions", row)] if row is not None else [])


def rebuild(db: sqlite3.Connection, events: Iterable[Recorded]) -> State:
    """Drop the tables, build them from all events, and return the fold. Inside a transaction."""
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
        for index in table.create()[1:]:  # after the rows: building an index once is faster
            db.execute(index)
    db.execute("INSERT OR REPLACE INTO projected VALUES (1, ?)", (fingerprint(),))
    return state


def _fold(db: sqlite3.Connection, state: State, events: Iterable[Recorded]) -> None:
    """Fold events onto the state, and write the rows of full text at once, because no fold keeps them."""
    texts: dict[str, list[Values]] = {name: [] for name in TEXTS}
    for recorded in events:
        if type(recorded.event) not in FULL_TEXT_EVENTS:
            state.apply(recorded)
            continue
        for name, row in state.apply_returning(recorded):
            if name in texts:
                texts[name].append(_INSERTS[name][1](row))
                if len(texts[name]) == BATCH:
                    _flush(db, texts)
    _flush(db, texts)


def _flush(db: sqlite3.Connection, texts: dict[str, list[Values]]) -> None:
    for name, rows in texts.items():
        db.executemany(_INSERTS[name][0], rows)
        rows.clear()


def _direction(row: tuple[object, ...]) -> Direction:
    names = (column.name for column in BY_NAME["directions"].columns)
    return Direction(**dict(zip(names, row, strict=True)))  # type: ignore[arg-type]
