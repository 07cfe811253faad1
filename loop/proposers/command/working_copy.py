"""What an agent did to its copy of a tree: the files that it changed, created or deleted.

An agent may leave links, devices, named pipes, huge files and names that are no text behind, so this follows no link and opens
plain files only. It starts no git: the agent may have edited the configuration of its copy.
"""

import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from journal import untrusted

CHUNK = 1 << 20
LARGE = 64 << 20  # bytes from which a file is known by its size and time: a sparse one may claim more than a disk holds
MAX_BYTES = 1_000_000  # of a text; the gate allows less
REPOSITORY = ".git"
BYPRODUCTS = re.compile(r"(^|/)(\.[^/]+|__pycache__|node_modules|[^/]+\.egg-info)(/|$)|\.(pyc|log|tmp|bak|orig)$")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Paths from the root of the copy. `created` is without the by-products of tools: caches, logs, hidden files."""

    changed: tuple[str, ...]
    created: tuple[str, ...]
    deleted: tuple[str, ...]


def remove(folder: Path | None) -> None:
    """Remove a copy, also if the agent has withdrawn permissions in it."""
    if folder is None or not folder.is_dir() or folder.is_symlink():
        return
    folder.chmod(0o700)
    for root, names, _ in os.walk(folder, followlinks=False):
        for path in (Path(root) / name for name in names):
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def snapshot(folder: Path) -> dict[str, str]:
    """Path -> a fingerprint of what is there."""
    return {path: fingerprint(folder / path) for path in _paths(folder)}


def difference(before: Mapping[str, str], folder: Path) -> Difference:
    """The difference since a snapshot. Raises ValueError if the folder is gone or a link."""
    if folder.is_symlink() or not folder.is_dir():
        raise ValueError("the copy itself was removed")
    after = set(_paths(folder))
    return Difference(
        changed=tuple(path for path in before if path in after and fingerprint(folder / path) != before[path]),
        created=tuple(sorted(path for path in after if path not in before and not BYPRODUCTS.search(path))),
        deleted=tuple(path for path in before if path not in after),
    )


def text(path: Path) -> str:
    """The text of a plain file. Raises UntrustedInput, a ValueError, if it is not one."""
    data = untrusted.read_file(path, max_bytes=MAX_BYTES)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise untrusted.UntrustedInput("it is not UTF-8 text") from error


def _paths(folder: Path) -> Iterator[str]:
    """Everything below a folder but folders and repositories, sorted; links to folders included."""
    for root, folders, names in os.walk(folder, followlinks=False):
        links = [name for name in folders if (Path(root) / name).is_symlink()]
        folders[:] = sorted(set(folders) - set(links) - {REPOSITORY})
        for name in sorted([*names, *links]):
            if name != REPOSITORY:
                yield (Path(root) / name).relative_to(folder).as_posix()


def fingerprint(path: Path) -> str:
    """A text that differs for another content, link target or special file; does not block on a pipe."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return f"link {path.readlink()}"
        if not stat.S_ISREG(status.st_mode):
            return f"special {stat.S_IFMT(status.st_mode)}"
        if status.st_size > LARGE:
            return f"large {status.st_size} {status.st_mtime_ns}"
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    except OSError as error:
        return f"unreadable {error.strerror}"
    return digest.hexdigest()
