"""What a Python file imports, read off its syntax tree. Pure."""

import ast
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+(\w+)[\w.]*[ \t]+import\b|import[ \t]+([\w., \t]+))", re.MULTILINE)
# Calls that import what a text names, and calls that execute a text.
_BY_NAME = ("import_module", "__import__", "run_module", "run_path", "spec_from_file_location", "SourceFileLoader")
_ADD_FOLDER = ("insert", "append", "extend", "addsitedir")
_EXECUTED = ("exec", "eval", "compile")


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
    by_name = {*_BY_NAME, *_aliases(tree)}
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    found += [Import(name, False) for node in calls for name in _called(node, by_name)]
    return tuple(dict.fromkeys(found))


def changes_search_path(text: str) -> bool:
    """Whether a file edits `sys.path` or its like, so that nobody can know what it finds there."""
    return bool(re.search(r"\bsys\s*\.\s*(path|meta_path|path_hooks|modules)\b|\bsite\s*\.\s*addsitedir\b", text))


def search_path_texts(text: str) -> list[str]:
    """The texts in calls that put folders on the search path, such as `sys.path.insert(0, "src")`."""
    tree = _parse(text) if changes_search_path(text) else None
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call)) if tree else ()
    return [found for call in calls if _name_of(call.func) in _ADD_FOLDER for found in _texts(ast.walk(call))]


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


def _called(node: ast.Call, by_name: Iterable[str]) -> Iterator[str]:
    """The modules that a call imports by name or by path."""
    name = _name_of(node.func)
    if name in by_name:
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        for text in _texts(arguments):
            yield _module_of_path(text) if "/" in text or text.endswith(".py") else text.lstrip(".")
    elif name in _EXECUTED:  # exec(open("train.py").read())
        yield from (_module_of_path(text) for text in _texts(ast.walk(node)) if text.endswith(".py"))


def _aliases(tree: ast.Module) -> Iterator[str]:
    """Names under which a file knows the functions that import by name."""
    nodes = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    yield from (alias.asname or alias.name for node in nodes for alias in node.names if alias.name in _BY_NAME)


def _module_of_path(text: str) -> str:
    return posixpath.normpath(text).removesuffix(".py").replace("/", ".")


def _name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _texts(nodes: Iterable[ast.AST]) -> Iterator[str]:
    return (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Every statement of a file at any depth, without expressions: a fifth of the work of `ast.walk`."""
    for child in _children(tree):
        yield child
        yield from _statements(child)
