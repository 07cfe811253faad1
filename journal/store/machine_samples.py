"""The telemetry of the machine: rows by time, outside the hash chain, thinned with age."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from journal.events.recorded import MachineSample

DETAILED = timedelta(hours=1)  # for which every row is kept
THINNED_FROM = timedelta(days=1)  # before this time nothing is looked at again
INSERT = "INSERT OR IGNORE INTO machine_samples VALUES (?,?,?,?,?,?,?,?,?)"
THIN = "DELETE FROM machine_samples WHERE sampled_at BETWEEN ? AND ? AND substr(sampled_at, 18, 2) <> '00'"
SELECT = "SELECT * FROM machine_samples WHERE sampled_at > ? ORDER BY sampled_at, host, device"
LATEST = "SELECT * FROM machine_samples WHERE sampled_at <= ? ORDER BY sampled_at DESC, host DESC, device DESC LIMIT ?"
HAS_TABLE = "SELECT 1 FROM sqlite_schema WHERE name = 'machine_samples'"


def stamp(moment: datetime) -> str:
    """A time as the rows have it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


class MachineSampleWriter:
    """Writes rows in a transaction of the caller. Once a minute it thins those older than an hour to one a minute."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._minute = ""

    def write(self, samples: Sequence[MachineSample]) -> None:
        self._db.executemany(INSERT, [msgspec.structs.astuple(sample) for sample in samples])
        if not samples or samples[-1].sampled_at[:16] == self._minute:
            return
        self._minute = samples[-1].sampled_at[:16]
        last = datetime.fromisoformat(samples[-1].sampled_at)
        self._db.execute(THIN, (stamp(last - THINNED_FROM), stamp(last - DETAILED)))


def read(db: sqlite3.Connection, *, after: str) -> list[MachineSample]:
    """The rows after a time; none in a journal of an earlier version."""
    return _samples(db, SELECT, (after,))


def read_latest(db: sqlite3.Connection, *, until: str, limit: int) -> list[MachineSample]:
    """The last rows up to a time, by time; none in a journal of an earlier version."""
    return _samples(db, LATEST, (until, limit))[::-1]


def _samples(db: sqlite3.Connection, sql: str, values: tuple[object, ...]) -> list[MachineSample]:
    if not db.execute(HAS_TABLE).fetchone():
        return []
    return [
        MachineSample(**dict(zip(MachineSample.__struct_fields__, row, strict=True))) for row in db.execute(sql, values)
    ]
