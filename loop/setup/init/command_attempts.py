"""The commands that `init` tries, one after the other, until one prints a metric, each with the files that may be edited."""

import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from loop.errors import BadInput
from loop.setup.init import suggest
from loop.setup.init.draft import Draft

COMMANDS = ("train", "evaluate")


class Ask(Protocol):
    """Asks for the value of a key."""

    def __call__(self, key: str, *, default: str | None = None) -> str: ...


def attempts(draft: Draft, keys: Mapping[str, object], ask: Ask) -> list[dict[str, object]]:
    """The keys with `train` and `scope`, first those that are stated or answered, then those of the other likely commands."""
    root, tree = draft.workspace.root, draft.workspace.tree(draft.workspace.head())
    likely = [] if keys.get("train") else suggest.trains(root, tree, keys.get("scope"), goal=str(keys["goal"]))
    lines = _usable(draft, likely)
    train = str(keys.get("train") or ask("train", default=lines[0] if lines else None))
    others = lines[1:] if lines and train == lines[0] else []
    scope = keys.get("scope") or shlex.split(ask("scope", default=shlex.join(suggest.scope(train, root, tree)) or None))
    found = [{**keys, "train": train, "scope": scope}]
    scopes = [keys.get("scope") or suggest.scope(line, root, tree) for line in others]
    found += [{**keys, "train": line, "scope": files} for line, files in zip(others, scopes, strict=True) if files]
    full = [
        {key: suggest.with_full_path(str(row[key]), root, tree) for key in COMMANDS if row.get(key)} for row in found
    ]
    return [row | programs for row, programs in zip(found, full, strict=True)]


def _usable(draft: Draft, lines: Sequence[str]) -> list[str]:
    """The command lines that can run here."""
    usable = []
    for line in lines:
        with suppress(BadInput):
            draft.check_value("train", line)
            usable.append(line)
    return usable
