"""Documents, and their two parts: one to train on, one to score on, with nothing in both.

The default text is what every Python carries: the sources of its standard library and the language reference of
`pydoc_data`. A document is one file, or one topic of the reference.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = 5  # consecutive non-blank lines that may not be in both parts
TABLES = {"encodings", "site-packages", "dist-packages", "__pycache__", "pydoc_data"}  # data, or not the library's
TESTS = {"test", "tests", "idle_test"}
TEXT_SUFFIXES = {".txt", ".md", ".rst", ".py"}


@dataclass(frozen=True)
class Parts:
    """Documents of the two parts, after deduplication."""

    train: list[str]
    val: list[str]


# --- documents --------------------------------------------------------------------------------------------------------


def standard_library(*, tests: bool) -> Iterator[str]:
    """Sources of the running Python's standard library, then the topics of its language reference."""
    root = Path(sysconfig.get_path("stdlib"))
    skipped = TABLES if tests else TABLES | TESTS
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        of_this_machine = parts[0].startswith(("config-", "_sysconfigdata"))
        if not of_this_machine and skipped.isdisjoint(parts):
            yield from _read(path)
    yield from _topics(root / "pydoc_data" / "topics.py")


def _topics(path: Path) -> Iterator[str]:
    if path.exists():
        assignment = next(node for node in ast.parse(path.read_bytes()).body if isinstance(node, ast.Assign))
        yield from ast.literal_eval(assignment.value).values()


def folder_of_text(root: Path) -> Iterator[str]:
    """Every .txt, .md, .rst and .py file below `root` is a document; so is the "text" of every line of a .jsonl file."""
    for path in sorted(root.rglob("*")):
        if path.suffix == ".jsonl":
            with path.open(encoding="utf-8") as lines:
                yield from (json.loads(line)["text"] for line in lines if line.strip())
        elif path.suffix in TEXT_SUFFIXES:
            yield from _read(path)


def _read(path: Path) -> Iterator[str]:
    with contextlib.suppress(UnicodeDecodeError):  # a few files of the tests are broken on purpose
        yield path.read_text(encoding="utf-8")


# --- two parts that share nothing -------------------------------------------------------------------------------------


def split(documents: Iterable[str], share: float, *, clip: int) -> Parts:
    """Set aside the documents whose content hash falls into the first `share`; clip each of them to `clip` bytes.

    Blocks of the training part that are also in the validation part are cut out of the former.
    """
    distinct = {hashlib.sha256(text.strip().encode()).digest(): text for text in documents if text.strip()}
    limit = int(share * 2**64)
    drawn = {key: int.from_bytes(key[:8], "big") < limit for key in distinct}
    val = [_clip(text, clip) for key, text in sorted(distinct.items()) if drawn[key]]
    held = {block for text in val for block in blocks(text)}
    train = [piece for key, text in distinct.items() if not drawn[key] for piece in without(text, held)]
    return Parts(train=train, val=val)


def _clip(text: str, size: int) -> str:
    head = text.encode()[:size].decode(errors="ignore")
    return text if head == text else head[: head.rfind("\n") + 1] or head


def blocks(text: str) -> Iterator[int]:
    """Hashes of every run of BLOCK non-blank lines, indentation aside."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    yield from (_digest(lines[at : at + BLOCK]) for at in range(len(lines) - BLOCK + 1))


def without(text: str, held: set[int]) -> Iterator[str]:
    """The pieces of `text` that are left when every line of a held block is taken out."""
    lines = text.splitlines(keepends=True)
    solid = [number for number, line in enumerate(lines) if line.strip()]
    hit: set[int] = set()
    for at in range(len(solid) - BLOCK + 1):
        run = solid[at : at + BLOCK]
        if _digest([lines[number].strip() for number in run]) in held:
            hit.update(run)
    piece: list[str] = []
    for number, line in enumerate(lines):
        if number in hit:
            yield from _solid(piece)
            piece = []
        else:
            piece.append(line)
    yield from _solid(piece)


def _solid(piece: list[str]) -> Iterator[str]:
    if any(line.strip() for line in piece):
        yield "".join(piece)


def _digest(lines: list[str]) -> int:
    return int.from_bytes(hashlib.blake2b("\n".join(lines).encode(), digest_size=8).digest(), "big")
