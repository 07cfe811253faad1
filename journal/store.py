"""The append-only store: the only writer of SQLite, and the plain reader of events.

One transaction holds all events of a step; it is durable (`synchronous=FULL`) before `append` returns. Readers open the
file read-only, page by position and hold no cursor, so that the WAL can always be truncated.
"""

import fcntl
import os
import socket
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlite_utils import Database

from journal.chain import GENESIS, link
from journal.codec import decode, encode
from journal.errors import JournalBusy, JournalError, JournalMissing, JournalUnusable, LeaseLost, VersionConflict
from journal.events import Event
from journal.migrations import SET

COLUMNS = "position, recorded_at, stream, version, type, schema, idempotency, payload, hash"
PAGE = 1_000  # events a read takes at once
BUSY_SECONDS = 10.0  # a writer waits this long for another writer's short transaction

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Recorded(msgspec.Struct, frozen=True):
    """An event with its place in the journal."""

    position: int
    recorded_at: str  # ISO 8601, UTC
    stream: str
    version: int
    event: Event
    hash: str


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One point of a run's telemetry. Seconds of training, bytes of memory; None where the trainer said nothing."""

    session: str
    experiment: int
    run: int
    step: int
    seconds: float
    progress: float | None = None
    loss: float | None = None
    tokens: int | None = None
    tokens_per_second: float | None = None
    mfu: float | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Lease:
    """The right to append experiment events; `token` fences off whoever held it before."""

    token: int
    lock: int  # file descriptor that holds the flock; closes on exec


class Reader:
    """Events and samples, read-only. Safe beside a writer, from any process."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise JournalMissing(
                f"There is no journal at {path}: start one with `ar-loop run`, or name it with --journal."
            )
        self.path = path
        self._db = _connect(path, readonly=True)

    def head(self) -> tuple[int, str]:
        """The last position and its hash; (0, GENESIS) for an empty journal."""
        row = self._db.execute("SELECT position, hash FROM events ORDER BY position DESC LIMIT 1").fetchone()
        return (row[0], row[1]) if row else (0, GENESIS)

    def read(self, *, after: int = 0, until: int | None = None) -> Iterator[Recorded]:
        """Events after a position, up to and including another, in order. Holds no cursor between pages."""
        last = self.head()[0] if until is None else until
        while after < last:
            rows = self._db.execute(
                f"SELECT {COLUMNS} FROM events WHERE position > ? AND position <= ? ORDER BY position LIMIT ?",  # noqa: S608
                (after, last, PAGE),
            ).fetchall()
            if not rows:
                return
            yield from map(_recorded, rows)
            after = rows[-1][0]

    def stream(self, name: str) -> list[Recorded]:
        """All events of one stream, in order."""
        rows = self._db.execute(
            f"SELECT {COLUMNS} FROM events WHERE stream = ? ORDER BY version",  # noqa: S608
            (name,),
        )
        return [_recorded(row) for row in rows.fetchall()]

    def samples(self, session: str, experiment: int, *, run: int = 1, after_step: int = -1) -> list[Sample]:
        """The telemetry of one run after a step, in order of steps."""
        rows = self._db.execute(
            "SELECT * FROM samples WHERE session = ? AND experiment = ? AND run = ? AND step > ? ORDER BY step",
            (session, experiment, run, after_step),
        ).fetchall()
        return [Sample(**dict(zip(Sample.__struct_fields__, row, strict=True))) for row in rows]

    def data_version(self) -> int:
        """A number that changes when another connection commits."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        self._db.close()


