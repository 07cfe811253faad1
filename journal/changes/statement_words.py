"""The contents of statements: constants with a name for each, identifiers and structures. Pure."""

import ast
from collections.abc import Iterable, Iterator

from journal.changes.local_names import slot_of
from journal.changes.normal_form import COMPOUND, Statement

_STRUCTURES = (ast.For, ast.While, ast.If, ast.With, ast.Try, ast.Lambda, ast.IfExp, ast.FunctionDef, ast.ClassDef)


def same_skeleton(before: Statement, after: Statement) -> bool:
    """Whether two statements differ only in their constants."""
    if before.depth != after.depth or type(before.node) is not type(after.node):
        return False
    return _skeleton(before.node) == _skeleton(after.node)


def _skeleton(node: ast.AST) -> str:
    constants = {id(child) for child in _header(node) if isinstance(child, ast.Constant)}
    return " ".join(_shape(child) for child in _header(node) if id(child) not in constants) + f" {len(constants)}"


def _shape(node: ast.AST) -> str:
    text = next((getattr(node, key) for key in ("id", "attr", "arg", "name") if hasattr(node, key)), "")
    return f"{type(node).__name__}:{text}"


def _header(node: ast.AST) -> Iterator[ast.AST]:
    """A statement's nodes without those of the blocks inside it."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in COMPOUND and isinstance(value, list):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from ast.walk(child)


def constants(node: ast.AST, anchor: str = "literal") -> Iterator[tuple[str, object]]:
    """The constants of a statement, each with the nearest name: a keyword, an assigned name, a called function."""
    if isinstance(node, ast.Constant):
        yield anchor, node.value
        return
    anchor = _anchor(node) or anchor
    for name, value in ast.iter_fields(node):
        if name in COMPOUND and isinstance(value, list):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from constants(child, anchor)


def _anchor(node: ast.AST) -> str | None:
    match node:
        case ast.keyword(arg=str(name)):
            return name
        case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name), *_]):
            return name
        case ast.AugAssign(target=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name.rpartition(".")[2]
        case ast.Compare(left=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
        case _:
            return None


def words(statements: Iterable[Statement], old_locals: frozenset[str]) -> Iterator[str]:
    """Identifiers and structures of statements: the last part of a module's path, and no new local names."""
    for statement in statements:
        yield from _node_words(statement.node, old_locals, header=True)


def _node_words(node: ast.AST, old_locals: frozenset[str], *, header: bool = False) -> Iterator[str]:
    if isinstance(node, _STRUCTURES):
        yield f"<{type(node).__name__.lower()}>"
    text = next((getattr(node, key) for key in ("id", "attr", "arg", "name") if hasattr(node, key)), None)
    if isinstance(text, str) and (slot_of(node) is None or text in old_locals):
        yield text.rpartition(".")[2].lstrip("@")
    if isinstance(node, ast.Attribute) and _is_path(node.value):
        return
    for name, value in ast.iter_fields(node):
        if header and name in COMPOUND and isinstance(value, list):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _node_words(child, old_locals)


def _is_path(node: ast.AST) -> bool:
    """Whether an expression is a module, or a part of one: `torch.nn.functional`."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id.startswith("@")
