"""Events as rows of the table: the next positions and versions, chained by hash. Call each inside a transaction."""

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
    """Append events, each with its payload, to a stream. Raises VersionConflict."""
    position, digest, version = _head(db, stream)
    if expected_version is not None and version != expected_version:
        raise VersionConflict(
            f"Stream {stream} is at version {version}, not at the expected {expected_version}: read it again first."
        )
    appended = []
    for offset, (event, payload) in enumerate(encoded, start=1):
        event_key = f"{key}#{offset}" if key is not None else None
        header = (position + offset, at(), stream, version + offset, event.NAME, event.SCHEMA, event_key)
        digest = link(digest, header, payload)
        db.execute(_INSERT, (*header, payload.decode(), digest))
        appended.append(Recorded(position + offset, header[1], stream, version + offset, event, digest))
    return appended


def by_key(db: sqlite3.Connection, key: str) -> list[Recorded]:
    """The events that were appended under an idempotency key."""
    found: list[Recorded] = []
    while row := db.execute(
        f"SELECT {COLUMNS} FROM events WHERE idempotency = ?",  # noqa: S608
        (f"{key}#{len(found) + 1}",),
    ).fetchone():
        found.append(recorded(row))
    return found


def restore(db: sqlite3.Connection, row: Row, previous: str) -> str:
    """Write a stored row as it is and return its hash. Raises JournalError if the hash does not follow from `previous`."""
    digest = link(previous, row[:7], row[7].encode())
    if digest != row[8]:
        raise JournalError(
            f"The event at position {row[0]} does not follow from the one before it: the export was changed."
        )
    db.execute(_INSERT, row)
    return digest


def _head(db: sqlite3.Connection, stream: str) -> tuple[int, str, int]:
    """The last position and hash of the journal, and the version of a stream."""
    row = db.execute(
        "SELECT position, hash, (SELECT max(version) FROM events WHERE stream = ?) "
        "FROM events ORDER BY position DESC LIMIT 1",
        (stream,),
    ).fetchone()
    return (row[0], row[1], row[2] or 0) if row else (0, GENESIS, 0)
