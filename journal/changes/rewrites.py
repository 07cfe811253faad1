"""Rewrites of single nodes that keep the meaning and remove a difference of style. Pure."""

import ast
from collections.abc import Callable

Function = ast.FunctionDef | ast.AsyncFunctionDef


def rewrite(node: ast.AST) -> ast.AST:
    """The node in a form that all its equivalents share."""
    rule = _REWRITES.get(type(node))
    return rule(node) if rule else node


def _bare_assign(node: ast.AST) -> ast.AST:
    if isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name):
        return ast.copy_location(ast.Assign(targets=[node.target], value=node.value), node)
    return node


def _bare_arg(node: ast.AST) -> ast.AST:
    if isinstance(node, ast.arg):
        node.annotation = None
    return node


def _bare_function(node: ast.AST) -> ast.AST:
    if isinstance(node, Function):
        node.returns = None
    return node


def _ascending(node: ast.AST) -> ast.AST:
    """`a > b` becomes `b < a`."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Gt | ast.GtE):
        operator = ast.Lt() if isinstance(node.ops[0], ast.Gt) else ast.LtE()
        return ast.Compare(left=node.comparators[0], ops=[operator], comparators=[node.left])
    return node


def _augmented(node: ast.AST) -> ast.AST:
    """`x = x + y` becomes `x += y`, on plain names."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name) as target], value=ast.BinOp(left=ast.Name(id=left))) if name == left:
            return ast.AugAssign(target=target, op=node.value.op, value=node.value.right)  # type: ignore[attr-defined]
        case _:
            return node


_REWRITES: dict[type, Callable[[ast.AST], ast.AST]] = {
    ast.AnnAssign: _bare_assign,
    ast.arg: _bare_arg,
    ast.FunctionDef: _bare_function,
    ast.AsyncFunctionDef: _bare_function,
    ast.Compare: _ascending,
    ast.Assign: _augmented,
}
