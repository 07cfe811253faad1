"""The normal form of a Python file, which edits that do not change the program leave as it is. Pure.

It drops comments, docstrings, formatting and annotations, folds arithmetic on numbers, resolves import aliases, inlines
names that are assigned once and used once in the next statement, sorts keyword arguments and the operands of products,
and numbers local names. The result is a list of statements per function, class body and module.
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from journal.changes.local_names import assign_slots, inline_temporaries, slot_of
from journal.changes.python_knobs import evaluate
from journal.changes.rewrites import Function, rewrite

Namer = Callable[[ast.AST, str], str]
COMPOUND = ("body", "orelse", "handlers", "finalbody", "cases")
MODULE = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement without its block; `depth` is its nesting depth in its unit."""

    node: ast.AST
    depth: int

    def render(self, namer: Namer) -> str:
        return f"{self.depth}{_render(self.node, namer, header=True)}"


Units = Mapping[str, Sequence[Statement]]  # qualified name of a function or class ("" for the module) -> statements


def normalise(parsed: ast.Module, nodes: Sequence[ast.AST], bound: AbstractSet[str]) -> Units:
    """The units of a file. `nodes` are all nodes of its tree, `bound` the names that it assigns. Modifies the tree."""
    loaded = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    keywords = {node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg}
    tree = _Simplify(_aliases(nodes, bound), loaded=loaded).visit(parsed)
    assert isinstance(tree, ast.Module)
    assign_slots(tree, keywords)
    units: dict[str, list[Statement]] = {MODULE: []}
    _collect(tree.body, MODULE, units)
    return units


def written_name(node: ast.AST, name: str) -> str:
    """A name as it is written."""
    del node
    return name


def canonical_name(node: ast.AST, name: str) -> str:
    """A local name as its slot, any other as it is."""
    slot = slot_of(node)
    return name if slot is None else f"%{slot}"


def canonical_text(units: Units) -> str:
    """The whole normal form as one text, independent of the order of functions and classes."""
    return "\n".join(
        f"{name}\n{unit}"
        for name in sorted(units)
        for unit in ["\n".join(s.render(canonical_name) for s in units[name])]
    )


def _collect(body: Sequence[ast.stmt], scope: str, units: dict[str, list[Statement]]) -> None:
    """Sort the statements of a module or class into units; a nested function belongs to its outer function."""
    for node in body:
        if isinstance(node, Function | ast.ClassDef):
            name = f"{scope}.{node.name}" if scope else node.name
            unit = units.setdefault(name, [])
            unit.append(Statement(node, 0))
            if isinstance(node, ast.ClassDef):
                _collect(node.body, name, units)
            else:
                unit.extend(_flatten(node.body, 1))
        else:
            units[scope].extend(_flatten([node], 1 if scope else 0))


def _flatten(body: Sequence[ast.AST], depth: int) -> Iterator[Statement]:
    for node in body:
        yield Statement(node, depth)
        for block in COMPOUND:
            children = getattr(node, block, None)
            if isinstance(children, list):
                if block == "orelse" and children:
                    yield Statement(ast.Pass(), depth)
                yield from _flatten(children, depth + 1)


def _aliases(nodes: Sequence[ast.AST], bound: AbstractSet[str]) -> dict[str, str]:
    """Names that only imports bind -> their dotted paths."""
    paths: dict[str, str] = {}
    parameters: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                paths[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom) and not node.level:
            paths.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
        elif isinstance(node, ast.arg):
            parameters.add(node.arg)
    return {name: path for name, path in paths.items() if name not in bound and name not in parameters}


class _Simplify(ast.NodeTransformer):
    """Rewrites that keep the meaning and remove differences of style."""

    def __init__(self, aliases: Mapping[str, str], *, loaded: AbstractSet[str]) -> None:
        self._aliases = aliases
        self._loaded = loaded

    def visit(self, node: ast.AST) -> ast.AST:
        folded = self._fold(node)
        if folded is not None:
            return folded
        visited = self.generic_visit(node)
        if isinstance(visited, ast.stmt | ast.mod | ast.excepthandler | ast.match_case):
            self._drop_idle(visited)
        visited = rewrite(visited)
        if isinstance(visited, Function):
            inline_temporaries(visited)
        return visited

    def _drop_idle(self, node: ast.AST) -> None:
        for block in COMPOUND:
            children = getattr(node, block, None)
            if isinstance(children, list):
                setattr(node, block, [child for child in children if not self._is_idle(child)])

    def _fold(self, node: ast.AST) -> ast.AST | None:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in self._aliases:
            return ast.Name(
                id=f"@{self._aliases[node.id]}", ctx=ast.Load()
            )  # the mark makes a missing import a difference
        if isinstance(node, ast.BinOp | ast.UnaryOp):
            value = evaluate(node)
            return None if value is None else ast.copy_location(ast.Constant(value=value), node)
        return None

    def _is_idle(self, node: ast.AST) -> bool:
        """Whether a statement does nothing by itself: a docstring, `pass`, an import whose names are resolved at their uses."""
        match node:
            case ast.Pass() | ast.Nonlocal() | ast.Expr(value=ast.Constant()):
                return True
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                bound = {alias.asname or alias.name.partition(".")[0] for alias in names}
                return bound <= (self._aliases.keys() & self._loaded)
            case _:
                return False


def _render(node: object, namer: Namer, *, header: bool = False) -> str:
    """The node as an s-expression; with `header` without its blocks."""
    match node:
        case ast.Name(id=name):
            text = namer(node, name)
        case ast.Attribute(value=value, attr=attr):
            text = f"{_render(value, namer)}.{attr}"
        case ast.Constant(value=value):
            text = repr(value)
        case ast.BinOp(left=left, op=op, right=right):
            operands = [_render(left, namer), _render(right, namer)]
            text = f"({type(op).__name__} {' '.join(sorted(operands) if _commutes(node) else operands)})"
        case ast.Call(func=func, args=args, keywords=keywords):
            named = sorted(_render(keyword, namer) for keyword in keywords)
            text = f"({' '.join([_render(func, namer), *(_render(arg, namer) for arg in args), *named])})"
        case list():
            text = f"[{' '.join(_render(child, namer) for child in node)}]"
        case ast.AST():
            text = f"({type(node).__name__} {' '.join(_fields(node, namer, header=header))})"
        case _:
            text = str(node)
    return text


def _fields(node: ast.AST, namer: Namer, *, header: bool) -> Iterator[str]:
    for field in node._fields:
        value = getattr(node, field, None)
        if field in _IGNORED or (header and field in COMPOUND and isinstance(value, list)):
            continue
        is_name = field in _NAMED and isinstance(value, str)
        yield namer(node, str(value)) if is_name else _render(value, namer)


def _commutes(node: ast.BinOp) -> bool:
    """Whether operands may be sorted: in products, and in sums with a number; sums of texts and lists do not commute."""
    if isinstance(node.op, ast.Mult):
        return True
    numbers = [n for n in (node.left, node.right) if isinstance(n, ast.Constant) and isinstance(n.value, int | float)]
    return isinstance(node.op, ast.Add) and bool(numbers)


_IGNORED = frozenset({"ctx", "type_comment", "type_ignores", "kind", "type_params"})
_NAMED = frozenset({"name", "arg"})
