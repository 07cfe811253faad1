"""The schema of a journal, as migration steps: one process applies each step once, in one transaction with its record.

An older journal is copied to a `.bak` file before the first step.

Never call sqlite-utils' `transform()` on `events`: it would drop the triggers that make the table append-only. sqlite-utils
is imported only if a step is due, because it takes longer to load than everything else together.
"""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from journal.errors import JournalLocked, JournalUnusable
from journal.permissions import create_file, make_folder, open_file
from journal.store import projection_tables
from journal.store.connection import (
    BUSY_SECONDS,
    Transaction,
    connect,
    journal_error,
    refuse_irregular,
    use_wal,
    wake_file,
)
from journal.store.file_locks import holders, lock

LATEST = 5  # PRAGMA user_version of a journal with all steps applied

EVENTS = """
CREATE TABLE events (
  position    INTEGER PRIMARY KEY,
  recorded_at TEXT NOT NULL,
  stream      TEXT NOT NULL,
  version     INTEGER NOT NULL,
  type        TEXT NOT NULL,
  schema      INTEGER NOT NULL,
  idempotency TEXT,
  payload     TEXT NOT NULL,
  hash        TEXT NOT NULL,
  UNIQUE (stream, version)
) STRICT
"""

# A partial index: most events have no key, and cost nothing here.
KEYS = "CREATE UNIQUE INDEX events_by_idempotency ON events (idempotency) WHERE idempotency IS NOT NULL"

GUARDS = {
    "events_refuse_update": """
CREATE TRIGGER events_refuse_update BEFORE UPDATE ON events BEGIN
  SELECT RAISE(ABORT, 'events are never changed: append a new one');
END
""",
    "events_refuse_delete": """
CREATE TRIGGER events_refuse_delete BEFORE DELETE ON events BEGIN
  SELECT RAISE(ABORT, 'events are never deleted: append a new one');
END
""",
    # INSERT OR REPLACE deletes without firing DELETE triggers, as recursive_triggers is off by default: this one catches it.
    "events_refuse_out_of_order": """
CREATE TRIGGER events_refuse_out_of_order BEFORE INSERT ON events
WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM events)
  OR NEW.version IS NOT (SELECT coalesce(max(version), 0) + 1 FROM events WHERE stream = NEW.stream)
BEGIN
  SELECT RAISE(ABORT, 'an event goes to the next position of the journal and the next version of its stream');
END
""",
}

SAMPLES = """
CREATE TABLE samples (
  session           TEXT NOT NULL,
  experiment        INTEGER NOT NULL,
  run               INTEGER NOT NULL,
  step              INTEGER NOT NULL,
  seconds           REAL NOT NULL,
  progress          REAL,
  loss              REAL,
  tokens            INTEGER,
  tokens_per_second REAL,
  mfu               REAL,
  memory            INTEGER,
  PRIMARY KEY (session, experiment, run, step)
) STRICT, WITHOUT ROWID
"""

LEASE = """
CREATE TABLE lease (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  token    INTEGER NOT NULL,
  pid      INTEGER NOT NULL,
  host     TEXT NOT NULL,
  since    TEXT NOT NULL
) STRICT
"""

PROJECTED = """
CREATE TABLE projected (
  only_one    INTEGER PRIMARY KEY CHECK (only_one = 1),
  fingerprint TEXT NOT NULL
) STRICT
"""

# The machine, about once a second while a run is in flight. Like `samples` it is telemetry, outside the hash chain: rows older
# than an hour are thinned to one a minute.
MACHINE_SAMPLES = """
CREATE TABLE machine_samples (
  sampled_at   TEXT NOT NULL,
  host         TEXT NOT NULL,
  device       TEXT NOT NULL,
  utilization  REAL,
  memory       INTEGER,
  memory_total INTEGER,
  temperature  REAL,
  power        REAL,
  throttled    TEXT,
  PRIMARY KEY (sampled_at, host, device)
) STRICT, WITHOUT ROWID
"""

STEPS: dict[str, tuple[str, ...]] = {
    "m001_events": (EVENTS, KEYS, *GUARDS.values()),
    "m002_samples": (SAMPLES,),
    "m003_lease": (LEASE,),
    "m004_projected": (PROJECTED,),
    "m005_machine_samples": (MACHINE_SAMPLES,),
}


def migrate(db: sqlite3.Connection) -> None:
    """Apply every step that is due."""
    from sqlite_utils import Database  # noqa: PLC0415
    from sqlite_utils.migrations import Migrations  # noqa: PLC0415

    migrations = Migrations("journal")
    for name, statements in STEPS.items():
        migrations(name=name)(_step(statements))
    migrations.apply(Database(db))


def _step(statements: tuple[str, ...]) -> Callable[[object], None]:
    def step(db: object) -> None:
        for statement in statements:
            db.execute(statement)  # type: ignore[attr-defined]

    return step


def prepare(path: Path) -> None:
    """Create or migrate the file, and create its sentinel. Raises JournalUnusable, JournalLocked."""
    refuse_irregular(path)  # before anything is created beside it
    try:
        make_folder(path.parent)
        create_file(wake_file(path))
        if is_current(path):
            return
        sentinel = open_file(wake_file(path), os.O_RDWR)
    except OSError as error:
        raise JournalUnusable(f"The journal {path} cannot be opened for writing: {error}.") from error
    try:
        if not lock(sentinel, seconds=BUSY_SECONDS):  # one process migrates, and the others wait
            raise _locked_error(path)
        create_file(path)
        _migrate(path)
    finally:
        os.close(sentinel)


def is_current(path: Path) -> bool:
    """Whether the file has all steps already, so that a lock of a stranger on the sentinel delays nobody."""
    if not path.exists() or not path.stat().st_size:
        return False
    db = connect(path, readonly=False)
    try:
        return bool(db.execute("PRAGMA user_version").fetchone()[0] >= LATEST)
    finally:
        db.close()


def _locked_error(path: Path) -> JournalLocked:
    holder = holders(wake_file(path)) or "Another process"
    return JournalLocked(f"{holder} has locked {wake_file(path)}: end that process, then start again.")


def _migrate(path: Path) -> None:
    db = connect(path, readonly=False)
    try:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version < LATEST:
            use_wal(db, path)
            _back_up(db, path, version)
            migrate(db)
            if db.execute("SELECT 1 FROM events LIMIT 1").fetchone() is None:
                with Transaction(db, path):
                    projection_tables.rebuild(db, ())
            db.execute(f"PRAGMA user_version = {LATEST}")  # last: readers of a new journal wait for it
    except sqlite3.Error as error:
        raise journal_error(error, path) from error
    finally:
        db.close()


def _back_up(db: sqlite3.Connection, path: Path, version: int) -> None:
    """Copy an older journal before it changes; an empty file needs no copy."""
    copy = path.with_name(f"{path.name}.before-{version}.bak")
    if db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] and not copy.exists():
        create_file(copy)  # SQLite writes into an empty file, whose mode stays
        db.execute("VACUUM INTO ?", (str(copy),))
