"""Whether a proposal is one change, as a brief may ask: few lines, one named value or one group, nothing to install. Pure."""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

from journal.events import Change
from loop.brief.config import Config
from loop.brief.scope import matches
from loop.gate import patch

DEPENDENCIES = tuple(
    f"**/{name}"
    for name in (
        "pyproject.toml", "setup.py", "setup.cfg", "requirements*.txt", "constraints*.txt", "Pipfile*", "environment*.y*ml",
        "*.lock", "package*.json", "Cargo.toml", "go.mod", "go.sum",
    )
)  # fmt: skip  # files that say what is installed

_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+(\w+)[\w.]*[ \t]+import\b|import[ \t]+([\w., \t]+))", re.MULTILINE)

Objection = tuple[str, str | None]  # the rule, and why it is broken; None where it is not


@dataclass(frozen=True, kw_only=True)
class ChangeRules:
    """What a brief asks of the form of a change, beyond what holds for every brief."""

    lines: int | None = None  # added, or removed, whichever is more
    one_knob: bool = False
    groups: tuple[frozenset[str], ...] = ()
    fixed: bool = False  # what is installed stays as it is
    installed: frozenset[str] = frozenset()  # modules beyond those that the files in scope import

    @classmethod
    def of(cls, config: Config, *, installed: frozenset[str] = frozenset()) -> "ChangeRules":
        groups = tuple(map(frozenset, config.groups))
        fixed = config.dependencies == "fixed"
        return cls(
            lines=config.max_lines, one_knob=config.atomic == "knob", groups=groups, fixed=fixed, installed=installed
        )

    def words(self) -> Iterator[str]:
        """The rules as a proposer is told them beforehand."""
        if self.lines is not None:
            yield f"A change adds at most {self.lines} lines and removes at most as many."
        if self.one_knob:
            together = "; ".join(", ".join(sorted(group)) for group in self.groups)
            yield "A change moves one named value and nothing else" + (
                f", or those of one group: {together}." if together else "."
            )
        if self.fixed:
            yield "What is installed is fixed: no new third-party import, no edit of a file that declares dependencies."


def objections(
    files: Mapping[str, str], before: Mapping[str, str], change: Change, *, rules: ChangeRules, tree: Iterable[str] = ()
) -> Iterator[Objection]:
    """What a brief's rules object to new texts of `files`; `before` are the texts in scope, `tree` all paths of the parent."""
    yield "max_lines", _long(files, before, rules.lines) if rules.lines is not None else None
    yield "atomic", _several(change, rules.groups) if rules.one_knob else None
    yield "dependencies", _installs(files, before, tree, rules.installed) if rules.fixed else None


def _long(files: Mapping[str, str], before: Mapping[str, str], most: int) -> str | None:
    changed = {path: text for path, text in files.items() if before.get(path) != text}
    added, removed = patch.lines(patch.unified(before, changed))
    if max(added, removed) <= most:
        return None
    return f"The change adds {added} lines and removes {removed}; the brief allows {most}: propose one small change."


def _several(change: Change, groups: Iterable[frozenset[str]]) -> str | None:
    moved = sorted({_bare(move.name) for move in change.knobs})
    if not moved or change.added or change.removed:
        what = ", ".join((*change.added, *change.removed)[:3])
        more = f" ({what})" if what else ""
        return f"More than a named value changes{more}; the brief allows one value, or one group, and no more."
    if len(moved) == 1 or any(set(moved) <= group for group in groups):
        return None
    return f"{len(moved)} values move ({', '.join(moved[:4])}); the brief allows one, or those of one group."


def _bare(name: str) -> str:
    """A knob's name without its file and its place in a tuple: as a brief names it."""
    return re.sub(r"\[\d+\]$", "", name.rpartition(":")[2])


def _installs(
    files: Mapping[str, str], before: Mapping[str, str], tree: Iterable[str], installed: frozenset[str]
) -> str | None:
    for path in files:
        if matches(path, DEPENDENCIES):
            return f"{path} says what is installed, and the brief's dependencies are fixed."
    own = {PurePosixPath(part).stem for path in (*tree, *before, *files) for part in PurePosixPath(path).parts}
    known = (
        sys.stdlib_module_names
        | own
        | installed
        | {name for path, text in before.items() for name in imports(path, text)}
    )
    fresh = sorted({name for path, text in files.items() for name in imports(path, text)} - known)
    return f"The change imports {fresh[0]}, and the brief's dependencies are fixed." if fresh else None


@lru_cache(maxsize=32)
def imports(path: str, text: str) -> frozenset[str]:
    """The top-level modules that a Python file imports; none where it is none or does not parse."""
    try:
        nodes = list(_statements(ast.parse(text))) if path.endswith(".py") else []
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    return frozenset(name.partition(".")[0] for name in names)


def imported(texts: Iterable[str]) -> frozenset[str]:
    """The top-level modules that Python files import, by their lines alone: a whole repository is read in a moment."""
    named = (name for text in texts for match in _IMPORT.findall(text) for name in "".join(match).split(","))
    return frozenset(name.split(".")[0].split()[0] for name in named if name.strip())


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Every statement of a file, however deep: a fifth of the work of walking its expressions too."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield child
            yield from _statements(child)
