"""Reading events, streams and telemetry, from any process, while another process writes."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from journal.errors import JournalError, JournalUnusable, UnknownEvent
from journal.events.recorded import MachineSample, Recorded, Sample
from journal.store import machine_samples
from journal.store.chain import GENESIS
from journal.store.codec import decode
from journal.store.connection import connect, journal_error
from journal.store.layout import faults, is_sound, refusal, stored_objects
from journal.store.lease import token_problem
from journal.store.projection_tables import are_current
from journal.store.schema import LATEST

PAGE = 1_000  # rows that one query reads
COLUMNS = "position, recorded_at, stream, version, type, schema, idempotency, payload, hash"
# payloads as bytes, from which JSON is decoded and which the hash chain covers
READ = "position, recorded_at, stream, version, type, schema, CAST(payload AS BLOB), hash"
RAW = "position, recorded_at, stream, version, type, schema, idempotency, CAST(payload AS BLOB), hash"

Row = tuple[int, str, str, int, str, int, str | None, str, str]
RawRow = tuple[int, str, str, int, str, int, str | None, bytes, str]


class Reader:
    """Events and samples, read-only. Safe while another process writes.

    With `any_layout` also of a journal with other tables than this program makes, which `verify` reports.
    """

    def __init__(self, path: Path, *, any_layout: bool = False) -> None:
        self.path = path
        self._db = connect(path, readonly=True)
        problem = _refusal(self._db, path, any_layout=any_layout)
        if problem is not None:
            self._db.close()
            raise problem

    def head(self) -> tuple[int, str]:
        """The last position and its hash; (0, GENESIS) for an empty journal."""
        rows = self._query("SELECT position, hash FROM events ORDER BY position DESC LIMIT 1")
        return (rows[0][0], rows[0][1]) if rows else (0, GENESIS)

    def name(self) -> str:
        """What tells this journal and its copies from others: the start of its first event's hash; empty without events."""
        rows = self._query("SELECT hash FROM events WHERE position = 1")
        return journal_name(rows[0][0]) if rows else ""

    def read(self, *, after: int = 0, until: int | None = None) -> Iterator[Recorded]:
        """Events in order, after a position and up to and including `until`. Holds no cursor between pages."""
        for page in self._pages(READ, after=after, until=until):
            for position, at, stream, version, name, schema, payload, digest in page:
                yield Recorded(position, at, stream, version, decode(name, schema, payload), digest)

    def rows(self, *, after: int = 0, until: int | None = None) -> Iterator[Row]:
        """The rows of `read` as stored, undecoded: for export."""
        for page in self._pages(COLUMNS, after=after, until=until):
            yield from page

    def raw_pages(self) -> Iterator[list[RawRow]]:
        """All rows page by page, with payloads as the bytes that the hash chain covers: for verification."""
        return self._pages(RAW, after=0, until=None)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All reads within see the journal at one moment. Until it ends, the write-ahead log cannot be emptied."""
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
        """The telemetry of one run after a step, by step."""
        rows = self._query(
            "SELECT * FROM samples WHERE session = ? AND experiment = ? AND run = ? AND step > ? ORDER BY step",
            (session, experiment, run, after_step),
        )
        return [Sample(**dict(zip(Sample.__struct_fields__, row, strict=True))) for row in rows]

    def machine_samples(self, *, after: str) -> list[MachineSample]:
        """The telemetry of the machine after a time (ISO 8601, UTC), by time; none from a journal of an earlier version."""
        try:
            return machine_samples.read(self._db, after=after)
        except sqlite3.Error as error:
            raise journal_error(error, self.path) from error

    def latest_machine_samples(self, *, until: str, limit: int) -> list[MachineSample]:
        """The last `limit` rows of the machine's telemetry up to a time (ISO 8601, UTC), by time."""
        try:
            return machine_samples.read_latest(self._db, until=until, limit=limit)
        except sqlite3.Error as error:
            raise journal_error(error, self.path) from error

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

    def layout_faults(self) -> tuple[list[str], bool]:
        """A sentence for each table, index, view or trigger that differs from what this program makes.

        Also whether the table of events is sound, so that reading it ends.
        """
        try:
            objects, version = stored_objects(self._db), self._query("PRAGMA user_version")[0][0]
        except sqlite3.Error as error:
            raise journal_error(error, self.path) from error
        found = list(faults(objects, version=version, has_projections=self.has_projections()))
        return found, is_sound(objects, version=version)

    def token_problem(self) -> tuple[str, bool] | None:
        """What is wrong with the lease's token, and whether it is a fault; None if nothing is."""
        try:
            return token_problem(self._db, self.path)
        except sqlite3.Error as error:
            raise journal_error(error, self.path) from error

    def table(self, name: str) -> Iterator[tuple[Any, ...]]:
        """All rows of a projection's table in stored order. Call it within a snapshot, because it holds a cursor."""
        try:
            yield from self._db.execute(f'SELECT * FROM "{name}"')  # noqa: S608
        except sqlite3.Error as error:
            raise journal_error(error, self.path) from error

    def has_projections(self) -> bool:
        """Whether the projections' tables exist, in this program's shape, and show every event."""
        return are_current(self._db)

    def damage(self) -> str:
        """The first fault that SQLite finds in the file or its indexes; empty if it finds none."""
        result = str(self._query("PRAGMA integrity_check(1)")[0][0])
        return "" if result == "ok" else " ".join(result.split())

    def data_version(self) -> int:
        """A number that changes when another connection commits."""
        return int(self._query("PRAGMA data_version")[0][0])

    def backup(self, target: Path) -> None:
        """Copy the journal as it is now, also while others write. Raises JournalUnusable, e.g. if `target` exists."""
        if os.path.lexists(target):
            raise JournalUnusable(f"{target} exists already: name another file.")
        partial = target.with_name(target.name + ".part")
        try:
            copy = sqlite3.connect(partial, isolation_level=None)
            try:
                self._db.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # a single file, without -wal and -shm
            finally:
                copy.close()
            os.replace(partial, target)  # noqa: PTH105 - in one step: no half-written copy under the name
        except (OSError, sqlite3.Error) as error:
            raise JournalUnusable(f"The copy {target} could not be written: {error}.") from error
        finally:
            with suppress(OSError):  # in a folder that cannot be written, nothing can be deleted
                partial.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file."""
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
            raise journal_error(error, self.path) from error
        except (OverflowError, UnicodeError) as error:  # a number of more than 64 bits, half of a surrogate pair
            raise JournalError(f"No journal can hold this value: {error}.") from error


def journal_name(digest: str) -> str:
    """The name of a journal, from the hash of its first event."""
    return digest[:16]


def recorded(row: Row) -> Recorded:
    """The event of a stored row. Raises UnknownEvent."""
    position, at, stream, version, name, schema, _, payload, digest = row
    return Recorded(position, at, stream, version, decode(name, schema, payload), digest)


def _refusal(db: sqlite3.Connection, path: Path, *, any_layout: bool) -> JournalError | None:
    try:
        version, objects = db.execute("PRAGMA user_version").fetchone()[0], stored_objects(db)
    except sqlite3.Error as error:
        return journal_error(error, path)
    if version > LATEST:
        return UnknownEvent(
            f"{path} was written by a newer program (schema {version}, this one knows {LATEST}): upgrade to read it."
        )
    problem = refusal(objects, version=version, any_layout=any_layout)
    return JournalUnusable(f"{path} is not a journal: {problem}.") if problem else None
