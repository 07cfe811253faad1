"""What an edit does, independent of its style: the resulting program, the difference, and the moved knobs. Pure."""

import ast
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import PurePosixPath

from journal.changes.comments import code_lines
from journal.changes.knob import Knob
from journal.changes.local_names import local_names, slot_of
from journal.changes.normal_form import (
    MODULE,
    Statement,
    Units,
    canonical_name,
    canonical_text,
    normalise,
    written_name,
)
from journal.changes.python_knobs import binding_counts, knobs, tree_knobs
from journal.changes.statement_words import constants, same_skeleton, words
from journal.events import Change, KnobMove

MAX_TOKENS = 96  # identifiers per side of a change; more do not distinguish changes better

_WORD = re.compile(r"[A-Za-z_]\w+")


def signature(before: Mapping[str, str], after: Mapping[str, str]) -> Change:
    """The change from the files `before` to the files `after` (path -> text, every file in scope in both).

    Renamed locals, comments, formatting, constant arithmetic, import aliases and inlined temporaries do not affect it.
    Files that are not Python, or do not parse, are compared line by line, without repeated blanks and comments.
    """
    has_many_files = len(before.keys() | after.keys()) > 1
    difference = _Difference()
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            label = f"{path}:" if has_many_files else ""
            _compare(path, before.get(path, ""), after.get(path, ""), into=difference, label=label)
    return Change(
        program=program_hash(after),
        change=_hash(*difference.hunks),
        knobs=tuple(_numbered(difference.moves)),
        added=_surplus(difference.added, difference.removed, difference.places),
        removed=_surplus(difference.removed, difference.added, difference.places),
    )


def baseline_change(files: Mapping[str, str]) -> Change:
    """A baseline as a change: its program, every knob that may move, and every identifier."""
    has_many_files = len(files) > 1
    moves = [
        KnobMove(name=f"{path}:{knob.name}" if has_many_files else knob.name, old="", new=knob.source)
        for path in sorted(files)
        for knob in knobs(path, files[path])
        if not knob.range.fixed
    ]
    words = {word for path in files for word in _WORD.findall(files[path])}
    return Change(program=program_hash(files), change=_hash(), knobs=tuple(moves), added=tuple(sorted(words)))


def program_hash(files: Mapping[str, str]) -> str:
    """The hash of the normal form of a set of files: equal for programs that do the same in the same way."""
    return _hash(*(part for path in sorted(files) for part in (path, _parse(path, files[path]).text)))


@dataclass(frozen=True, slots=True)
class _File:
    """One parsed file: its units (None if it is not Python), its normal form as text, its knobs by name."""

    units: Units | None
    text: str
    knobs: Mapping[str, Knob]


@dataclass(slots=True)
class _Difference:
    hunks: list[str] = field(default_factory=list)
    moves: list[KnobMove] = field(default_factory=list)
    added: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    places: set[str] = field(default_factory=set)  # functions and classes with a changed structure


@lru_cache(maxsize=16)  # every signature reads the parent's files
def _parse(path: str, text: str) -> _File:
    if PurePosixPath(path).suffix == ".py":
        try:
            tree = ast.parse(text)
            nodes = list(ast.walk(tree))
            bindings = binding_counts(nodes)
            found = tree_knobs(tree, text, bindings)  # before `normalise`, which modifies the tree
            units = normalise(tree, nodes, bindings.keys())
            return _File(units, canonical_text(units), {knob.name: knob for knob in found})
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
    return _File(None, "\n".join(code_lines(path, text)), {knob.name: knob for knob in knobs(path, text)})


def _compare(path: str, before: str, after: str, *, into: _Difference, label: str) -> None:
    old, new = _parse(path, before), _parse(path, after)
    into.moves += _moves(old.knobs, new.knobs, label=label)
    if old.units is None or new.units is None:
        _compare_lines(path, code_lines(path, before), code_lines(path, after), into=into)
        return
    for name in sorted(old.units.keys() | new.units.keys()):
        was, now = old.units.get(name, ()), new.units.get(name, ())
        if [s.render(canonical_name) for s in was] != [s.render(canonical_name) for s in now]:
            _Unit(f"{path}::{name}", name, label=label, old_locals=_local_names(was)).compare(was, now, into=into)


