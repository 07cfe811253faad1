"""Which files a proposal may edit: paths and globs of the brief, over the listing of a commit's tree. Pure.

A glob's `*` and `?` stay within one folder, `**` crosses folders, and a folder's name stands for all that is below it.
Nothing outside the tree, no symbolic link, nothing below one, no submodule and no file of git's own is ever in scope.
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
    """`tree` is every file of the commit by path; `locked` wins over `patterns`."""

    patterns: tuple[str, ...]
    tree: Mapping[str, File] = field(default_factory=dict)
    locked: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for pattern in (*self.patterns, *self.locked):
            _check(pattern)

    def files(self) -> tuple[str, ...]:
        """The files of the tree that may be edited, sorted. Raises BadInput where there is none."""
        found = tuple(sorted(path for path in self.tree if self.refusal(path) is None))
        if not found:
            raise BadInput(self._nothing())
        return found

    def refusal(self, path: str) -> str | None:
        """Why a path may not be written, in words; None where it may be. A path need not exist yet."""
        outside = _outside(path)
        if outside:
            return outside
        if not matches(path, self.patterns):
            return f"{path} is not in scope; only these are: {', '.join(self.patterns)}"
        if matches(path, self.locked):
            return f"{path} is locked"
        for parent in (path, *map(str, PurePosixPath(path).parents)):
            mode = self.tree[parent].mode if parent in self.tree else None
            if mode == LINK:
                return f"{parent} is a symbolic link; the files that it leads to are not in scope"
            if mode == SUBMODULE or (mode is not None and parent != path):
                return f"{parent} is not a folder of this repository"
        plain = path not in self.tree or self.tree[path].mode in REGULAR
        return None if plain else f"{path} is not a plain file"

    def _nothing(self) -> str:
        named = ", ".join(self.patterns)
        reasons = [reason for path in self.patterns if path in self.tree and (reason := self.refusal(path))]
        why = reasons[0] if reasons else "no committed file matches"
        return f"The scope {named} holds nothing that can be edited: {why}. Name a committed file, folder or glob."


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path is one of the patterns, or lies below one."""
    return any(_compiled(pattern).fullmatch(path) for pattern in patterns)


def _outside(path: str) -> str | None:
    parts = path.split("/")
    if path.startswith(("/", "~")) or "\\" in path or "\0" in path or ".." in parts or "." in parts or "" in parts:
        return f"{path!r} is not a plain path below the repository's root"
    if any(part.lower() == ".git" for part in parts):
        return f"{path} belongs to git"
    return None


def _check(pattern: str) -> None:
    trimmed = pattern.removesuffix("/")
    problem = _outside(trimmed) if trimmed else "an empty pattern matches nothing"
    if problem:
        raise BadInput(
            f"The pattern {pattern!r} cannot be used: {problem}. Use paths from the root, such as `gpt/train.py`."
        )


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    translated = "".join(
        map(_translate, re.findall(r"\*\*/|\*\*|\*|\?|\[[^\]]+\]|.", pattern.removesuffix("/"), re.DOTALL))
    )
    return re.compile(rf"{translated}(/.*)?", re.DOTALL)


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
