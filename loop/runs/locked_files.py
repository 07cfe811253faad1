"""The locked files of an export, which must be the same as at the session's start; the evaluator is one of them."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from loop.brief.scope import REGULAR
from loop.workspace.objects import Blob


def changed_files(export: Path, tree: Mapping[str, Blob], locked: Mapping[str, str]) -> Iterator[str]:
    """Locked files that differ in this commit, or whose exported bytes do not have their object name."""
    for path, sha in locked.items():
        blob, file = tree.get(path), export / path
        if blob is None or blob.sha != sha or (blob.mode in REGULAR and _object_name(file.read_bytes(), sha) != sha):
            yield path


def _object_name(data: bytes, other: str) -> str:
    """Git's object name of a file's bytes, with the hash function of another name."""
    algorithm = hashlib.sha1 if len(other) == 40 else hashlib.sha256
    return algorithm(b"blob %d\0" % len(data) + data).hexdigest()
