"""Passages from the docstrings of installed packages, labelled by the package that they stand in.

The data come with what this program needs anyway: docstrings of eight packages' modules, cut into passages of 40 words,
the packages' names taken out. Every third module of a package is held out whole, so that no passage has a neighbour in
the other part.
"""

import ast
import re
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("git", "jinja2", "networkx", "numpy", "rich", "sympy", "textual", "torch")
MODULES, WORDS, HELD_OUT = 60, 40, 3  # of each package at most; of a passage; one module in so many
WORD = re.compile(r"[a-z]+")


def passages() -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """(training, validation) passages, each with the number of its package."""
    parts: tuple[list[tuple[str, int]], list[tuple[str, int]]] = ([], [])
    for label, package in enumerate(PACKAGES):
        for number, path in enumerate(_modules(package)):
            words = [word for word in WORD.findall(_prose(path).lower()) if word not in PACKAGES]
            cut = [" ".join(words[start : start + WORDS]) for start in range(0, len(words) - WORDS // 2, WORDS)]
            parts[number % HELD_OUT == HELD_OUT - 1].extend((text, label) for text in cut[:10])
    return parts


def _modules(package: str) -> list[Path]:
    """Some modules of an installed package, spread over the whole of it, without importing any."""
    found = find_spec(package)
    if found is None or found.origin is None:
        raise SystemExit(f"data.py: the package {package} is not installed: run this in the environment of ar-loop.")
    modules = sorted(path for path in Path(found.origin).parent.rglob("*.py") if "test" not in str(path))
    return modules[:: max(1, len(modules) // MODULES)]


def _prose(path: Path) -> str:
    """Every docstring of a module, in order."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return " ".join(ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, documented))
