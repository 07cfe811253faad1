"""The knobs of a file, which can be read, compared and replaced in place. Pure.

In a Python file the knobs are the module-level NAME = literal; in YAML, TOML and JSON the scalars, named by their path.
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
from journal.changes.knob import Knob, KnobRange, Value, parse_range

LARGEST_POWER = 4096  # larger exponents and shifts are not evaluated: 10**10**10 would never end


def knobs(path: str, text: str) -> tuple[Knob, ...]:
    """The knobs of one file in order; none if it cannot be parsed. Elements of a tuple are NAME[0], NAME[1], …"""
    reader = _READERS.get(PurePosixPath(path).suffix)
    return reader(text) if reader else ()


def replace_literal(text: str, knob: Knob, source: str) -> str:
    """The text with one knob's literal replaced; all other characters stay."""
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
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tree_knobs(tree, text, binding_counts(ast.walk(tree)))


def binding_counts(nodes: Iterable[ast.AST]) -> Counter[str]:
    """How often each name is bound, in any scope."""
    return Counter(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))


def tree_knobs(tree: ast.Module, text: str, bindings: Counter[str]) -> tuple[Knob, ...]:
    """The knobs of a parsed Python file; a name that is bound twice has no single place to edit."""
    source = _Source(text)
    found: list[Knob] = []
    for name, node in _assignments(tree):
        if bindings[name] != 1:
            continue
        allowed = parse_range(source.comment(node))
        elements = node.elts if isinstance(node, ast.Tuple | ast.List) else None
        named = [(name, node)] if elements is None else [(f"{name}[{i}]", part) for i, part in enumerate(elements)]
        found += [knob for label, part in named if (knob := source.knob(label, part, allowed)) is not None]
    return tuple(found)


def _assignments(tree: ast.Module) -> list[tuple[str, ast.expr]]:
    """Module-level NAME = expression; `__all__` and its like tell Python something and are no settings."""
    pairs: list[tuple[str, ast.expr]] = []
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pairs.append((name, value))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pairs.append((name, value))
            case _:
                pass
    return [(name, value) for name, value in pairs if not (name.startswith("__") and name.endswith("__"))]


class _Source:
    """A text in which ast's line and UTF-8 column become an offset."""

    def __init__(self, text: str) -> None:
        self._text = text
        # StringIO splits where Python ends lines; str.splitlines splits at more characters
        self._lines = io.StringIO(text, newline="").readlines()
        self._starts = [0, *accumulate(map(len, self._lines))]

    def knob(self, name: str, node: ast.expr, allowed: KnobRange) -> Knob | None:
        value = evaluate(node)
        if value is None:
            return None
        start = self._offset(node.lineno, node.col_offset)
        end = self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
        return Knob(name=name, value=value, source=self._text[start:end], start=start, end=end, range=allowed)

    def comment(self, node: ast.expr) -> str:
        """The comment after the literal, on its last line."""
        line = self._lines[(node.end_lineno or node.lineno) - 1]
        rest = line.encode()[node.end_col_offset or 0 :].decode()
        code, mark, comment = rest.partition("#")
        return comment if mark and not code.strip(" \t)") else ""

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
    ".yaml": config_knobs.yaml_knobs,
    ".yml": config_knobs.yaml_knobs,
    ".toml": config_knobs.toml_knobs,
    ".json": config_knobs.json_knobs,
}
