"""What a Python file imports, read off its syntax tree. Pure."""

import ast
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+(\w+)[\w.]*[ \t]+import\b|import[ \t]+([\w., \t]+))", re.MULTILINE)
_BY_NAME = ("import_module", "__import__", "run_module", "run_path")  # calls that import what a text names


@dataclass(frozen=True)
class Import:
    """A module that a file imports. `is_certain` if nothing but the file's start decides it: no `if`, `try` or function."""

    name: str
    is_certain: bool


@lru_cache(maxsize=32)
def imports(path: str, text: str) -> frozenset[str]:
    """The top-level modules that a Python file imports; empty for another file or one that does not parse."""
    tree = _parse(text) if path.endswith(".py") else None
    nodes = list(_statements(tree)) if tree else []
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    return frozenset(name.partition(".")[0] for name in names)


def scan_imports(texts: Iterable[str]) -> frozenset[str]:
    """The top-level modules that Python files import, found line by line: fast enough for a whole repository."""
    names = (name for text in texts for match in _IMPORT.findall(text) for name in "".join(match).split(","))
    return frozenset(name.split(".")[0].split()[0] for name in names if name.strip())


@lru_cache(maxsize=256)
def all_imports(path: str, text: str, package: str) -> tuple[Import, ...]:
    """Every module that a file may import, dotted and absolute; `package` is the dotted name of its package.

    `from a import b` names `a` and `a.b`, which may be a module. Calls of importlib and runpy count if they name a text.
    """
    tree = _parse(text)
    if tree is None or not path.endswith(".py"):
        return ()
    found = [*_in_block(tree.body, package, is_certain=True)]
    found += [Import(name, False) for node in ast.walk(tree) if isinstance(node, ast.Call) for name in _called(node)]
    return tuple(dict.fromkeys(found))


def changes_search_path(text: str) -> bool:
    """Whether a file edits `sys.path` or its like, so that nobody can know what it finds there."""
    return bool(re.search(r"\bsys\s*\.\s*(path|meta_path|path_hooks|modules)\b|\bsite\s*\.\s*addsitedir\b", text))


def _parse(text: str) -> ast.Module | None:
    try:
        return ast.parse(text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _in_block(body: Iterable[ast.AST], package: str, *, is_certain: bool) -> Iterator[Import]:
    for node in body:
        match node:
            case ast.Import(names=names):
                yield from (Import(alias.name, is_certain) for alias in names)
            case ast.ImportFrom():
                base = _absolute(node, package)
                yield Import(base, is_certain)
                yield from (Import(f"{base}.{alias.name}", False) for alias in node.names if alias.name != "*")
            case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                yield from _in_block(node.orelse, package, is_certain=is_certain)
            case ast.With() | ast.ClassDef():
                yield from _in_block(node.body, package, is_certain=is_certain)
            case _:
                yield from _in_block(_children(node), package, is_certain=False)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    kinds = ast.stmt | ast.excepthandler | ast.match_case
    return (child for child in ast.iter_child_nodes(node) if isinstance(child, kinds))


def _absolute(node: ast.ImportFrom, package: str) -> str:
    """The dotted name of the module that `from … import` names."""
    if not node.level:
        return node.module or ""
    parts = package.split(".") if package else []
    above = parts[: len(parts) - node.level + 1]
    return ".".join([*above, *([node.module] if node.module else [])])


def _called(node: ast.Call) -> Iterator[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if (
        name in _BY_NAME
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    ):
        text = node.args[0].value
        yield posixpath.normpath(text).removesuffix(".py").replace("/", ".") if name == "run_path" else text.lstrip(".")


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Every statement of a file at any depth, without expressions: a fifth of the work of `ast.walk`."""
    for child in _children(tree):
        yield child
        yield from _statements(child)
