"""The brief's rules on the form of a change: few lines, one named value or one group, fixed dependencies. Pure."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from journal.events import Change
from loop.brief.config import Config
from loop.brief.scope import matches
from loop.gate import literals, patch
from loop.gate.imports import imports

DEPENDENCY_FILES = tuple(
    f"**/{name}"
    for name in (
        "pyproject.toml", "setup.py", "setup.cfg", "requirements*.txt", "constraints*.txt", "Pipfile*", "environment*.y*ml",
        "*.lock", "package*.json", "Cargo.toml", "go.mod", "go.sum",
    )
)  # fmt: skip

CODE_PER_LITERALS = 2  # bytes of compressed code for each byte of literals that a change may add
Objection = tuple[str, str | None]  # a rule, and why the change breaks it; None if it does not


@dataclass(frozen=True, kw_only=True)
class ChangeRules:
    """The brief's rules for a change, beyond those of every brief."""

    max_lines: int | None = None  # added or removed, whichever is more
    max_literal_bytes: int | None = None  # added
    one_knob: bool = False
    groups: tuple[frozenset[str], ...] = ()
    fixed_dependencies: bool = False
    installed: frozenset[str] = frozenset()  # modules besides those that the files in scope import

    @classmethod
    def of(cls, config: Config, *, installed: frozenset[str] = frozenset()) -> "ChangeRules":
        return cls(
            max_lines=config.max_lines,
            max_literal_bytes=config.max_literal_bytes,
            one_knob=config.atomic == "knob",
            groups=tuple(map(frozenset, config.groups)),
            fixed_dependencies=config.dependencies == "fixed",
            installed=installed,
        )

    def sentences(self) -> Iterator[str]:
        """The rules for a proposer."""
        if self.max_lines is not None:
            yield f"A change adds at most {self.max_lines} lines and removes at most {self.max_lines} lines."
        if self.max_literal_bytes is not None:
            yield f"A change adds at most {self.max_literal_bytes:,} bytes of numbers, strings and comments."
        if self.one_knob:
            groups = "; ".join(", ".join(sorted(group)) for group in self.groups)
            yield "A change moves one named value and nothing else" + (
                f", or the values of one group: {groups}." if groups else "."
            )
        if self.fixed_dependencies:
            yield "The dependencies are fixed: add no third-party import, and edit no file that declares dependencies."


def objections(
    files: Mapping[str, str], before: Mapping[str, str], change: Change, *, rules: ChangeRules, tree: Iterable[str] = ()
) -> Iterator[Objection]:
    """Objections to the new texts `files`; `before` holds the texts in scope, `tree` all paths of the parent."""
    yield "max_lines", _too_long(files, before, rules.max_lines) if rules.max_lines is not None else None
    yield "literals", _too_many_literals(files, before, rules.max_literal_bytes)
    yield "atomic", _too_many_values(change, rules.groups) if rules.one_knob else None
    yield "dependencies", _new_dependency(files, before, tree, rules.installed) if rules.fixed_dependencies else None


def _too_long(files: Mapping[str, str], before: Mapping[str, str], limit: int) -> str | None:
    changed = {path: text for path, text in files.items() if before.get(path) != text}
    added, removed = patch.count_lines(patch.unified(before, changed))
    if max(added, removed) <= limit:
        return None
    return f"The change adds {added} lines and removes {removed}; the brief allows {limit}: propose a smaller change."


def _too_many_literals(files: Mapping[str, str], before: Mapping[str, str], limit: int | None) -> str | None:
    if limit is None:
        return None
    size, dense = literals.added_bytes(files, before), literals.compressed_bytes(files, before)
    if size > limit:
        what = f"adds {size:,} bytes of numbers, strings and comments; `max_literal_bytes` allows {limit:,}"
    elif dense > CODE_PER_LITERALS * limit:
        what = (
            f"adds {dense:,} bytes of code even if it is compressed; "
            f"`max_literal_bytes` allows {CODE_PER_LITERALS} x {limit:,}"
        )
    else:
        return None
    return f"The change {what}: compute the values, or learn them in training."


def _too_many_values(change: Change, groups: Iterable[frozenset[str]]) -> str | None:
    names = sorted({_knob_name(move.name) for move in change.knobs})
    if not names or change.added or change.removed:
        structure = ", ".join((*change.added, *change.removed)[:3])
        details = f" ({structure})" if structure else ""
        return f"More than named values change{details}; the brief allows one named value, or the values of one group."
    if len(names) == 1 or any(set(names) <= group for group in groups):
        return None
    return f"{len(names)} values change ({', '.join(names[:4])}); the brief allows one, or the values of one group."


def _knob_name(name: str) -> str:
    """A knob's name as a brief writes it: without its file and its place in a tuple."""
    return re.sub(r"\[\d+\]$", "", name.rpartition(":")[2])


def _new_dependency(
    files: Mapping[str, str], before: Mapping[str, str], tree: Iterable[str], installed: frozenset[str]
) -> str | None:
    for path in files:
        if matches(path, DEPENDENCY_FILES):
            return f"{path} declares dependencies, which the brief fixes: leave it as it is."
    own = {PurePosixPath(part).stem for path in (*tree, *before, *files) for part in PurePosixPath(path).parts}
    imported = {name for path, text in before.items() for name in imports(path, text)}
    allowed = sys.stdlib_module_names | own | installed | imported
    new = sorted({name for path, text in files.items() for name in imports(path, text)} - allowed)
    return f"The change imports {new[0]}, but the brief fixes the dependencies: use what is installed." if new else None
