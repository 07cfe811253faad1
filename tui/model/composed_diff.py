"""Several unified diffs, each against the file that the one before made, as one diff against the first file. Pure.

The first file itself is not needed: what a diff does not show of it stays a run of lines without text.
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct, field

CONTEXT = 3  # lines around a change
REST = 10**9  # lines: more than a file has
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")

Piece = tuple[int, int, str]  # first original line and number of lines, or (0, 1, text of a new line)
Change = tuple[int, list[str], list[str]]  # first original line, removed lines, added lines


class DiffMismatch(ValueError):
    """A diff does not continue the one before it."""


class Hunk(Struct, frozen=True):
    """A hunk: lines of the old file before it, and its own lines with their signs."""

    before: int
    lines: list[str]


class SparseFile(Struct):
    """A file of which some lines are known: pieces of the original, and new lines between them."""

    pieces: list[Piece]
    known: dict[int, str] = field(default_factory=dict)  # original line -> its text

    def apply(self, hunks: Sequence[Hunk]) -> None:
        """Change the file as a diff says. Raises DiffMismatch."""
        source, result, position = self._lines(), list[Piece](), 0
        for hunk in hunks:
            position += _copy(source, result, hunk.before - position)
            for line in hunk.lines:
                sign, text = line[:1], line[1:]
                if sign == "+":
                    result.append((0, 1, text))
                    continue
                piece = source.take(1)
                if piece[0]:
                    self.known[piece[0]] = text
                if sign != "-":
                    result.append(piece)
                position += 1
        result.extend(source.rest())
        self.pieces = result

    def _lines(self) -> "_Source":
        return _Source(self.pieces)

    def changes(self) -> Iterator[Change]:
        """Where the file differs from the original: original lines that are gone, and the lines in their place."""
        expected, added = 1, list[str]()
        for first, count, text in [*self.pieces, (REST, 1, "")]:
            if not first:
                added.append(text)
                continue
            removed = [self.known.get(line, "") for line in range(expected, first)] if first < REST else []
            if removed or added:
                yield _trimmed(expected, removed, added)
            expected, added = first + count, []


class _Source:
    """Takes lines from the front of a list of pieces."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = list(reversed(pieces))

    def take(self, count: int) -> Piece:
        """The next piece, at most so many lines of it. Raises DiffMismatch at the end of the file."""
        if not self._pieces:
            raise DiffMismatch
        first, length, text = self._pieces.pop()
        if length > count:
            self._pieces.append((first + count, length - count, text))
        return first, min(length, count), text

    def rest(self) -> Iterator[Piece]:
        return reversed(self._pieces)


def _copy(source: _Source, result: list[Piece], count: int) -> int:
    left = count
    while left > 0:
        piece = source.take(left)
        result.append(piece)
        left -= piece[1]
    return max(0, count)


def _trimmed(first: int, removed: list[str], added: list[str]) -> Change:
    """Without the equal lines at both ends: a line that was changed and changed back is none."""
    start = 0
    while start < min(len(removed), len(added)) and removed[start] == added[start]:
        start += 1
    end = 0
    while end < min(len(removed), len(added)) - start and removed[-1 - end] == added[-1 - end]:
        end += 1
    return first + start, removed[start : len(removed) - end], added[start : len(added) - end]


def compose(diffs: Sequence[str]) -> str:
    """One diff for a sequence of them, the first one first. Raises DiffMismatch if one does not continue the one before."""
    files: dict[str, SparseFile] = {}
    for diff in diffs:
        for path, hunks, is_new in _parse(diff):
            file = files.setdefault(path, SparseFile([] if is_new else [(1, REST, "")]))
            file.apply(hunks)
    return "".join(_render(path, file) for path, file in files.items())


def _parse(diff: str) -> Iterator[tuple[str, list[Hunk], bool]]:
    """Path, hunks, and whether the file is new, for each file of a diff."""
    path, hunks, is_new, left = "", list[Hunk](), False, 0
    for line in diff.splitlines():
        match = _HUNK.match(line)
        if left <= 0 and line.startswith("--- "):
            if path:
                yield path, hunks, is_new
            path, hunks, is_new = _path(line), [], line[4:].startswith("/dev/null")
        elif left <= 0 and line.startswith("+++ "):
            path = path if line[4:].startswith("/dev/null") else _path(line)
        elif match is not None and left <= 0:
            old = int(match.group(2) or 1)
            left = old + _new_lines(line)
            hunks.append(Hunk(int(match.group(1)) - (old > 0), []))
        elif hunks and left > 0 and line[:1] in ("+", "-", " ", ""):
            hunks[-1].lines.append(line or " ")
            left -= 1 if line[:1] in ("+", "-") else 2
    if path:
        yield path, hunks, is_new


def _new_lines(header: str) -> int:
    count = re.search(r"\+\d+(?:,(\d+))? @@", header)
    return int(count.group(1) or 1) if count else 0


def _path(line: str) -> str:
    name = line[4:].split("\t", maxsplit=1)[0]
    return name[2:] if name[:2] in ("a/", "b/") else name


def _render(path: str, file: SparseFile) -> str:
    """The diff of one file; the lines around a change as far as they are known, each once."""
    changes = [change for change in file.changes() if change[1] or change[2]]
    if not changes:
        return ""
    lines, shift, free = [f"--- a/{path}", f"+++ b/{path}"], 0, 1
    for (first, removed, added), following in zip(changes, [*changes[1:], (REST, [], [])], strict=True):
        before = _known(file, range(first - 1, max(free, first - CONTEXT) - 1, -1))[::-1]
        end = first + len(removed)
        after = _known(file, range(end, min(following[0], end + CONTEXT)))
        start, size, free = first - len(before), len(before) + len(after), end + len(after)
        lines.append(f"@@ {_range('-', start, size + len(removed))} {_range('+', start + shift, size + len(added))} @@")
        lines += [
            *(f" {text}" for text in before),
            *(f"-{text}" for text in removed),
            *(f"+{text}" for text in added),
            *(f" {text}" for text in after),
        ]
        shift += len(added) - len(removed)
    return "\n".join(lines) + "\n"


def _range(sign: str, start: int, count: int) -> str:
    """Lines of a hunk; one without lines is named by the line before it."""
    return f"{sign}{start if count else start - 1},{count}"


def _known(file: SparseFile, numbers: Sequence[int]) -> list[str]:
    """The texts of these lines up to the first that is not known."""
    found = []
    for number in numbers:
        if number not in file.known:
            break
        found.append(file.known[number])
    return found
