"""Packages that a Python imports from where they are worked on: editable installs, and other lines of `.pth` files.

A run imports the project's own package from its export, or it would train the files of the working tree whatever the
change says; packages beside the project are read where they are. Files are read; nothing is started here.
"""

import ast
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from loop.runs.process.environment import interpreter

MODULES = (".py", ".so")
_MAPPING = re.compile(r"^MAPPING\b[^=]*=\s*(\{.*\})", re.MULTILINE)  # of the finder that setuptools installs


def search_path(line: str, *, root: Path, export: Path) -> dict[str, str]:
    """PYTHONPATH for a command in an export of the repository, if its Python imports anything from the repository itself."""
    own = [path.relative_to(root) for path in folders(interpreter(line)) if path.is_relative_to(root)]
    return {"PYTHONPATH": os.pathsep.join(str(export / path) for path in own)} if own else {}


def beside(pythons: Iterable[Path], *, closed: Iterable[Path]) -> list[Path]:
    """What these Pythons import from such folders and nothing else in them; no folder around one that stays closed counts."""
    shut = list(closed)
    found = [
        path for python in pythons for path in folders(python) if not any(one.is_relative_to(path) for one in shut)
    ]
    return [part for path in found for part in sorted(path.iterdir()) if _imported(part)]


def folders(python: Path) -> list[Path]:
    """Folders that the site-packages of a Python add to its search path."""
    sites = (python.parent.parent / "lib").glob("python3*/site-packages")
    return list(dict.fromkeys(path for site in sites for path in _added(site)))


def _imported(path: Path) -> bool:
    return path.suffix in MODULES or (path / "__init__.py").is_file()


def _added(site: Path) -> Iterator[Path]:
    for file in sorted(site.glob("*.pth")):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.strip() and not line.startswith(("import ", "import\t", "#")):
                yield from _folder(site / line.strip())
    for file in sorted(site.glob("__editable__*finder.py")):
        match = _MAPPING.search(file.read_text(encoding="utf-8", errors="replace"))
        for place in _literal(match[1]).values() if match else ():
            yield from _folder(Path(place).parent)


def _folder(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield path.resolve()


def _literal(text: str) -> dict[str, str]:
    try:
        found = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
