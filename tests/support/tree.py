"""The tree in the README, made from the disk: `python tests/support/tree.py` rewrites it, a test compares it."""

import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]
WIDTH = 160  # characters of a line of names
LINE = 120  # and of one that says what they are as well
NAME = 24  # characters of a folder's column

FOLDERS = {
    "journal": "the memory: events, store, folds, questions",
    "journal/cli": "ar-journal",
    "journal/events": "what can happen, a file a topic",
    "journal/ideas": "what a change is, and whether it was tried",
    "journal/projections": "folds, in memory and as SQL tables",
    "journal/store": "SQLite",
    "loop": "the scientist: proposes, runs, judges, records",
    "loop/cli": "ar-loop",
    "loop/judges": "numbers for what no program can measure alone",
    "loop/proposers": "who has the next idea",
    "loop/setup": "a first brief",
    "loop/workspace": "git",
    "tui": "the window: ar-tui",
    "tui/screens": "one file, one screen",
    "tui/widgets": "what screens are made of",
    "gpt": "the patient: a small GPT, prepared, trained, scored, sampled",
    "benchmarks": "every figure in this repository",
    "examples": "small repositories for the loop to run on: `make example NAME=latency`",
    "docs": "pages; events, sql and keys are made from the code",
}
SHOWN = (".py", ".tcss", ".toml", ".md")


def tree() -> str:
    """One entry per folder: what it is, then its files, by their stems where they are Python; on one line if they fit."""
    rows = ["program.md  Makefile  pyproject.toml  constraints.txt  CHANGELOG.md  tests/ (one folder a room)  .ci/run"]
    for folder, what in FOLDERS.items():
        files = sorted(path for path in (ROOT / folder).iterdir() if path.suffix in SHOWN and path.stem != "__init__")
        names = " ".join(path.stem if path.suffix == ".py" else path.name for path in files)
        head = f"{folder + '/':{NAME}}{what}"
        if len(line := f"{head}: {names}") <= LINE:
            rows.append(line)
        else:
            rows += [head, *textwrap.wrap(names, WIDTH, initial_indent="    ", subsequent_indent="    ")]
    return "\n".join(rows)


def documented(readme: str) -> str:
    """The tree as the README has it."""
    return readme.split("## The tree\n\n```\n", 1)[1].split("\n```", 1)[0]


def main() -> None:
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(documented(text), tree()), encoding="utf-8")


if __name__ == "__main__":
    main()
