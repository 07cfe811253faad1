"""Who may read what the loop writes: its owner alone, or a group if the folder is shared by set-group-ID.

    chgrp TEAM .ar && chmod 2770 .ar        shares a journal with a group; each member then works with `umask 007`

The mode of the folder is the choice, so that all processes of all members agree on it; no variable can be forgotten.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

FOLDER = ".ar"
PRIVATE_FOLDER, SHARED_FOLDER = 0o700, 0o2770
PRIVATE_FILE, SHARED_FILE = 0o600, 0o660
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def is_shared(folder: Path) -> bool:
    """Whether the folder has the set-group-ID bit and its group may write; the bit alone is inherited from the parent."""
    try:
        mode = folder.stat().st_mode
    except OSError:
        return False
    return bool(mode & stat.S_ISGID) and mode & stat.S_IRWXG == stat.S_IRWXG


def make_folder(folder: Path) -> None:
    """Create a folder and its parents, private or shared as the parent is; withdraw others' rights in an own `.ar`."""
    if not folder.is_dir():
        make_folder(folder.parent)
        with suppress(FileExistsError):
            folder.mkdir(mode=PRIVATE_FOLDER)
            if is_shared(folder.parent):
                folder.chmod(SHARED_FOLDER)
    elif folder.name == FOLDER and not is_shared(folder):
        _withdraw(folder)


def open_file(path: Path, flags: int) -> int:
    """Open a file and return its descriptor; a new one gets the mode of its folder, whatever the umask is."""
    try:
        return os.open(path, flags & ~os.O_CREAT | os.O_CLOEXEC)
    except FileNotFoundError:
        if not flags & os.O_CREAT:
            raise
    descriptor = os.open(path, flags | os.O_CLOEXEC, PRIVATE_FILE)
    if is_shared(path.parent):
        os.fchmod(descriptor, SHARED_FILE)
    return descriptor


def create_file(path: Path) -> None:
    """Create an empty file unless there is one, which is not opened: closing it would drop this process's locks on it."""
    with suppress(FileExistsError):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
        if is_shared(path.parent):
            os.fchmod(descriptor, SHARED_FILE)
        os.close(descriptor)


def _withdraw(folder: Path) -> None:
    status = folder.stat()
    if status.st_uid == os.geteuid() and status.st_mode & _OTHERS:
        with suppress(OSError):  # a file system without modes
            folder.chmod(stat.S_IMODE(status.st_mode) & ~_OTHERS)
