"""One process at a time: others wait, and say for whom. The system frees a lock when its holder ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def held(path: Path, *, what: str, says: Callable[[str], None]) -> Iterator[bool]:
    """Hold the lock file `path`, however long another process does; true where one did. The file goes with the lock.

    `what` its holder is doing ("preparing data"), and which process that is, is told to whoever waits.
    """
    waited = False
    while True:
        file = path.open("a+", encoding="utf-8")
        waited = not _take(file, what, says) or waited
        if _stands(file, path):
            break
        file.close()
    try:
        file.truncate(0)
        print(os.getpid(), file=file, flush=True)
        yield waited
    finally:
        path.unlink(missing_ok=True)
        file.close()


def _stands(file: TextIO, path: Path) -> bool:
    """Whether an open file is still the one at `path`: its holder has deleted it, and the next to come made another."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _take(file: TextIO, what: str, says: Callable[[str], None]) -> bool:
    """Lock an open file; whether that was possible at once."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip()
        says(f"process {holder or 'unknown'} is {what} already: waiting for it to end")
        fcntl.flock(file, fcntl.LOCK_EX)
        return False
    return True
