"""Writing: the events of a step durably, telemetry in batches, projections in the transaction of their events."""

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
from journal.events.recorded import MachineSample, Recorded, Sample
from journal.projections.state import State, fold
from journal.store import append, projection_tables
from journal.store import lease as leases
from journal.store.codec import encode
from journal.store.connection import Transaction, connect, truncate_wal, wake_file
from journal.store.lease import Lease
from journal.store.machine_samples import MachineSampleWriter
from journal.store.reader import Reader, Row
from journal.store.schema import prepare

WAL_BYTES = 8 * 2**20  # size from which the writer truncates the write-ahead log
INTENTS = "control/"  # prefix of the streams that any process may append to

Clock = Callable[[], datetime]
Connect = Callable[[Path], sqlite3.Connection]


def connect_writable(path: Path) -> sqlite3.Connection:
    return connect(path, readonly=False)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Journal(Reader):
    """The writer. Without the lease it appends people's intents only (streams `control/…`) and never checkpoints."""

    def __init__(
        self, path: Path, *, clock: Clock = utc_now, wal_bytes: int = WAL_BYTES, connect: Connect = connect_writable
    ) -> None:
        prepare(path)
        self._wake = str(wake_file(path))
        self._clock = clock
        self._wal_bytes = wal_bytes
        self._wal = f"{path}-wal"
        self._lease: Lease | None = None
        self._state: State | None = None  # the fold at the head; only with the lease
        self._durable = True
        self._lock = threading.RLock()  # one connection, so one step at a time
        super().__init__(path)
        self._db.close()
        self._db = connect(path)
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA wal_autocheckpoint = 0")
        self._machine_samples = MachineSampleWriter(self._db)
        self._has_tables = projection_tables.are_current(self._db)

    def acquire(self) -> Lease:
        """Take the loop's lease for the life of this process. Raises JournalBusy, which names the holder."""
        descriptor = leases.lock(self.path, holder=self.holder())
        try:
            with self._lock, self._transaction():
                token = leases.claim(self._db, descriptor, since=self._now())
                if not projection_tables.are_current(self._db):
                    self._state = projection_tables.rebuild(self._db, self.read())
        except BaseException:
            os.close(descriptor)
            raise
        leases.confirm(descriptor, token)
        self._lease = Lease(token=token, lock=descriptor)
        self._has_tables = True
        return self._lease

    def holder(self) -> str:
        """Who holds, or last held, the lease."""
        return leases.holder(self._db)

    def state(self) -> State:
        """The fold up to the head. It is the journal's own object and later events change it: read it, do not keep it."""
        with self._lock:
            if self._state is None or self._state.position < self.head()[0]:
                self._state = fold(self.read(after=self._state.position if self._state else 0), state=self._state)
            return self._state

    def rebuild(self) -> None:
        """Drop the projections' tables and build them again from the events. Needs the lease."""
        with self._lock, self._transaction():
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
        """Append all events of a step in one transaction, which no crash of a program can undo.

        If it is `durable`, no power cut can undo this step or an earlier one: it is on disk when this returns.
        `expected_version` is the stream's version that the decision was based on (None: any). `key` makes a command
        idempotent: if the journal has events with this key, they are returned and nothing is written.
        Raises VersionConflict, LeaseLost, JournalFull, JournalUnusable.
        """
        encoded = [(event, encode(event)) for event in events]
        if not encoded:
            return []
        with self._lock:
            try:
                with self._transaction(durable=durable):
                    self._check_lease(stream)
                    if key is not None and (existing := append.by_key(self._db, key)):
                        return existing
                    appended = append.insert(
                        self._db, stream, encoded, at=self._now, expected_version=expected_version, key=key
                    )
                    self._project(appended)
            except BaseException:
                self._state = None  # it may include events that were rolled back
                raise
            self._after_commit()
        return appended

    def add_samples(self, samples: Iterable[Sample]) -> None:
        """Append telemetry. A power cut may lose the last seconds of it, because no decision depends on it."""
        rows = [msgspec.structs.astuple(sample) for sample in samples]
        with self._lock:
            with self._transaction(durable=False):
                self._db.executemany("INSERT OR IGNORE INTO samples VALUES (?,?,?,?,?,?,?,?,?,?,?)", rows)
            self._after_commit()

    def add_machine_samples(self, samples: Sequence[MachineSample]) -> None:
        """Append telemetry of the machine, which a power cut may lose. Rows older than an hour are thinned."""
        with self._lock:
            with self._transaction(durable=False):
                self._machine_samples.write(samples)
            self._after_commit()

    def restore(self, rows: Iterable[Row]) -> tuple[int, str]:
        """Write stored rows, as exported, into an empty journal and return its head. Needs the lease.

        Raises JournalError if a row's hash does not follow from the row before it; then nothing is written.
        """
        with self._lock:
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
        """Open the sentinel file, which wakes the readers that watch it; nothing is written (see `journal.store.tail`)."""
        with contextlib.suppress(OSError):  # readers also poll
            os.close(os.open(self._wake, os.O_RDONLY | os.O_CLOEXEC))

    def close(self) -> None:
        """Close the file and release the lease."""
        super().close()
        if self._lease is not None:
            os.close(self._lease.lock)

    def _project(self, appended: list[Recorded]) -> None:
        if self._lease is None:
            self._project_intents(appended)
            return
        before = appended[0].position - 1
        if self._state is None:
            self._state = fold(self.read(until=before))
        intents = self.read(after=self._state.position, until=before)  # that other processes have appended
        for recorded in chain(intents, appended):
            projection_tables.write(self._db, self._state.apply_returning(recorded))

    def _project_intents(self, appended: list[Recorded]) -> None:
        if self._has_tables:
            projection_tables.write_directions(self._db, appended)
        else:
            projection_tables.mark_stale(self._db)

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
        return os.stat(file).st_size  # noqa: PTH116 - at every append: a Path would cost more than the call
    except OSError:
        return 0
