"""Writing: events in durable steps, telemetry in batches, projections in the same transaction."""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import msgspec

from journal.errors import JournalError
from journal.events import Event
from journal.events.recorded import Recorded, Sample
from journal.projections.state import State, fold
from journal.store import append, projection_tables
from journal.store import lease as leases
from journal.store.codec import encode
from journal.store.connection import Transaction, connect, truncate_wal, wake_file
from journal.store.lease import Lease
from journal.store.reader import Reader, Row
from journal.store.schema import prepare

WAL_BYTES = 8 * 2**20  # the writer truncates the write-ahead log above this
INTENTS = "control/"  # streams that any process may append to

Clock = Callable[[], datetime]
Connect = Callable[[Path], sqlite3.Connection]


def writable(path: Path) -> sqlite3.Connection:
    return connect(path, readonly=False)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Journal(Reader):
    """The writer. Without a lease it may append people's intents only (streams `control/…`), and never checkpoints."""

    def __init__(
        self, path: Path, *, clock: Clock = utc_now, wal_bytes: int = WAL_BYTES, connect: Connect = writable
    ) -> None:
        prepare(path)
        self._wake = str(wake_file(path))
        self._clock = clock
        self._wal_bytes = wal_bytes
        self._wal = f"{path}-wal"
        self._lease: Lease | None = None
        self._state: State | None = None  # the fold at the head, kept by the holder of the lease
        self._durable = True
        self._turn = threading.RLock()  # one connection, so one step at a time
        super().__init__(path)
        self._db.close()
        self._db = connect(path)
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA wal_autocheckpoint = 0")
        self._projected = projection_tables.present(self._db)

    def acquire(self) -> Lease:
        """Take the loop's lease for the life of this process. Raises JournalBusy, which names the holder."""
        descriptor = leases.lock(self.path, holder=self.holder())
        try:
            with self._turn, self._transaction():
                token = leases.claim(self._db, since=self._now())
                if not projection_tables.present(self._db):
                    self._state = projection_tables.rebuild(self._db, self.read())
        except BaseException:
            os.close(descriptor)
            raise
        self._lease = Lease(token=token, lock=descriptor)
        self._projected = True
        return self._lease

    def holder(self) -> str:
        """Who holds, or last held, the lease."""
        return leases.holder(self._db)

    def state(self) -> State:
        """The fold of everything up to the head. It is the journal's own and lives on: read it, do not keep it."""
        with self._turn:
            if self._state is None or self._state.position < self.head()[0]:
                self._state = fold(self.read(after=self._state.position if self._state else 0), state=self._state)
            return self._state

    def rebuild(self) -> None:
        """Drop the tables of the projections and make them again from the events. Needs the lease."""
        with self._turn, self._transaction():
            leases.check(self._db, self._lease, "the projections")
            self._state = projection_tables.rebuild(self._db, self.read())

    def append(
        self,
        stream: str,
        events: Sequence[Event],
        *,
        expected_version: int | None = None,
        key: str | None = None,
        durable: bool = True,
    ) -> list[Recorded]:
        """Append all events of a step in one transaction, which no crash of any program can take back.

        Where it is `durable`, no power cut can either, nor any step before it: the disk has it when this returns.
        `expected_version` is the stream's version that the decision was based on (None: any). `key` makes a command
        idempotent: if events with this key are in the journal, they are returned and nothing is written.
        Raises VersionConflict, LeaseLost, JournalFull, JournalUnusable.
        """
        encoded = [(event, encode(event)) for event in events]
        if not encoded:
            return []
        with self._turn:
            try:
                with self._transaction(durable=durable):
                    self._check_lease(stream)
                    if key is not None and (known := append.by_key(self._db, key)):
                        return known
                    written = append.insert(
                        self._db, stream, encoded, at=self._now, expected_version=expected_version, key=key
                    )
                    self._project(written)
            except BaseException:
                self._state = None  # it may have taken in what was rolled back
                raise
            self._after_commit()
        return written

    def add_samples(self, samples: Iterable[Sample]) -> None:
        """Append telemetry. Not durable to the last second by design: it decides nothing."""
        rows = [msgspec.structs.astuple(sample) for sample in samples]
        with self._turn:
            with self._transaction(durable=False):
                self._db.executemany("INSERT OR IGNORE INTO samples VALUES (?,?,?,?,?,?,?,?,?,?,?)", rows)
            self._after_commit()

    def restore(self, rows: Iterable[Row]) -> tuple[int, str]:
        """Write stored rows, as exported, into an empty journal; return its head. Needs the lease.

        Raises JournalError where a row's hash does not follow from the row before it; then nothing is written.
        """
        with self._turn:
            with self._transaction():
                leases.check(self._db, self._lease, "an import")
                position, previous = self.head()
                if position:
                    raise JournalError(f"{self.path} already holds {position} events: import into a new journal.")
                for row in rows:
                    previous = append.restore(self._db, row, previous)
                state = projection_tables.rebuild(self._db, self.read())
            self._state = state
            self._after_commit()
            return self.head()

    def wake(self) -> None:
        """Open the sentinel file, so that readers that watch it look at once; nothing is written (see `journal.store.tail`)."""
        with contextlib.suppress(OSError):  # readers also look by themselves
            os.close(os.open(self._wake, os.O_RDONLY | os.O_CLOEXEC))

    def close(self) -> None:
        """Let go of the file and of the lease."""
        super().close()
        if self._lease is not None:
            os.close(self._lease.lock)

    def _project(self, written: list[Recorded]) -> None:
        if self._lease is None:
            self._project_intents(written)
            return
        before = written[0].position - 1
        if self._state is None:
            self._state = fold(self.read(until=before))
        foreign = self.read(after=self._state.position, until=before)
        for step in chain(foreign, written):
            projection_tables.write(self._db, self._state.touch(step))

    def _project_intents(self, written: list[Recorded]) -> None:
        if self._projected:
            projection_tables.write_directions(self._db, written)
        else:
            projection_tables.disown(self._db)

    def _check_lease(self, stream: str) -> None:
        if self._lease is not None or not stream.startswith(INTENTS):
            leases.check(self._db, self._lease, stream)

    def _transaction(self, *, durable: bool = True) -> Transaction:
        if durable is not self._durable:
            self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._durable = durable
        return Transaction(self._db, self.path)

    def _after_commit(self) -> None:
        self.wake()
        if self._lease is not None and _bytes(self._wal) > self._wal_bytes:
            truncate_wal(self._db)

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat(timespec="microseconds")


def _bytes(file: str) -> int:
    try:
        return os.stat(file).st_size  # noqa: PTH116 - once an append: a Path would cost more than the call
    except OSError:
        return 0
