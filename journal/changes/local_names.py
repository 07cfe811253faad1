"""Local names of functions: number them by first appearance, and inline temporaries. Pure."""

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

Scope = dict[str, int | None]  # name -> slot, None until it is first seen

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr)


def slot_of(node: ast.AST) -> int | None:
    """The slot of a local name's node; None if the name is not local."""
    return getattr(node, "slot", None)


def assign_slots(tree: ast.Module, keywords: AbstractSet[str]) -> None:
    """Give every local name of every function a slot, except parameters in `keywords`, whose names callers use."""
    _Slots(keywords).visit(tree)


def local_names(function: ast.AST) -> set[str]:
    """All names bound in a function and in its inner scopes."""
    return {name for node in ast.walk(function) for name in _binds(node)}


class _Slots(ast.NodeVisitor):
    def __init__(self, keywords: AbstractSet[str]) -> None:
        self._keywords = keywords
        self._scopes: list[Scope] = []
        self._next = 0

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._name(node, node.name)
        for outer in (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(outer)
        self._visit_scope(node.args, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_scope(node.args, [node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        outer, self._scopes = self._scopes, []
        self.generic_visit(node)
        self._scopes = outer

    def visit_Name(self, node: ast.Name) -> None:
        self._name(node, node.id)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._name(node, node.name)
        self.generic_visit(node)

    def generic_visit(self, node: ast.AST) -> None:
        if isinstance(node, _COMPREHENSIONS):
            self._scopes.append({name: None for target in node.generators for name in _targets(target.target)})
            for child in (*node.generators, *(getattr(node, part, None) for part in ("elt", "key", "value"))):
                if child is not None:
                    self.visit(child)
            self._scopes.pop()
        else:
            super().generic_visit(node)

    def _visit_scope(self, arguments: ast.arguments, body: Sequence[ast.AST]) -> None:
        is_outermost = not self._scopes
        self._next = 0 if is_outermost else self._next
        parameters = [n for n in ast.walk(arguments) if isinstance(n, ast.arg)]
        scope: Scope = {n.arg: None for n in parameters if n.arg not in self._keywords}
        scope |= {name: None for name in _bound(body) if name not in scope}
        self._scopes.append(scope)
        for parameter in parameters:
            self._name(parameter, parameter.arg)
        for child in body:
            self.visit(child)
        self._scopes.pop()

    def _name(self, node: ast.AST, name: str) -> None:
        for scope in reversed(self._scopes):
            if name in scope:
                if scope[name] is None:
                    scope[name], self._next = self._next, self._next + 1
                node.slot = scope[name]  # type: ignore[attr-defined]
                return


def _bound(body: Sequence[ast.AST]) -> Iterator[str]:
    """Names bound in a scope itself, not in its inner scopes, without those declared global or nonlocal."""
    outer = {name for node in _within(body) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    yield from (name for node in _within(body) for name in _binds(node) if name not in outer)


def _within(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    stack = list(reversed(body))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, _SCOPES + _COMPREHENSIONS):
            stack.extend(reversed(list(ast.iter_child_nodes(node))))


def _binds(node: ast.AST) -> tuple[str, ...]:
    match node:
        case ast.Name(ctx=ast.Store() | ast.Del(), id=name) | ast.arg(arg=name):
            return (name,)
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
            return (name,)
        case _:
            return ()


def _targets(target: ast.expr) -> Iterator[str]:
    return (node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def inline_temporaries(function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Turn `t = f(x); return g(t)` into `return g(f(x))`: for a name bound once and read once, in the next statement."""
    stored: Counter[str] = Counter()
    loaded: Counter[str] = Counter()
    excluded: set[str] = set()
    blocks: list[list[ast.stmt]] = []
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            (loaded if isinstance(node.ctx, ast.Load) else stored)[node.id] += 1
        elif isinstance(node, ast.arg):
            excluded.add(node.arg)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            excluded.update(node.names)
        elif isinstance(node, ast.stmt):
            blocks += [
                block for key in ("body", "orelse", "finalbody") if isinstance(block := getattr(node, key, None), list)
            ]
    temporaries = {name for name in stored if stored[name] == loaded[name] == 1} - excluded
    for block in blocks if temporaries else ():
        _inline(block, temporaries)


def _inline(block: list[ast.stmt], temporaries: set[str]) -> None:
    for index in range(len(block) - 2, -1, -1):
        match block[index]:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in temporaries:
                following = block[index + 1]
                if isinstance(following, _SIMPLE) and _substitute(following, name, value):
                    del block[index]
            case _:
                pass


def _substitute(statement: ast.stmt, name: str, value: ast.expr) -> bool:
    """Replace the only use of a name, unless it is in a scope that is evaluated later or repeatedly."""
    for node in _within([statement]):
        if isinstance(node, _SCOPES + _COMPREHENSIONS):
            continue
        for field, child in ast.iter_fields(node):
            if isinstance(child, ast.Name) and child.id == name and isinstance(child.ctx, ast.Load):
                setattr(node, field, value)
                return True
            if isinstance(child, list):
                for index, item in enumerate(child):
                    if isinstance(item, ast.Name) and item.id == name and isinstance(item.ctx, ast.Load):
                        child[index] = value
                        return True
    return False
