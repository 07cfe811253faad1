"""Unified diffs of texts: made, and applied again to exactly the text they were made on. Pure."""

import difflib
import re
from collections.abc import Iterator, Mapping

from loop.errors import WorkspaceError

NO_NEWLINE = "\\ No newline at end of file"
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
