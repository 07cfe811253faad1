"""Documents, and their two parts: one to train on, one to score on, with nothing in both.

The default text is what every Python carries: the sources of its standard library and the language reference of
`pydoc_data`. A document is one file, or one topic of the reference. Of other text, a document is one file, one line of JSONL,
one row of Parquet, or what stands between two lines `<|endoftext|>`.
"""

from __future__ import annotations

import ast
import codecs
import contextlib
import hashlib
import json
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpt.data import DataError

BLOCK = 5  # consecutive non-blank lines that may not be in both parts
# Parts of the library that no training imports. The sandbox of a run leaves them out whole, and `Parts.val` of the library
# is taken from them alone: bytecode without docstrings still betrays names and constants of the text that it was made from.
HIDDEN = {"ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "tests", "tkinter", "turtle.py", "turtledemo"}
TABLES = {"encodings", "site-packages", "dist-packages", "__pycache__", "pydoc_data"}  # data, or not the library's
TESTS = {"test", "tests", "idle_test"}
TEXT_SUFFIXES = {".txt", ".md", ".rst", ".py"}
SUFFIXES = TEXT_SUFFIXES | {".jsonl", ".parquet"}
SEPARATOR = "<|endoftext|>"  # a line of its own between two documents, as in TinyStories
SECTION = 16_384  # characters, about: documents of a text that does not say where its own begin


@dataclass(frozen=True)
class Parts:
    """Documents of the two parts, after deduplication; `train` is read once, as it comes."""

    train: Iterator[str]
    val: list[str]


@dataclass(frozen=True)
class Texts:
    """Documents that can be read more than once: `read` begins anew."""

    read: Callable[[], Iterator[str]]

    def __iter__(self) -> Iterator[str]:
        return self.read()


# --- documents --------------------------------------------------------------------------------------------------------


def standard_library(*, tests: bool, hidden: bool = False) -> Iterator[str]:
    """Sources of the running Python's standard library, then the topics of its language reference.

    With `hidden`, those alone that no run can see.
    """
    root = Path(sysconfig.get_path("stdlib"))
    skipped = TABLES if tests else TABLES | TESTS
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        of_this_machine = parts[0].startswith(("config-", "_sysconfigdata"))
        is_wanted = not hidden or not HIDDEN.isdisjoint(parts)
        if is_wanted and not of_this_machine and skipped.isdisjoint(parts):
            yield from _read(path)
    yield from _topics(root / "pydoc_data" / "topics.py")


def _topics(path: Path) -> Iterator[str]:
    if path.exists():
        assignment = next(node for node in ast.parse(path.read_bytes()).body if isinstance(node, ast.Assign))
        yield from ast.literal_eval(assignment.value).values()


def own(paths: list[Path]) -> Iterator[str]:
    """The documents of these files, in their order; `paths` are those of `readable`.

    Raises:
        DataError: a file is not what its name says.

    """
    alone = len(paths) == 1
    for path in paths:
        yield from _documents_of(path, sections=alone)


def readable(paths: list[Path]) -> tuple[list[Path], list[Path]]:
    """(files whose every byte is UTF-8, the others), Parquet among the former.

    Raises:
        DataError: the only file, or one that holds nothing but documents (JSONL), is not in UTF-8.

    """
    bad = [path for path in paths if path.suffix != ".parquet" and not _is_utf8(path)]
    if broken := next((path for path in bad if len(paths) == 1 or path.suffix not in TEXT_SUFFIXES), None):
        raise DataError(f"{broken} is not in UTF-8")
    return [path for path in paths if path not in bad], bad


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while piece := file.read(1 << 20):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _documents_of(path: Path, *, sections: bool) -> Iterator[str]:
    if path.suffix == ".jsonl":
        yield from _lines_of_json(path)
    elif path.suffix == ".parquet":
        yield from _rows_of_parquet(path)
    elif path.suffix == ".txt":
        yield from _separated(path, sections=sections)
    else:
        yield path.read_text(encoding="utf-8")


def files(root: Path) -> list[Path]:
    """Every file of text below `root`, sorted; `root` itself where it is one.

    Raises:
        DataError: there is none.

    """
    found = sorted(path for path in ([root] if root.is_file() else root.rglob("*")) if path.suffix in SUFFIXES)
    if not found:
        raise DataError(f"{root}: no file of text there, of the kinds {' '.join(sorted(SUFFIXES))}")
    return found


def _separated(path: Path, *, sections: bool) -> Iterator[str]:
    """What stands between the separators of a file; where it has none, the file, whole or in sections."""
    piece: list[str] = []
    size, separated = 0, False
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            full = sections and not separated and size >= SECTION and not line.strip()
            if line.strip() == SEPARATOR or full:
                separated = separated or not full
                yield "".join(piece)
                piece, size = [], 0
            if line.strip() != SEPARATOR:
                piece.append(line)
                size += len(line)
    yield "".join(piece)


def _lines_of_json(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _text_of(line, f"{path}, line {number}")


def _text_of(line: str, where: str) -> str:
    try:
        text = json.loads(line)["text"]
    except (ValueError, KeyError, TypeError):
        raise DataError(f'{where}: it is not an object with a "text"') from None
    if not isinstance(text, str):
        raise DataError(f'{where}: its "text" is no string')
    return text.encode(errors="replace").decode()  # JSON can hold halves of characters, which no bytes stand for


def _rows_of_parquet(path: Path) -> Iterator[str]:
    """The column "text", a batch of rows in memory at once."""
    try:
        import pyarrow as pa  # noqa: PLC0415  (an extra: most corpora need none)
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise DataError(f"{path} is Parquet, which needs pyarrow: pip install 'ar-loop[data]'") from None
    try:
        file: Any = parquet.ParquetFile(path)
        if "text" not in file.schema_arrow.names:
            raise DataError(f'{path} has no column "text"; it has {", ".join(file.schema_arrow.names)}')
        for batch in file.iter_batches(batch_size=1024, columns=["text"]):
            yield from (text for text in batch.column(0).to_pylist() if text)
    except pa.ArrowException as error:
        raise DataError(f"{path} is no Parquet file that can be read: {str(error).splitlines()[0]}") from None


def _read(path: Path) -> Iterator[str]:
    with contextlib.suppress(UnicodeDecodeError):  # a few files of the tests are broken on purpose
        yield path.read_text(encoding="utf-8")


# --- two parts that share nothing -------------------------------------------------------------------------------------


def split(documents: Iterable[str], share: float, *, clip: int) -> Parts:
    """Set aside the documents whose content hash falls into the first `share`; clip each of them to `clip` bytes.

    Blocks of the training part that are also in the validation part are cut out of the former. The documents are gone
    through twice, and only the part that is set aside is held in memory.
    """
    limit = int(share * 2**64)
    drawn = {key: text for key, text in _distinct(documents) if int.from_bytes(key[:8], "big") < limit}
    return _parts(documents, dict(sorted(drawn.items())), clip=clip)


def apart(documents: Iterable[str], others: Iterable[str], *, clip: int, enough: int) -> Parts:
    """Set aside the first of the `others` that have `enough` characters in all, and train on nothing that is like them."""
    drawn: dict[bytes, str] = {}
    size = 0
    for key, text in _distinct(others):
        if size >= enough:
            break
        drawn[key] = text
        size += min(len(text), clip)
    return _parts(documents, drawn, clip=clip)


def _parts(documents: Iterable[str], drawn: dict[bytes, str], *, clip: int) -> Parts:
    val = [_clip(text, clip) for text in drawn.values()]
    held = {block for text in val for block in blocks(text)}
    train = (piece for key, text in _distinct(documents) if key not in drawn for piece in without(text, held))
    return Parts(train=train, val=val)


def _distinct(documents: Iterable[str]) -> Iterator[tuple[bytes, str]]:
    """(hash, text) of each document the first time that it comes."""
    seen: set[bytes] = set()
    for text in documents:
        key = digest(text)
        if text.strip() and key not in seen:
            seen.add(key)
            yield key, text


def digest(text: str) -> bytes:
    """What a document is known by, blanks at its ends aside."""
    return hashlib.sha256(text.strip().encode(errors="replace")).digest()[:16]


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
