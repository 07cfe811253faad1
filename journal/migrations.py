"""The schema of a journal, as steps that are applied once each, in one transaction with their record.

`transform()` must never touch `events`: it would drop the triggers that make the table append-only.
"""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

SET = Migrations("journal")

EVENTS = """
CREATE TABLE events (
  position    INTEGER PRIMARY KEY,
  recorded_at TEXT NOT NULL,
  stream      TEXT NOT NULL,
  version     INTEGER NOT NULL,
  type        TEXT NOT NULL,
  schema      INTEGER NOT NULL,
  idempotency TEXT UNIQUE,
  payload     TEXT NOT NULL,
  hash        TEXT NOT NULL,
  UNIQUE (stream, version)
) STRICT;
"""

GUARDS = (
    """
CREATE TRIGGER events_refuse_update BEFORE UPDATE ON events BEGIN
  SELECT RAISE(ABORT, 'events are never changed: append a new one');
END;
""",
    """
CREATE TRIGGER events_refuse_delete BEFORE DELETE ON events BEGIN
  SELECT RAISE(ABORT, 'events are never deleted: append a new one');
END;
""",
    # INSERT OR REPLACE deletes without firing DELETE triggers (recursive_triggers is off by default), so the guard is here.
    """
CREATE TRIGGER events_refuse_out_of_order BEFORE INSERT ON events
WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM events)
  OR NEW.version IS NOT (SELECT coalesce(max(version), 0) + 1 FROM events WHERE stream = NEW.stream)
BEGIN
  SELECT RAISE(ABORT, 'an event goes to the next position of the journal and the next version of its stream');
END;
""",
)

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
) STRICT, WITHOUT ROWID;
"""

LEASE = """
CREATE TABLE lease (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  token    INTEGER NOT NULL,
  pid      INTEGER NOT NULL,
  host     TEXT NOT NULL,
  since    TEXT NOT NULL
) STRICT;
"""


@SET()
def m001_events(db: Database) -> None:
    db.execute(EVENTS)
    for guard in GUARDS:
        db.execute(guard)


@SET()
def m002_samples(db: Database) -> None:
    db.execute(SAMPLES)


@SET()
def m003_lease(db: Database) -> None:
    db.execute(LEASE)
