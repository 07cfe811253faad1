"""The schema of a journal, as steps that one process applies once each, in one transaction with their record.

An older journal is copied beside itself before the first step.

`transform()` must never touch `events`: it would drop the triggers that make the table append-only. sqlite-utils is
imported only where a step is due, because it takes longer to load than everything else together.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from journal.errors import JournalUnusable
from journal.store.connection import connect, refuse_folder, sentence, use_wal, wake_file

LATEST = 4  # PRAGMA user_version of a journal with every step applied

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

# Most events have no key: a partial index costs them nothing.
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
    # INSERT OR REPLACE deletes without firing DELETE triggers (recursive_triggers is off by default), so the guard is here.
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

STEPS: dict[str, tuple[str, ...]] = {
    "m001_events": (EVENTS, KEYS, *GUARDS.values()),
    "m002_samples": (SAMPLES,),
    "m003_lease": (LEASE,),
    "m004_projected": (PROJECTED,),
}


def pending(db: sqlite3.Connection) -> bool:
    """Whether any step is due."""
    return bool(db.execute("PRAGMA user_version").fetchone()[0] < LATEST)


def migrate(db: sqlite3.Connection) -> None:
    """Apply every step that is due."""
    from sqlite_utils import Database  # noqa: PLC0415
    from sqlite_utils.migrations import Migrations  # noqa: PLC0415

    migrations = Migrations("journal")
    for name, statements in STEPS.items():
        migrations(name=name)(_step(statements))
    migrations.apply(Database(db))
    db.execute(f"PRAGMA user_version = {LATEST}")


def _step(statements: tuple[str, ...]) -> Callable[[object], None]:
    def step(db: object) -> None:
        for statement in statements:
            db.execute(statement)  # type: ignore[attr-defined]

    return step


def prepare(path: Path) -> None:
    """Make or migrate the file, and its sentinel. Raises JournalUnusable."""
    refuse_folder(path)  # before anything is made beside it
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        turn = os.open(wake_file(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise JournalUnusable(f"The journal {path} cannot be opened for writing: {error}.") from error
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)  # one process migrates, the others find it done
        _migrate(path)
    finally:
        os.close(turn)


def _migrate(path: Path) -> None:
    db = connect(path, readonly=False)
    try:
        if pending(db):
            use_wal(db, path)
            _keep_a_copy(db, path)
            migrate(db)
    except sqlite3.Error as error:
        raise sentence(error, path) from error
    finally:
        db.close()


def _keep_a_copy(db: sqlite3.Connection, path: Path) -> None:
    """Before an older journal is changed, copy it beside itself."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    copy = path.with_name(f"{path.name}.before-{version}.bak")
    if db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] and not copy.exists():
        db.execute("VACUUM INTO ?", (str(copy),))
