"""Locks on files: taken with a deadline, and named by their holders, which the kernel lists (/proc/locks, see proc(5))."""

import fcntl
import os
import pwd
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

LOCKS = Path("/proc/locks")
POLL_SECONDS = 0.05
FLOCK, POSIX = ("FLOCK",), ("POSIX", "OFDLCK")


def lock(descriptor: int, *, seconds: float) -> bool:
    """Take the exclusive flock of an open file; False if others hold it for so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_SECONDS)
        else:
            return True


def is_locked(path: Path) -> bool:
    """Whether a process holds an flock on a file. No lock is taken, which others could mistake for a holder's."""
    try:
        return next(_holders(path, FLOCK), None) is not None
    except OSError:
        return path.exists()  # without /proc/locks an existing lock file counts as locked


def holders(*paths: Path, kinds: tuple[str, ...] = FLOCK) -> str:
    """Who holds locks on these files, other than this process: `process 7 (sleep) of user ada`; empty if nobody knows."""
    found: dict[int, None] = {}
    for path in paths:
        with suppress(OSError):
            found |= dict.fromkeys(_holders(path, kinds))
    return ", ".join(_name(pid) for pid in found if pid != os.getpid())


def _holders(path: Path, kinds: tuple[str, ...]) -> Iterator[int]:
    """The pids that hold locks of these kinds. Raises OSError without /proc/locks or without the file."""
    inode = path.stat().st_ino
    for line in LOCKS.read_text(encoding="ascii").splitlines():
        fields = line.split()
        # `1: FLOCK ADVISORY WRITE 708 08:01:262146 0 EOF`; one who only waits has `->` as the second field
        if fields[1] in kinds and fields[5].endswith(f":{inode}"):
            yield int(fields[4])


def _name(pid: int) -> str:
    if pid <= 0:
        return "a process outside this container"
    folder = Path("/proc", str(pid))
    try:
        command, uid = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip(), folder.stat().st_uid
    except OSError:
        return f"process {pid}"
    return f"process {pid} ({command}) of user {_user(uid)}"


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
