"""The loop's lease: one loop at a time, released by death, fenced by a token, naming its holder; and whether one runs.

The kernel's lock dies with its process; the token in the journal stops a writer that was overtaken all the same (a lock
file that was deleted, a copy of the folder).
"""

import fcntl
import os
import socket
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from journal.errors import JournalBusy, JournalError, LeaseLost
from journal.store.connection import connect

LOCKS = Path("/proc/locks")
GONE = "loop not running"


@dataclass(frozen=True)
class Lease:
    """The right to append experiment events; `token` fences off whoever held it before."""

    token: int
    lock: int  # file descriptor that holds the flock; closes on exec


def lock(path: Path, *, holder: str) -> int:
    """Take the journal's lock file, or raise JournalBusy with the holder's name. Returns the descriptor."""
    descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise JournalBusy(f"Another loop runs on {path}: {holder}. Stop it with `ar-loop stop`.") from None
    return descriptor


def claim(db: sqlite3.Connection, *, since: str) -> int:
    """Write this process in as the holder, under the next token. Inside a transaction."""
    row = db.execute("SELECT token FROM lease").fetchone()
    token = int(row[0] if row else 0) + 1
    db.execute("INSERT OR REPLACE INTO lease VALUES (1, ?, ?, ?, ?)", (token, os.getpid(), socket.gethostname(), since))
    return token


def holder(db: sqlite3.Connection) -> str:
    """Who holds, or last held, the lease."""
    row = db.execute("SELECT pid, host, since FROM lease").fetchone()
    if row is None:
        return "nobody"
    since = datetime.fromisoformat(row[2]).astimezone(UTC)
    return f"process {row[0]} on {row[1]} since {since:%Y-%m-%d %H:%M:%S} UTC"


def check(db: sqlite3.Connection, lease: Lease | None, stream: str) -> None:
    """Raise LeaseLost unless this lease is the last one given. Inside a transaction."""
    if lease is None:
        raise LeaseLost(f"Only the loop that holds the lease appends to {stream}: acquire it first.")
    if db.execute("SELECT token FROM lease").fetchone()[0] != lease.token:
        raise LeaseLost(f"The lease was taken over by {holder(db)}: this loop must stop.")


def running(path: Path, *, here: Callable[[], str] = socket.gethostname) -> bool | None:
    """Whether the last holder of the lease is still there; None if that cannot be told from this machine.

    It takes no lock: a loop that starts at the moment of a lock, even a shared one, would believe that it is not alone.
    """
    try:
        db = connect(path, readonly=True)
    except JournalError:
        return None
    try:
        row = db.execute("SELECT pid, host FROM lease").fetchone()
    except sqlite3.Error:
        return None
    finally:
        db.close()
    if row is None:
        return False
    if row[1] != here():
        return None
    return _exists(int(row[0])) and _locked(path.with_suffix(".lock"))


def loop_trouble(path: Path, *, here: Callable[[], str] = socket.gethostname) -> str | None:
    """`GONE` if the last holder of the lease is certainly not there any more; None if it is, or if that cannot be told."""
    return GONE if running(path, here=here) is False else None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _locked(lock: Path) -> bool:
    """Whether anyone holds the lock file, as far as the kernel tells; a pid alone may belong to somebody new."""
    try:
        inode = lock.stat().st_ino
        held = LOCKS.read_text(encoding="ascii")
    except OSError:
        return lock.exists()  # without the kernel's list a lock file may be locked; one that is not there cannot be
    return any(line.split()[5].endswith(f":{inode}") for line in held.splitlines() if "FLOCK" in line)
