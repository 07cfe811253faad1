"""Unified diffs of texts: made, applied again to exactly the text they were made on, and undone under later changes. Pure."""

import difflib
import itertools
import re
from collections.abc import Iterator, Mapping

from loop.errors import WorkspaceError

NO_NEWLINE = "\\ No newline at end of file"
CONTEXT = 3  # lines around a change in a diff
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")


def unified(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """One diff over the files of `after`; a text without a last newline is marked as git marks it."""
    return "".join(_file(path, before.get(path, ""), after[path]) for path in sorted(after))


def lines(diff: str) -> tuple[int, int]:
    """How many lines a diff adds and removes."""
    body = [line for _, hunks in _by_file(diff) for line in hunks]
    return sum(line.startswith("+") for line in body), sum(line.startswith("-") for line in body)


def apply(diff: str, before: Mapping[str, str]) -> dict[str, str]:
    """The texts of the files that a diff touches, after it. Raises WorkspaceError where the texts are not the diff's own."""
    return {path: _patched(path, before.get(path, ""), hunks) for path, hunks in _by_file(diff)}


def undone(was: Mapping[str, str], made: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """The files that changed from `was` to `made`, as they are `now` but without that change.

    Raises WorkspaceError, in words for the person who wants it undone, where a later change touched the same lines.
    """
    paths = [path for path in sorted(made) if was.get(path) != made[path]]
    return {path: _without(path, was.get(path), made[path], now.get(path)) for path in paths}


Span = tuple[int, int, tuple[str, ...]]  # lines of a text from, up to, and what stands there instead


def _without(path: str, was: str | None, made: str, now: str | None) -> str:
    """A merge of two changes of one text: back to `was`, and on to `now`."""
    if was is None or now is None:
        raise WorkspaceError(
            f"it {'created' if was is None else 'edited'} {path}, which cannot be undone line by line."
        )
    lines, later = _split(made), _spans(made, now)
    undoing = [span for span in _spans(made, was) if span not in later]  # what is in both is undone already
    for start, end, _ in undoing:
        if any(_meet((start, end), (first, last)) for first, last, _ in later):
            line = lines[min(start, len(lines) - 1)].strip() if lines else ""
            raise WorkspaceError(
                f"a later change edited the same lines of {path}, near line {start + 1}: {line[:80]!r}."
            )
    for start, end, instead in sorted((*undoing, *later), reverse=True):  # from the end, so that places stay right
        lines[start:end] = instead
    return "".join(lines)


def _spans(before: str, after: str) -> list[Span]:
    old, new = _split(before), _split(after)
    steps = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(i, j, tuple(new[k:m])) for kind, i, j, k, m in steps if kind != "equal"]


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two spans share a line, or insert at one place."""
    return one == other or (one[0] < other[1] and other[0] < one[1])


def rebase(diff: str, onto: Mapping[str, str]) -> dict[str, str] | None:
    """The same edits on other texts: each where its old lines stand once, with as much around them as still does.

    None where one does not fit, or fits in more than one place.
    """
    texts: dict[str, str] = {}
    for path, hunks in _by_file(diff):
        text: str | None = onto.get(path, "")
        for hunk in _hunks(hunks):
            text = _moved(hunk, text)
            if text is None:
                return None
        texts[path] = text or ""
    return texts


def _file(path: str, old: str, new: str) -> str:
    told = difflib.unified_diff(_split(old), _split(new), fromfile=f"a/{path}", tofile=f"b/{path}")
    return "".join(line if line.endswith("\n") else f"{line}\n{NO_NEWLINE}\n" for line in told)


def _split(text: str) -> list[str]:
    """Lines as git counts them: ended by a line feed and by nothing else."""
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _by_file(diff: str) -> Iterator[tuple[str, list[str]]]:
    path: str = ""
    hunks: list[str] = []
    for line in diff.split("\n")[:-1]:
        if line.startswith("--- a/") and (not hunks or _complete(hunks)):
            if path:
                yield path, hunks
            path, hunks = line.removeprefix("--- a/"), []
        elif not (line.startswith("+++ b/") and not hunks):
            hunks.append(line)
    if path:
        yield path, hunks


def _complete(hunks: list[str]) -> bool:
    """Whether the last hunk has all its old lines, so that a following `---` begins another file."""
    start = max(index for index, line in enumerate(hunks) if _HUNK.match(line))
    match = _HUNK.match(hunks[start])
    wanted = int(match[2] or 1) if match else 0
    return sum(line[:1] in (" ", "-") for line in hunks[start + 1 :]) >= wanted


def _patched(path: str, text: str, hunks: list[str]) -> str:
    old = _split(text)
    new: list[str] = []
    at = 0
    for index, line in enumerate(hunks):
        ended = "" if index + 1 < len(hunks) and hunks[index + 1] == NO_NEWLINE else "\n"
        if match := _HUNK.match(line):
            start = int(match[1]) - (0 if match[2] == "0" else 1)
            new += old[at:start]
            at = start
        elif line[:1] == "+":
            new.append(line[1:] + ended)
        elif line[:1] in ("-", " "):
            if at >= len(old) or old[at] != line[1:] + ended:
                raise WorkspaceError(f"The diff does not fit {path} at line {at + 1}: it was made on another text.")
            new += [old[at]] if line[0] == " " else []
            at += 1
    return "".join(new + old[at:])


def _hunks(lines: list[str]) -> Iterator[list[str]]:
    """The lines of each hunk, signed, each with the end that it has in its file."""
    body: list[str] = []
    for index, line in enumerate(lines):
        ended = "" if index + 1 < len(lines) and lines[index + 1] == NO_NEWLINE else "\n"
        if _HUNK.match(line):
            if body:
                yield body
            body = []
        elif line != NO_NEWLINE:
            body.append(line + ended)
    yield body


def _moved(hunk: list[str], text: str | None) -> str | None:
    """A text with one hunk's edit, found by its old lines and at most three lines around them."""
    changed = [index for index, line in enumerate(hunk) if line[0] != " "]
    lines = _split(text or "")
    for above, below in sorted(itertools.product(range(CONTEXT + 1), repeat=2), key=sum, reverse=True):
        part = hunk[max(0, changed[0] - above) : changed[-1] + below + 1]
        old = [line[1:] for line in part if line[0] != "+"]
        places = [at for at in range(len(lines) - len(old) + 1) if old and lines[at : at + len(old)] == old]
        if len(places) == 1:
            new = [line[1:] for line in part if line[0] != "-"]
            return "".join([*lines[: places[0]], *new, *lines[places[0] + len(old) :]])
    return None
