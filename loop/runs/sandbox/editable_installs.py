"""Packages that a Python imports from their working folders: editable installs, and other lines of `.pth` files.

A run imports the project's own package from its export; from the working tree it would train the same files whatever the
change is. It reads packages of other projects in their folders. This module reads files and starts nothing.
"""

import ast
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from loop.runs.process.environment import interpreter

MODULES = (".py", ".so")
_MAPPING = re.compile(r"^MAPPING\b[^=]*=\s*(\{.*\})", re.MULTILINE)  # of the finder that setuptools installs


def python_path(line: str, *, root: Path, export: Path) -> dict[str, str]:
    """PYTHONPATH for a command in an export of the repository, if its Python imports anything from the repository."""
    own = [path.relative_to(root) for path in folders(interpreter(line)) if path.is_relative_to(root)]
    return {"PYTHONPATH": os.pathsep.join(str(export / path) for path in own)} if own else {}


def packages(pythons: Iterable[Path], *, closed: Iterable[Path]) -> list[Path]:
    """What these Pythons import from such folders, and nothing else in them; folders around one of `closed` do not count."""
    hidden = list(closed)
    found = [
        path
        for python in pythons
        for path in folders(python)
        if not any(folder.is_relative_to(path) for folder in hidden)
    ]
    parts = [part for path in found for part in sorted(path.iterdir())]
    return [part for part in parts if part.suffix in MODULES or (part / "__init__.py").is_file()]


def folders(python: Path) -> list[Path]:
    """The folders that the site-packages of a Python add to its search path."""
    sites = (python.parent.parent / "lib").glob("python3*/site-packages")
    return list(dict.fromkeys(path for site in sites for path in _added_by(site)))


def _added_by(site: Path) -> Iterator[Path]:
    for file in sorted(site.glob("*.pth")):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.strip() and not line.startswith(("import ", "import\t", "#")):
                yield from _if_folder(site / line.strip())
    for file in sorted(site.glob("__editable__*finder.py")):
        match = _MAPPING.search(file.read_text(encoding="utf-8", errors="replace"))
        for path in _literal(match[1]).values() if match else ():
            yield from _if_folder(Path(path).parent)


def _if_folder(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield path.resolve()


def _literal(text: str) -> dict[str, str]:
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
