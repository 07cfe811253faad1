"""What an agent did to its copy of a tree: which files it changed, created or deleted, read without following anything.

An agent may leave links, devices, named pipes and huge files behind; only plain files are ever opened.
"""

import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 20
MOST_BYTES = 1_000_000  # of a file that is read as text; the gate allows less
LEFT = re.compile(r"(^|/)(\.[^/]+|__pycache__|node_modules|[^/]+\.egg-info)(/|$)|\.(pyc|log|tmp|bak|orig)$")  # not work


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Paths from the copy's root. `created` leaves out what tools leave behind: caches, logs, hidden files."""

    changed: tuple[str, ...]
    created: tuple[str, ...]
    deleted: tuple[str, ...]


def remove(folder: Path | None) -> None:
    """Remove a copy, also one whose folders its agent has closed."""
    if folder is None:
        return
    for root, names, _ in os.walk(folder, followlinks=False):
        for path in (Path(root) / name for name in names):
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def snapshot(folder: Path) -> dict[str, str]:
    """Path -> a fingerprint of what is there."""
    return {path: fingerprint(folder / path) for path in _paths(folder)}


def difference(before: Mapping[str, str], folder: Path) -> Difference:
    """What was done since a snapshot. Raises ValueError where the folder itself is gone or has become a link."""
    if folder.is_symlink() or not folder.is_dir():
        raise ValueError("the copy itself was removed")
    after = snapshot(folder)
    return Difference(
        changed=tuple(path for path in after if path in before and after[path] != before[path]),
        created=tuple(path for path in after if path not in before and not LEFT.search(path)),
        deleted=tuple(path for path in before if path not in after),
    )


def text(path: Path) -> str:
    """The text of a plain file. Raises ValueError with the reason where it is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise ValueError(f"it cannot be opened as a plain file ({error.strerror})") from error
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is not a plain file")
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES:,} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8 text") from error


def _paths(folder: Path) -> Iterator[str]:
    """Everything below a folder that is no folder, links to folders too, sorted."""
    for root, folders, names in os.walk(folder, followlinks=False):
        links = [name for name in folders if (Path(root) / name).is_symlink()]
        folders[:] = sorted(set(folders) - set(links))
        for name in sorted([*names, *links]):
            yield (Path(root) / name).relative_to(folder).as_posix()


def fingerprint(path: Path) -> str:
    """What tells a file's content, a link's target or a special file from another; never waits for a pipe."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return f"link {path.readlink()}"
        if not stat.S_ISREG(status.st_mode):
            return f"special {stat.S_IFMT(status.st_mode)}"
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    except OSError as error:
        return f"unreadable {error.strerror}"
    return digest.hexdigest()
