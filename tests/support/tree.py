"""The tree in the README, made from the disk: `python tests/support/tree.py` rewrites it, a test compares it."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
COLUMN = 28  # characters of a folder's name
PACKAGES = ("journal", "loop", "tui", "gpt")
OTHERS = {
    "tests": "One folder per package; tests/support holds what several of them use.",
    "benchmarks": "Every figure in this repository.",
    "examples": "Small repositories for the loop to run on: `make example NAME=latency`.",
    "docs": "Pages; events, sql, keys and brief-keys are made from the code.",
}


def folders() -> list[Path]:
    """Every folder of the packages that holds Python."""
    return sorted({path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")})


def sentence(folder: Path) -> str:
    """What a folder is for: the first line of its package's docstring; empty where there is none."""
    init = folder / "__init__.py"
    docstring = ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))) if init.exists() else None
    return (docstring or "").partition("\n")[0]


def tree() -> str:
    """A line for each folder: its path and what it is for."""
    rows = {str(folder.relative_to(ROOT)): sentence(folder) for folder in folders()} | OTHERS
    order = sorted(rows, key=lambda name: ([*PACKAGES, *OTHERS].index(name.split("/")[0]), name))
    return "\n".join(f"{name + '/':{COLUMN}}{rows[name]}" for name in order)


def documented(readme: str) -> str:
    """The tree as the README has it."""
    return readme.split("## The tree\n\n```\n", 1)[1].split("\n```", 1)[0]


def main() -> None:
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(documented(text), tree()), encoding="utf-8")


if __name__ == "__main__":
    main()