def _local_names(statements: Sequence[Statement]) -> frozenset[str]:
    """The local names of a function; names of modules and classes are not local."""
    head = statements[0].node if statements else None
    return frozenset(local_names(head)) if isinstance(head, ast.FunctionDef | ast.AsyncFunctionDef) else frozenset()


def _moves(old: Mapping[str, Knob], new: Mapping[str, Knob], *, label: str) -> Iterator[KnobMove]:
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if was is None or now is None or (type(was.value), was.value) != (type(now.value), now.value):
            yield KnobMove(name=f"{label}{name}", old=was.source if was else "", new=now.source if now else "")


def _compare_lines(path: str, before: Sequence[str], after: Sequence[str], *, into: _Difference) -> None:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind != "equal":
            into.hunks += [path, *(f"-{line}" for line in before[i:j]), *(f"+{line}" for line in after[k:m])]
            into.removed.update(word for line in before[i:j] for word in _WORD.findall(line))
            into.added.update(word for line in after[k:m] for word in _WORD.findall(line))


class _Unit:
    """The difference within one function, class body or module."""

    def __init__(self, place: str, name: str, *, label: str, old_locals: frozenset[str]) -> None:
        self._place = place
        self._name = name
        self._label = label
        self._old_locals = old_locals
        self._new_locals: dict[str, str] = {}

    def compare(self, before: Sequence[Statement], after: Sequence[Statement], *, into: _Difference) -> None:
        was, now = [s.render(written_name) for s in before], [s.render(written_name) for s in after]
        for kind, i, j, k, m in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
            if kind != "equal":
                self._hunk(before[i:j], after[k:m], into=into)

    def _hunk(self, before: Sequence[Statement], after: Sequence[Statement], *, into: _Difference) -> None:
        removed, added = [s.render(self._namer) for s in before], [s.render(self._namer) for s in after]
        into.hunks += [self._place, *(f"-{text}" for text in removed), *(f"+{text}" for text in added)]
        pairs = list(zip(before, after, strict=False)) if len(before) == len(after) else []
        moved = [pair for pair in pairs if same_skeleton(*pair)]
        for was, now in moved:
            into.moves += self._literal_moves(was, now)
        old = [s for s in before if all(s is not was for was, _ in moved)]
        new = [s for s in after if all(s is not now for _, now in moved)]
        into.removed.update(words(old, self._old_locals))
        into.added.update(words(new, self._old_locals))
        if old or new:
            into.places.add(self._name or "module")

    def _namer(self, node: ast.AST, name: str) -> str:
        """Names of the parent stay; new local names are numbered in order of appearance."""
        if slot_of(node) is None or name in self._old_locals:
            return name
        return self._new_locals.setdefault(name, f"+{len(self._new_locals)}")

    def _literal_moves(self, before: Statement, after: Statement) -> Iterator[KnobMove]:
        if self._name == MODULE and isinstance(before.node, ast.Assign | ast.AnnAssign):
            return  # module-level knobs are read with their source text
        for (anchor, old), (_, new) in zip(constants(before.node), constants(after.node), strict=True):
            if (type(old), old) != (type(new), new):
                yield KnobMove(name=f"{self._label}{self._name}.{anchor}".strip("."), old=repr(old), new=repr(new))


def _numbered(moves: Iterable[KnobMove]) -> Iterator[KnobMove]:
    """Moves with distinct names: `f.literal`, `f.literal#2`."""
    counts: Counter[str] = Counter()
    for move in moves:
        counts[move.name] += 1
        numbered = f"{move.name}#{counts[move.name]}"
        yield move if counts[move.name] == 1 else KnobMove(name=numbered, old=move.old, new=move.new)


def _surplus(these: Counter[str], those: Counter[str], places: Iterable[str]) -> tuple[str, ...]:
    """The identifiers that occur more often in `these`, and the places of the change, marked as `@Block.forward`."""
    surplus = sorted((these - those).keys() - {"self"})[:MAX_TOKENS]
    return (*surplus, *(f"@{place}" for place in sorted(places)))


def _hash(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()[:32]
