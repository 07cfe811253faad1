"""Git's loose objects, read as plain files: no git is run (gitformat-loose(5): one zlib stream, `kind size NUL content`)."""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

FOLDER = "40000"  # mode of a tree within a tree
_TREE = re.compile(rb"tree ([0-9a-f]+)\n")


def content(store: Path, name: str) -> bytes | None:
    """What an object holds; None where there is no such file: it is packed, or was never there."""
    try:
        stored = zlib.decompress((store / "objects" / name[:2] / name[2:]).read_bytes())
    except (OSError, zlib.error):
        return None
    return stored.partition(b"\0")[2]


def text(store: Path, name: str) -> str | None:
    """The same, as text."""
    found = content(store, name)
    return None if found is None else found.decode(errors="replace")


def notes(store: Path, tip: str) -> dict[str, str | None]:
    """Commit -> its note (git-notes(1)), of the notes whose newest commit is `tip`; None: packed, of one note or of all."""
    found = _TREE.match(content(store, tip) or b"")
    return dict(_leaves(store, found[1].decode(), "")) if found else {tip: None}


def _leaves(store: Path, tree: str, above: str) -> Iterator[tuple[str, str | None]]:
    """The texts in a tree, by path without slashes: git spreads many notes over folders named by the first digits."""
    stored = content(store, tree)
    if stored is None:
        yield tree, None
    rest, size = stored or b"", len(tree) // 2
    while rest:
        head, _, rest = rest.partition(b"\0")
        mode, _, name = head.decode(errors="replace").partition(" ")
        found, rest = rest[:size].hex(), rest[size:]
        if mode == FOLDER:
            yield from _leaves(store, found, above + name)
        else:
            yield above + name, text(store, found)
