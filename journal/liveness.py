"""Whether the loop's process is there: the journal's lease names it, the kernel knows it. Looks only, takes no lock.

Asking for the lock itself, even shared, could make a loop that starts at that moment believe it is not alone.
"""

import os
import socket
from collections.abc import Callable
from pathlib import Path

from journal.errors import JournalError
from journal.query import ask

LOCKS = Path("/proc/locks")
GONE = "loop not running"


def running(path: Path, *, here: Callable[[], str] = socket.gethostname) -> bool | None:
    """Whether the last holder of the lease is still there; None where that cannot be told from this machine."""
    try:
        rows = ask(path, "SELECT pid, host FROM lease", seconds=0.5).rows
    except JournalError:
        return None
    if not rows or rows[0][1] != here():
        return None
    return _exists(int(rows[0][0] or 0)) and _locked(path.with_suffix(".lock"))


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
