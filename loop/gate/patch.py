"""Unified diffs of texts: made, applied to the same text, moved to another text, and undone below later changes. Pure."""

import difflib
import itertools
import re
from collections.abc import Iterator, Mapping

from loop.errors import WorkspaceError

NO_NEWLINE = "\\ No newline at end of file"
CONTEXT = 3  # lines around a change in a diff
_HUNK = re.compile(r"^@@ -(\d{1,9})(?:,(\d{1,9}))? \+\d+(?:,\d+)? @@", re.ASCII)


def unified(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """One diff over the files of `after`; a missing last newline is marked as git marks it."""
    return "".join(_file_diff(path, before.get(path, ""), after[path]) for path in sorted(after))


def count_lines(diff: str) -> tuple[int, int]:
    """How many lines a diff adds and removes."""
    body = [line for _, hunks in _by_file(diff) for line in hunks]
    return sum(line.startswith("+") for line in body), sum(line.startswith("-") for line in body)


def apply(diff: str, before: Mapping[str, str]) -> dict[str, str]:
    """The texts of the files that a diff changes, after it. Raises WorkspaceError if the diff was made on other texts."""
    return {path: _patched(path, before.get(path, ""), hunks) for path, hunks in _by_file(diff)}


def undo(before: Mapping[str, str], after: Mapping[str, str], current: Mapping[str, str]) -> dict[str, str]:
    """The current texts of the files that changed from `before` to `after`, without that change.

    Raises WorkspaceError, with a clause about the change, if a later change edited the same lines.
    """
    paths = [path for path in sorted(after) if before.get(path) != after[path]]
    return {path: _undo_file(path, before.get(path), after[path], current.get(path)) for path in paths}


def rebase(diff: str, onto: Mapping[str, str]) -> dict[str, str] | None:
    """The same edits on other texts: each at the one place with its old lines and as many lines around them as possible.

    None if an edit fits nowhere, or in more than one place.
    """
    texts: dict[str, str] = {}
    for path, hunks in _by_file(diff):
        text: str | None = onto.get(path, "")
        for hunk in _hunks(hunks):
            text = _place_hunk(hunk, text)
            if text is None:
                return None
        texts[path] = text or ""
    return texts


Span = tuple[int, int, tuple[str, ...]]  # first line, line after the last, and the lines that replace them


def _undo_file(path: str, before: str | None, after: str, current: str | None) -> str:
    """A merge of two changes of one text: back to `before`, and on to `current`."""
    if before is None or current is None:
        verb = "created" if before is None else "edited"
        raise WorkspaceError(f"it {verb} {path}, which cannot be undone line by line.")
    lines, later = _split(after), _spans(after, current)
    undoing = [span for span in _spans(after, before) if span not in later]  # what is in both is undone already
    for start, end, _ in undoing:
        if any(_overlap((start, end), (first, last)) for first, last, _ in later):
            line = lines[min(start, len(lines) - 1)].strip() if lines else ""
            raise WorkspaceError(
                f"a later change edited the same lines of {path}, near line {start + 1}: {line[:80]!r}."
            )
    for start, end, replacement in sorted(
        (*undoing, *later), reverse=True
    ):  # from the end, so that line numbers stay right
        lines[start:end] = replacement
    return "".join(lines)


def _spans(before: str, after: str) -> list[Span]:
    old, new = _split(before), _split(after)
    steps = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(i, j, tuple(new[k:m])) for kind, i, j, k, m in steps if kind != "equal"]


def _overlap(span: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two spans share a line, or insert at the same place."""
    return span == other or (span[0] < other[1] and other[0] < span[1])


def _file_diff(path: str, old: str, new: str) -> str:
    lines = difflib.unified_diff(_split(old), _split(new), fromfile=f"a/{path}", tofile=f"b/{path}")
    return "".join(line if line.endswith("\n") else f"{line}\n{NO_NEWLINE}\n" for line in lines)


def _split(text: str) -> list[str]:
    """Lines as git counts them: only a line feed ends one."""
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _by_file(diff: str) -> Iterator[tuple[str, list[str]]]:
    path: str = ""
    hunks: list[str] = []
    for line in diff.split("\n")[:-1]:
        if line.startswith("--- a/") and (not hunks or _is_complete(hunks)):
            if path:
                yield path, hunks
            path, hunks = line.removeprefix("--- a/"), []
        elif not (line.startswith("+++ b/") and not hunks):
            hunks.append(line)
    if path:
        yield path, hunks


def _is_complete(hunks: list[str]) -> bool:
    """Whether the last hunk has all its old lines, so that a following `---` begins another file."""
    start = max((index for index, line in enumerate(hunks) if _HUNK.match(line)), default=0)
    match = _HUNK.match(hunks[start])
    count = int(match[2] or 1) if match else 0
    return sum(line[:1] in (" ", "-") for line in hunks[start + 1 :]) >= count


def _patched(path: str, text: str, hunks: list[str]) -> str:
    old = _split(text)
    new: list[str] = []
    at = 0
    for index, line in enumerate(hunks):
        end = "" if index + 1 < len(hunks) and hunks[index + 1] == NO_NEWLINE else "\n"
        if match := _HUNK.match(line):
            start = int(match[1]) - (0 if match[2] == "0" else 1)
            new += old[at:start]
            at = start
        elif line[:1] == "+":
            new.append(line[1:] + end)
        elif line[:1] in ("-", " "):
            if at >= len(old) or old[at] != line[1:] + end:
                raise WorkspaceError(f"The diff does not fit {path} at line {at + 1}: it was made on another text.")
            new += [old[at]] if line[0] == " " else []
            at += 1
    return "".join(new + old[at:])


def _hunks(lines: list[str]) -> Iterator[list[str]]:
    """The lines of each hunk, signed, each with the line end that it has in its file."""
    body: list[str] = []
    for index, line in enumerate(lines):
        end = "" if index + 1 < len(lines) and lines[index + 1] == NO_NEWLINE else "\n"
        if _HUNK.match(line):
            if body:
                yield body
            body = []
        elif line != NO_NEWLINE:
            body.append(line + end)
    yield body


def _place_hunk(hunk: list[str], text: str | None) -> str | None:
    """A text with one hunk's edit, at the only place with its old lines and at most CONTEXT lines around them; else None."""
    changed = [index for index, line in enumerate(hunk) if line[0] != " "]
    if not changed:
        return text
    lines = _split(text or "")
    for above, below in sorted(itertools.product(range(CONTEXT + 1), repeat=2), key=sum, reverse=True):
        part = hunk[max(0, changed[0] - above) : changed[-1] + below + 1]
        old = [line[1:] for line in part if line[0] != "+"]
        places = [at for at in range(len(lines) - len(old) + 1) if old and lines[at : at + len(old)] == old]
        if len(places) == 1:
            new = [line[1:] for line in part if line[0] != "-"]
            return "".join([*lines[: places[0]], *new, *lines[places[0] + len(old) :]])
    return None
