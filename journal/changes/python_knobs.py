"""The knobs of a text, so that each can be read, compared and replaced in place.

In a Python file they are the module-level NAME = literal; in YAML, TOML and JSON the scalars, named by their path.
"""

import ast
import io
import operator
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import accumulate
from pathlib import PurePosixPath
from typing import Any

from journal.changes import config_knobs
from journal.changes.knob import Knob, KnobRange, Value, rules

LARGEST_POWER = 4096  # exponents and shifts above this are left unfolded: 10**10**10 would never end


def knobs(path: str, text: str) -> tuple[Knob, ...]:
    """The knobs of one file, in order; none where it cannot be read. Elements of a tuple are NAME[0], NAME[1], …"""
    reader = _READERS.get(PurePosixPath(path).suffix)
    return reader(text) if reader else ()


def replace(text: str, knob: Knob, source: str) -> str:
    """The text with one literal replaced; every other character stays."""
    return text[: knob.start] + source + text[knob.end :]


def evaluate(node: ast.expr) -> Value | None:
    """The value of a literal, arithmetic on numbers included (`2**18`, `64 * 1024`, `-1`); None for anything else."""
    match node:
        case ast.Constant(value=bool() | int() | float() | str()):
            return node.value  # type: ignore[return-value]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
            number = _numeric(node.operand)
            return None if number is None else (-number if isinstance(node.op, ast.USub) else number)
        case ast.BinOp():
            return _arithmetic(node)
        case _:
            return None


def _python(text: str) -> tuple[Knob, ...]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    return of_tree(tree, text, stored(ast.walk(tree)))


def stored(nodes: Iterable[ast.AST]) -> Counter[str]:
    """How often each name is bound, in any scope."""
    return Counter(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))


def of_tree(tree: ast.Module, text: str, bound: Counter[str]) -> tuple[Knob, ...]:
    """The knobs of a Python file that is parsed already; what is bound twice has no one place to edit."""
    place = _Place(text)
    found: list[Knob] = []
    for name, node in _assignments(tree):
        if bound[name] != 1:
            continue
        comment = rules(place.comment(node))
        elements = node.elts if isinstance(node, ast.Tuple | ast.List) else None
        named = [(name, node)] if elements is None else [(f"{name}[{i}]", part) for i, part in enumerate(elements)]
        found += [knob for label, part in named if (knob := place.knob(label, part, comment)) is not None]
    return tuple(found)


def _assignments(tree: ast.Module) -> list[tuple[str, ast.expr]]:
    """Module-level NAME = expression."""
    pairs: list[tuple[str, ast.expr]] = []
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pairs.append((name, value))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pairs.append((name, value))
            case _:
                pass
    return pairs


class _Place:
    """From ast's line and UTF-8 column to an offset in the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = io.StringIO(text, newline="").readlines()  # at the ends of line that Python knows, no others
        self._starts = [0, *accumulate(map(len, self._lines))]

    def knob(self, name: str, node: ast.expr, comment: KnobRange) -> Knob | None:
        value = evaluate(node)
        if value is None:
            return None
        start = self._offset(node.lineno, node.col_offset)
        end = self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
        return Knob(name=name, value=value, source=self._text[start:end], start=start, end=end, rules=comment)

    def comment(self, node: ast.expr) -> str:
        """What stands behind the literal on its last line, from the hash sign on."""
        line = self._lines[(node.end_lineno or node.lineno) - 1]
        rest = line.encode()[node.end_col_offset or 0 :].decode()
        before, mark, comment = rest.partition("#")
        return comment if mark and not before.strip(" \t)") else ""

    def _offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())


def _numeric(node: ast.expr) -> int | float | None:
    value = evaluate(node)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _arithmetic(node: ast.BinOp) -> int | float | None:
    left, right = _numeric(node.left), _numeric(node.right)
    if left is None or right is None:
        return None
    try:
        return _apply(node.op, left, right)
    except (ArithmeticError, ValueError, TypeError):
        return None


def _apply(sign: ast.operator, left: float, right: float) -> int | float | None:
    match sign:
        case ast.Pow() if abs(right) > LARGEST_POWER or abs(left) > LARGEST_POWER:
            return None
        case ast.LShift() if right > LARGEST_POWER:
            return None
        case _:
            apply = _OPERATORS.get(type(sign))
            value = apply(left, right) if apply else None
            return value if isinstance(value, int | float) else None


_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
}


_READERS: dict[str, Callable[[str], tuple[Knob, ...]]] = {
    ".py": _python,
    ".yaml": config_knobs.yaml,
    ".yml": config_knobs.yaml,
    ".toml": config_knobs.toml,
    ".json": config_knobs.json,
}
