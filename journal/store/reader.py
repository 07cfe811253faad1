"""Reading: events, streams and telemetry, from any process, beside a writer."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from journal.errors import JournalError, JournalMissing, JournalUnusable, UnknownEvent
from journal.events.recorded import Recorded, Sample
from journal.store.chain import GENESIS
from journal.store.codec import decode
from journal.store.connection import connect, sentence
from journal.store.projection_tables import present
from journal.store.schema import LATEST

PAGE = 1_000  # events a read takes at once
COLUMNS = "position, recorded_at, stream, version, type, schema, idempotency, payload, hash"
# payloads as bytes: JSON is decoded from them, and the chain covers them
READ = "position, recorded_at, stream, version, type, schema, CAST(payload AS BLOB), hash"
RAW = "position, recorded_at, stream, version, type, schema, idempotency, CAST(payload AS BLOB), hash"

Row = tuple[int, str, str, int, str, int, str | None, str, str]
RawRow = tuple[int, str, str, int, str, int, str | None, bytes, str]


class Reader:
    """Events and samples, read-only. Safe beside a writer, from any process."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise JournalMissing(
                f"There is no journal at {path}: start one with `ar-loop run`, or name it with --journal."
            )
        self.path = path
        self._db = connect(path, readonly=True)
        self._recognise()

    def head(self) -> tuple[int, str]:
        """The last position and its hash; (0, GENESIS) for an empty journal."""
        rows = self._query("SELECT position, hash FROM events ORDER BY position DESC LIMIT 1")
        return (rows[0][0], rows[0][1]) if rows else (0, GENESIS)

    def read(self, *, after: int = 0, until: int | None = None) -> Iterator[Recorded]:
        """Events after a position, up to and including another, in order. Holds no cursor between pages."""
        for page in self._pages(READ, after=after, until=until):
            for position, at, stream, version, name, schema, payload, digest in page:
                yield Recorded(position, at, stream, version, decode(name, schema, payload), digest)

    def rows(self, *, after: int = 0, until: int | None = None) -> Iterator[Row]:
        """The same as stored, undecoded: for export."""
        for page in self._pages(COLUMNS, after=after, until=until):
            yield from page

    def raw(self) -> Iterator[list[RawRow]]:
        """All rows, page by page, their payloads in the bytes that the chain covers: for verification."""
        return self._pages(RAW, after=0, until=None)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What is read within is of one moment, whatever is appended meanwhile. The log cannot be emptied so long."""
        self._query("BEGIN")
        try:
            yield
        finally:
            self._query("ROLLBACK")

    def stream(self, name: str) -> list[Recorded]:
        """All events of one stream, in order."""
        rows = self._query(f"SELECT {COLUMNS} FROM events WHERE stream = ? ORDER BY version", (name,))  # noqa: S608
        return [recorded(row) for row in rows]

    def samples(self, session: str, experiment: int, *, run: int = 1, after_step: int = -1) -> list[Sample]:
        """The telemetry of one run after a step, in order of steps."""
        rows = self._query(
            "SELECT * FROM samples WHERE session = ? AND experiment = ? AND run = ? AND step > ? ORDER BY step",
            (session, experiment, run, after_step),
        )
        return [Sample(**dict(zip(Sample.__struct_fields__, row, strict=True))) for row in rows]

    def all_samples(self) -> Iterator[tuple[Any, ...]]:
        """Every row of telemetry, as stored, by session, experiment, run and step."""
        key: tuple[Any, ...] = ("", -1, -1, -1)
        while page := self._query(
            "SELECT * FROM samples WHERE (session, experiment, run, step) > (?, ?, ?, ?) "
            "ORDER BY session, experiment, run, step LIMIT ?",
            (*key, PAGE),
        ):
            yield from page
            key = page[-1][:4]

    def schema(self) -> dict[str, str]:
        """Name -> SQL text of every table, index, view and trigger in the file."""
        return dict(self._query("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))

    def table(self, name: str) -> Iterator[tuple[Any, ...]]:
        """All rows of a projection's table, in the order in which it lies; within a snapshot, as it holds a cursor."""
        try:
            yield from self._db.execute(f'SELECT * FROM "{name}"')  # noqa: S608
        except sqlite3.Error as error:
            raise sentence(error, self.path) from error

    def projected(self) -> bool:
        """Whether the projections' tables are there, in this program's shape."""
        return present(self._db)

    def damage(self) -> str:
        """What SQLite finds wrong with the file first, its indexes included; empty where nothing is."""
        found = str(self._query("PRAGMA integrity_check(1)")[0][0])
        return "" if found == "ok" else " ".join(found.split())

    def data_version(self) -> int:
        """A number that changes when another connection commits."""
        return int(self._query("PRAGMA data_version")[0][0])

    def backup(self, target: Path) -> None:
        """Copy the journal as it is at this moment, while others write. Raises JournalUnusable, e.g. if `target` exists."""
        if os.path.lexists(target):
            raise JournalUnusable(f"{target} exists already: name another file.")
        beside = target.with_name(target.name + ".part")
        try:
            copy = sqlite3.connect(beside, isolation_level=None)
            try:
                self._db.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
            finally:
                copy.close()
            os.replace(beside, target)  # noqa: PTH105 - a half-written copy must never bear the name
        except (OSError, sqlite3.Error) as error:
            raise JournalUnusable(f"The copy {target} could not be written: {error}.") from error
        finally:
            with suppress(OSError):  # where nothing can be written, nothing can be taken away
                beside.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _pages(self, columns: str, *, after: int, until: int | None) -> Iterator[list[Any]]:
        last = self.head()[0] if until is None else until
        sql = f"SELECT {columns} FROM events WHERE position > ? AND position <= ? ORDER BY position LIMIT {PAGE}"  # noqa: S608
        while after < last and (page := self._query(sql, (after, last))):
            yield page
            after = page[-1][0]

    def _query(self, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
        try:
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise sentence(error, self.path) from error
        except (OverflowError, UnicodeError) as error:  # a number of more than 64 bits, half of a surrogate pair
            raise JournalError(f"No journal can hold what was asked for: {error}.") from error

    def _recognise(self) -> None:
        refusal = _refusal(self._db, self.path)
        if refusal is not None:
            self._db.close()
            raise refusal


def recorded(row: Row) -> Recorded:
    """The event of a stored row. Raises UnknownEvent."""
    position, at, stream, version, name, schema, _, payload, digest = row
    return Recorded(position, at, stream, version, decode(name, schema, payload), digest)


def _refusal(db: sqlite3.Connection, path: Path) -> JournalError | None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > LATEST:
        return UnknownEvent(
            f"{path} was written by a newer program (schema {version}, this one knows {LATEST}): upgrade to read it."
        )
    if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'events'").fetchone():
        return JournalUnusable(f"{path} is not a journal: it has no table of events.")
    return None
