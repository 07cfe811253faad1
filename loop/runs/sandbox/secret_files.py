"""Files of a repository that hold keys and passwords, to be hidden from a sandboxed evaluator, which sees the repository."""

import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from journal.secret_scan import is_secret_path

MAX_ENTRIES = 200_000  # looked at: about a second
SKIPPED = frozenset({".git", ".ar", "node_modules", "site-packages", "__pycache__"})


def secret_files(root: Path) -> list[Path]:
    """The files below a folder whose names say that they hold a secret, sorted; no link is followed.

    Environments of Python are left out: their certificates are public. Of a folder with more than MAX_ENTRIES entries only
    so many are looked at, the shallow ones first.
    """
    return sorted(root / path for path in _files(root) if is_secret_path(path))


def _files(root: Path) -> Iterator[str]:
    """Every file, relative to the root, breadth first."""
    left = MAX_ENTRIES
    folders = deque([""])
    while folders and left > 0:
        folder = folders.popleft()
        try:
            entries = list(os.scandir(root / folder))
        except OSError:
            continue
        left -= len(entries)
        if any(entry.name == "pyvenv.cfg" for entry in entries):
            continue
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                yield f"{folder}{entry.name}"
            elif entry.name not in SKIPPED and entry.is_dir(follow_symlinks=False):
                folders.append(f"{folder}{entry.name}/")
