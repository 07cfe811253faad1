"""Files of a repository that hold keys and passwords, to be hidden from a sandboxed evaluator, which sees the repository."""

import os
from collections.abc import Iterator
from pathlib import Path

from journal.secret_scan import is_secret_path

MAX_ENTRIES = 200_000  # looked at: about a second of a cold disk
SKIPPED = frozenset({".git", ".ar", "node_modules", "site-packages", "__pycache__"})


def secret_files(root: Path) -> list[Path]:
    """The files below a folder whose names say that they hold a secret, sorted; no link is followed.

    Environments of Python are left out: their certificates are public. Of a folder with more than MAX_ENTRIES entries only
    so many are looked at, the shallow ones first.
    """
    return sorted(path for path in _files(root) if is_secret_path(path.relative_to(root).as_posix()))


def _files(root: Path) -> Iterator[Path]:
    """Every file, breadth first."""
    left = MAX_ENTRIES
    folders = [root]
    while folders and left > 0:
        folder = folders.pop(0)
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue
        left -= len(entries)
        if any(entry.name == "pyvenv.cfg" for entry in entries):
            continue
        yield from (Path(entry.path) for entry in entries if entry.is_file(follow_symlinks=False))
        folders += [
            Path(entry.path) for entry in entries if entry.name not in SKIPPED and entry.is_dir(follow_symlinks=False)
        ]
