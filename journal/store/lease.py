"""The loop's lease, which lets only one loop at a time write experiments; and whether a loop runs.

The kernel releases the lock when its process ends. The token in the journal also stops a writer whose lock was bypassed,
because the lock file was deleted or the folder copied.
"""

import os
import socket
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from journal.console.local_time import local_time
from journal.errors import JournalBusy, JournalError, JournalUnusable, LeaseLost
from journal.permissions import open_file
from journal.store import file_locks
from journal.store.connection import connect

MAX_PID = 2**22  # of Linux (proc(5), pid_max)
LOCK_BYTES = 64  # of the lock file's text
CLAIMING, CLAIMED = "claiming token", "token"
GONE = "loop not running"


@dataclass(frozen=True)
class Lease:
    """The right to append experiment events; a higher `token` invalidates every earlier lease."""

    token: int
    lock: int  # file descriptor that holds the flock; closes on exec


def lock(path: Path, *, holder: str) -> int:
    """Lock the journal's lock file and return its descriptor. Raises JournalBusy, which names the `holder`."""
    file = path.with_suffix(".lock")
    try:
        descriptor = open_file(file, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise JournalUnusable(f"The lock file {file} cannot be opened: {error.strerror}.") from error
    if file_locks.lock(descriptor, seconds=0.0):
        return descriptor
    os.close(descriptor)
    raise JournalBusy(_busy(path, holder, locked_by=file_locks.holders(file)))


def _busy(path: Path, holder: str, *, locked_by: str) -> str:
    """Who keeps this loop from starting: the recorded holder, or a process that is no loop and locks the file."""
    if not locked_by or locked_by.startswith(holder.partition(" on ")[0] + " "):
        return f"Another loop runs on {path}: {holder}. Stop it with `ar-loop stop`."
    return f"{locked_by} has locked {path.with_suffix('.lock')} and is not the last loop ({holder}): end that process first."


def claim(db: sqlite3.Connection, lock: int, *, since: str) -> int:
    """Record this process as the holder, with the next token. Inside a transaction."""
    row = db.execute("SELECT token FROM lease").fetchone()
    token = (
        max(int(row[0] if row else 0), _last_claim(os.pread(lock, LOCK_BYTES, 0))) + 1
    )  # a restored backup has an old one
    db.execute("INSERT OR REPLACE INTO lease VALUES (1, ?, ?, ?, ?)", (token, os.getpid(), socket.gethostname(), since))
    _write(lock, f"{CLAIMING} {token}")
    return token


def confirm(lock: int, token: int) -> None:
    """Note in the lock file that the transaction of `claim` is committed, so that a changed token is found."""
    _write(lock, f"{CLAIMED} {token}")


def token_problem(db: sqlite3.Connection, path: Path) -> tuple[str, bool] | None:
    """What is wrong with the token in the journal, and whether it is a fault; None if nothing is."""
    row = db.execute("SELECT token FROM lease").fetchone()
    if row is None or row[0] < 1:
        return ("The lease of the last writer is missing.", True) if row or _has_events(db) else None
    try:
        note = path.with_suffix(".lock").read_bytes()[:LOCK_BYTES]
    except OSError:
        return None  # a copy of a journal has no lock file
    last = _last_claim(note)
    known = {last} if note.startswith(CLAIMED.encode()) else {last, last - 1}
    if not last or row[0] in known:
        return None
    if row[0] < last and not file_locks.is_locked(path.with_suffix(".lock")):
        return (
            f"The lease has token {row[0]}, but the last loop had {last}: the file is a restored backup, or was changed.",
            False,
        )
    return f"The lease has token {row[0]}, but the last loop took {last}: somebody changed it.", True


def holder(db: sqlite3.Connection) -> str:
    """Who holds, or last held, the lease."""
    try:
        row = db.execute("SELECT pid, host, since FROM lease").fetchone()
        return "nobody" if row is None else f"process {row[0]} on {row[1]} since {local_time(row[2])}"
    except (sqlite3.Error, JournalError):
        return "nobody that the journal names"


def check(db: sqlite3.Connection, lease: Lease | None, stream: str) -> None:
    """Raise LeaseLost unless this lease is the latest one. Inside a transaction."""
    if lease is None:
        raise LeaseLost(f"Only the loop that holds the lease appends to {stream}: acquire it first.")
    if db.execute("SELECT token FROM lease").fetchone()[0] != lease.token:
        raise LeaseLost(f"The lease was taken over by {holder(db)}: this loop must stop.")


def is_loop_running(path: Path, *, here: Callable[[], str] = socket.gethostname) -> bool | None:
    """Whether the last holder of the lease still runs; None if this machine cannot know.

    It takes no lock: even a shared lock would make a loop that starts at that moment believe that another loop runs.
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
    return _exists(int(row[0])) and file_locks.is_locked(path.with_suffix(".lock"))


def loop_trouble(path: Path, *, here: Callable[[], str] = socket.gethostname) -> str | None:
    """`GONE` if the last holder of the lease certainly does not run; None if it runs or if this machine cannot know."""
    return GONE if is_loop_running(path, here=here) is False else None


def _exists(pid: int) -> bool:
    if not 0 < pid <= MAX_PID:  # other numbers mean groups of processes, or none
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # a process of another user
        pass
    return True


def _has_events(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM events LIMIT 1").fetchone() is not None


def _last_claim(note: bytes) -> int:
    """The token in the lock file; 0 if it has none."""
    word = note.decode("ascii", "replace").strip().rpartition(" ")[2]
    return int(word) if word.isascii() and word.isdigit() and len(word) < 19 else 0


def _write(lock: int, note: str) -> None:
    with suppress(OSError):  # an empty note is none
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{note}\n".encode(), 0)
