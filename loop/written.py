"""Files that a run wrote and in which its numbers stand: read only where this very run wrote them.

A repository may hold the log of an earlier run under the same name. Such a file is marked with the oldest of times when
it is exported, so that it cannot pass for this run's. What a run left is not trusted: no symbolic link, no pipe, nothing
outside its folder is opened.
"""

import contextlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

MOST_BYTES = 32 << 20  # of a file's end that are read


def mark(folder: Path, names: Iterable[str]) -> None:
    """Mark files that a fresh export already holds as not this run's."""
    for name in names:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.utime(folder / name, ns=(0, 0), follow_symlinks=False)


def read(folders: Iterable[Path], name: str) -> str | None:
    """The text that the run wrote under a name below the first of these folders that has it; None where there is none."""
    return next((text for folder in folders if (text := _text(folder, name)) is not None), None)


def _text(folder: Path, name: str) -> str | None:
    path = folder / name
    try:
        if path.resolve() != folder.resolve() / name:
            return None
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_mtime_ns == 0:
            return None
        file.seek(max(0, found.st_size - MOST_BYTES))
        return file.read().decode("utf-8-sig", "replace")
