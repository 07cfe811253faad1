"""What must be as it was when the session began: the locked files of an export, and the evaluator among them."""

import hashlib
import posixpath
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from loop.brief.scope import REGULAR
from loop.workspace.objects import Blob

MODEL_PREFIX = "AR_MODEL_PREFIX"  # tells an evaluator what to put before the process that runs the model


def changed(export: Path, tree: Mapping[str, Blob], locked: Mapping[str, str]) -> Iterator[str]:
    """Locked files that this commit has otherwise, or whose exported bytes are not those that git names."""
    for path, sha in locked.items():
        blob, file = tree.get(path), export / path
        if blob is None or blob.sha != sha or (blob.mode in REGULAR and _name_of(file.read_bytes(), sha) != sha):
            yield path


def _name_of(data: bytes, like: str) -> str:
    """The object name of a file's bytes, in the hash of another name."""
    kind = hashlib.sha1 if len(like) == 40 else hashlib.sha256
    return kind(b"blob %d\0" % len(data) + data).hexdigest()


def knows_prefix(export: Path, line: str, locked: Mapping[str, str]) -> bool:
    """Whether the evaluator that a line names, as a script or a module, is locked and speaks of the prefix."""
    words = shlex.split(line)
    named = {*map(posixpath.normpath, words), *(f"{word.replace('.', '/')}.py" for word in words)}
    sources = [export / path for path in named & set(locked)]
    return any(MODEL_PREFIX.encode() in path.read_bytes() for path in sources if path.is_file())
