"""Making a journal's file, and bringing an older one up to this program: once, by one process, with a copy kept before."""

import fcntl
import os
import sqlite3
from pathlib import Path

from journal.errors import JournalUnusable
from journal.migrations import migrate, pending
from journal.store.connection import connect, refuse_folder, sentence, use_wal, wake_file


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
