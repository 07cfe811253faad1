"""Which files a proposal may edit: paths and globs of the brief over the files of a commit's tree. Pure.

In a glob `*` and `?` stay within one folder, and `**` crosses folders. A folder's name includes everything below it.
Paths outside the tree, symbolic links and paths below them, submodules and git's own files are never in scope.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Protocol

from loop.errors import BadInput

REGULAR = frozenset({"100644", "100755"})  # git's modes of plain files
LINK, SUBMODULE = "120000", "160000"


class File(Protocol):
    """A file of a commit's tree; `mode` as git writes it."""

    @property
    def mode(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Scope:
    """`tree` maps path -> file of the commit; `locked` takes precedence over `patterns`. Raises BadInput for a bad pattern."""

    patterns: tuple[str, ...]
    tree: Mapping[str, File] = field(default_factory=dict)
    locked: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for pattern in (*self.patterns, *self.locked):
            _check_pattern(pattern)

    def files(self) -> tuple[str, ...]:
        """The files of the tree that a proposal may edit, sorted. Raises BadInput if there is none."""
        found = tuple(sorted(path for path in self.tree if self.refusal(path) is None))
        if not found:
            raise BadInput(self._empty_message())
        return found

    def refusal(self, path: str) -> str | None:
        """Why a proposal may not write a path, as a clause; None if it may. The path need not exist yet."""
        if problem := _path_problem(path):
            return problem
        if not matches(path, self.patterns):
            return f"{path} is not in scope; the scope is {', '.join(self.patterns)}"
        if matches(path, self.locked):
            return f"{path} is locked"
        for parent in (path, *map(str, PurePosixPath(path).parents)):
            mode = self.tree[parent].mode if parent in self.tree else None
            if mode == LINK:
                return f"{parent} is a symbolic link, which is never in scope"
            if mode == SUBMODULE or (mode is not None and parent != path):
                return f"{parent} is not a folder of this repository"
        is_plain = path not in self.tree or self.tree[path].mode in REGULAR
        return None if is_plain else f"{path} is not a plain file"

    def _empty_message(self) -> str:
        found = (path for path in self.tree if matches(path, self.patterns))
        why = next((reason for path in found if (reason := self.refusal(path))), "no committed file matches")
        return (
            f"The scope {', '.join(self.patterns)} has no file to edit: {why}. Name a committed file, folder or glob."
        )


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path matches one of the patterns, or is below a path that does."""
    return any(_regex(pattern).fullmatch(path) for pattern in patterns)


def is_locked(path: str, scope: Iterable[str], locked: Iterable[str]) -> bool:
    """Whether a file may not change and is verified before each evaluation; `locked` wins over `scope`."""
    return not matches(path, scope) or matches(path, locked)


def _path_problem(path: str) -> str | None:
    parts = path.split("/")
    if path.startswith(("/", "~")) or "\\" in path or "\0" in path or ".." in parts or "." in parts or "" in parts:
        return f"{path!r} is not a plain path below the repository's root"
    if not path.isprintable():
        return f"{path!r} has control characters, which a diff cannot hold: rename the file"
    if any(part.lower() == ".git" for part in parts):
        return f"{path} belongs to git"
    return None


def _check_pattern(pattern: str) -> None:
    path = pattern.removesuffix("/")
    problem = _path_problem(path) if path else "an empty pattern matches nothing"
    if problem:
        raise BadInput(
            f"The pattern {pattern!r} cannot be used: {problem}. Use paths from the root, such as `gpt/train.py`."
        )


@lru_cache(maxsize=256)
def _regex(pattern: str) -> re.Pattern[str]:
    tokens = re.findall(r"\*\*/|\*\*|\*|\?|\[[^\]]+\]|.", pattern.removesuffix("/"), re.DOTALL)
    return re.compile(rf"{''.join(map(_translate, tokens))}(/.*)?", re.DOTALL)


def _translate(token: str) -> str:
    match token:
        case "**/":
            return "(?:[^/]+/)*"
        case "**":
            return ".*"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
        case _ if token.startswith("[") and len(token) > 2:
            return "[^" + token[2:] if token[1] == "!" else token
        case _:
            return re.escape(token)
