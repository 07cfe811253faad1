"""Steps as rows of the table of events: the next positions and versions, chained. Each inside a transaction."""

import sqlite3
from collections.abc import Callable, Sequence

from journal.errors import JournalError, VersionConflict
from journal.events import Event
from journal.events.recorded import Recorded
from journal.store.chain import GENESIS, link
from journal.store.reader import COLUMNS, Row, recorded

_INSERT = "INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?)"


def insert(
    db: sqlite3.Connection,
    stream: str,
    encoded: Sequence[tuple[Event, bytes]],
    *,
    at: Callable[[], str],
    expected_version: int | None,
    key: str | None,
) -> list[Recorded]:
    """Write events, each with its payload, at the end of a stream. Raises VersionConflict."""
    position, digest, version = _end(db, stream)
    if expected_version is not None and version != expected_version:
        raise VersionConflict(
            f"Stream {stream} is at version {version}, not at the expected {expected_version}: read it again first."
        )
    written = []
    for step, (event, payload) in enumerate(encoded, start=1):
        name = f"{key}#{step}" if key is not None else None
        fields = (position + step, at(), stream, version + step, event.NAME, event.SCHEMA, name)
        digest = link(digest, fields, payload)
        db.execute(_INSERT, (*fields, payload.decode(), digest))
        written.append(Recorded(position + step, fields[1], stream, version + step, event, digest))
    return written


def by_key(db: sqlite3.Connection, key: str) -> list[Recorded]:
    """The events that were written under an idempotency key."""
    known: list[Recorded] = []
    while row := db.execute(
        f"SELECT {COLUMNS} FROM events WHERE idempotency = ?",  # noqa: S608
        (f"{key}#{len(known) + 1}",),
    ).fetchone():
        known.append(recorded(row))
    return known


def restore(db: sqlite3.Connection, row: Row, previous: str) -> str:
    """Write a stored row as it is; return its hash. Raises JournalError where that does not follow from the one before."""
    digest = link(previous, row[:7], row[7].encode())
    if digest != row[8]:
        raise JournalError(
            f"The event at position {row[0]} does not follow from the one before it: the export was changed."
        )
    db.execute(_INSERT, row)
    return digest


def _end(db: sqlite3.Connection, stream: str) -> tuple[int, str, int]:
    """The last position and hash of the journal, and the version of a stream."""
    row = db.execute(
        "SELECT position, hash, (SELECT max(version) FROM events WHERE stream = ?) "
        "FROM events ORDER BY position DESC LIMIT 1",
        (stream,),
    ).fetchone()
    return (row[0], row[1], row[2] or 0) if row else (0, GENESIS, 0)