class Journal(Reader):
    """The writer. Without a lease it may append people's intents only (streams `control/…`)."""

    def __init__(self, path: Path, *, clock: Clock = utc_now) -> None:
        _prepare(path)
        self._clock = clock
        self._lease: Lease | None = None
        super().__init__(path)
        self._db.close()
        self._db = _connect(path, readonly=False)
        self._wake = os.open(wake_file(path), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def acquire(self) -> Lease:
        """Take the loop's lease for the life of this process. Raises JournalBusy, which names the holder."""
        lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise JournalBusy(
                f"Another loop runs on {self.path}: {self.holder()}. Stop it with `ar-loop stop`."
            ) from None
        with self._transaction():
            row = self._db.execute("SELECT token FROM lease").fetchone()
            token = (row[0] if row else 0) + 1
            self._db.execute(
                "INSERT OR REPLACE INTO lease VALUES (1, ?, ?, ?, ?)",
                (token, os.getpid(), socket.gethostname(), self._now()),
            )
        self._lease = Lease(token=token, lock=lock)
        return self._lease

    def holder(self) -> str:
        """Who holds, or last held, the lease."""
        row = self._db.execute("SELECT pid, host, since FROM lease").fetchone()
        return f"process {row[0]} on {row[1]} since {row[2]}" if row else "nobody"

    def append(
        self, stream: str, events: Sequence[Event], *, expected_version: int | None = None, key: str | None = None
    ) -> list[Recorded]:
        """Append all events of a step in one durable transaction.

        `expected_version` is the stream's version that the decision was based on (None: any). `key` makes a command
        idempotent: if events with this key are in the journal, they are returned and nothing is written.
        Raises VersionConflict, LeaseLost, JournalUnusable (disk full, file gone).
        """
        encoded = [(event, encode(event)) for event in events]
        with self._transaction():
            self._check_lease(stream)
            if key is not None and (known := self._by_key(key)):
                return known
            version = self._version(stream)
            if expected_version is not None and version != expected_version:
                raise VersionConflict(
                    f"Stream {stream} is at version {version}, not at the expected {expected_version}: read it again first."
                )
            recorded = [
                self._insert(stream, version + offset, event, payload, key=key and f"{key}#{offset}")
                for offset, (event, payload) in enumerate(encoded, start=1)
            ]
        self.wake()
        return recorded

    def add_samples(self, samples: Iterable[Sample]) -> None:
        """Append telemetry. Not durable to the last second by design: it decides nothing."""
        rows = [msgspec.structs.astuple(sample) for sample in samples]
        with self._transaction(durable=False):
            self._db.executemany("INSERT OR IGNORE INTO samples VALUES (?,?,?,?,?,?,?,?,?,?,?)", rows)
        self.wake()

    def wake(self) -> None:
        """Touch the sentinel file, so that readers that watch it look at once."""
        os.pwrite(self._wake, b".", 0)

    def close(self) -> None:
        super().close()
        os.close(self._wake)
        if self._lease is not None:
            os.close(self._lease.lock)

    def _insert(self, stream: str, version: int, event: Event, payload: bytes, *, key: str | None) -> Recorded:
        position, previous = self.head()
        at = self._now()
        fields = (position + 1, at, stream, version, event.NAME, event.SCHEMA, key)
        digest = link(previous, fields=fields, payload=payload)
        self._db.execute("INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?)", (*fields, payload.decode(), digest))
        return Recorded(position + 1, at, stream, version, event, digest)

    def _version(self, stream: str) -> int:
        row = self._db.execute("SELECT coalesce(max(version), 0) FROM events WHERE stream = ?", (stream,)).fetchone()
        return int(row[0])

    def _by_key(self, key: str) -> list[Recorded]:
        rows = self._db.execute(
            f"SELECT {COLUMNS} FROM events WHERE idempotency >= ? AND idempotency < ? ORDER BY position",  # noqa: S608
            (f"{key}#", f"{key}$"),
        )
        return [_recorded(row) for row in rows.fetchall()]

    def _check_lease(self, stream: str) -> None:
        if stream.startswith("control/"):
            return
        if self._lease is None:
            raise LeaseLost(f"Only the loop that holds the lease appends to {stream}: acquire it first.")
        token = self._db.execute("SELECT token FROM lease").fetchone()[0]
        if token != self._lease.token:
            raise LeaseLost(f"The lease was taken over by {self.holder()}: this loop must stop.")

    def _transaction(self, *, durable: bool = True) -> "_Transaction":
        return _Transaction(self._db, durable=durable)

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat(timespec="microseconds")


class _Transaction:
    """BEGIN IMMEDIATE … COMMIT; rolls back on any error and turns SQLite's into a sentence."""

    def __init__(self, db: sqlite3.Connection, *, durable: bool) -> None:
        self._db = db
        self._durable = durable

    def __enter__(self) -> None:
        self._db.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'NORMAL'}")
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise _sentence(error) from error

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            if kind is None:
                self._db.execute("COMMIT")
                return
        except sqlite3.Error as failed:
            error = failed
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error):
            raise _sentence(error) from error


def wake_file(path: Path) -> Path:
    """The sentinel that changes after every commit."""
    return path.with_suffix(".wake")


def _sentence(error: sqlite3.Error) -> JournalError:
    text = str(error)
    if "full" in text:
        return JournalUnusable("The disk is full: the journal is unharmed; free some space and start again.")
    if "readonly" in text or "unable to open" in text:
        return JournalUnusable("The journal cannot be written: its file or folder is read-only.")
    return JournalUnusable(f"SQLite refused: {text}.")


def _prepare(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = _connect(path, readonly=False)
    except (OSError, sqlite3.Error) as error:
        raise JournalUnusable(f"The journal {path} cannot be opened for writing: {error}.") from error
    try:
        if db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            raise JournalUnusable(f"{path} lies on a file system without shared memory (network?): use a local disk.")
        SET.apply(Database(db))
    except sqlite3.Error as error:
        raise _sentence(error) from error
    finally:
        db.close()


def _connect(path: Path, *, readonly: bool) -> sqlite3.Connection:
    mode = "ro" if readonly else "rwc"
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)
    if not readonly:
        db.execute("PRAGMA synchronous = FULL")
    return db


def _recorded(row: tuple[int, str, str, int, str, int, str | None, str, str]) -> Recorded:
    position, at, stream, version, name, schema, _, payload, digest = row
    return Recorded(position, at, stream, version, decode(name, schema, payload), digest)
