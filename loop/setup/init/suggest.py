"""Suggested values for the keys of a brief, from the repository's files and from a trial run."""

import os
import re
import shlex
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from loop.brief.config import BRIEF_KEYS
from loop.brief.defaults import DEFAULT_SCRIPT, TRAIN_SCRIPTS, entry_file
from loop.gate.imports import imports
from loop.runs.process.environment import program_script

ENVIRONMENTS = (".venv", "venv", "env")  # folders of a project's own Python, at its root
_NOT_PROGRAMS = re.compile(r"setup\.py|conftest\.py|test_.*|.*_test\.py|__\w+__\.py")
MARGIN = 1.5  # budget over the seconds of the trial
ROUND_SECONDS = (10, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 2700, 3600, 7200, 14400, 28800)
KEY_ORDER = (
    *("goal", "metric", "direction", "target", "pattern", "log", "guard"),
    *("scope", "train", "evaluate", "inputs", "budget"),
)


def train(root: Path, tree: Collection[str], scope: object) -> str | None:
    """The command that trains, with the project's own Python if it has one and no other is active."""
    in_scope = [path for path in scope if path in tree and path.endswith(".py")] if isinstance(scope, list) else []
    programs = _programs(root, tree)
    only = programs if len(programs) == 1 else []
    likely = [path for path in in_scope if path in programs or "/" in path]
    scripts = [*likely, *(path for path in TRAIN_SCRIPTS if path in tree), *only, *in_scope]
    if not scripts:
        return "python -m gpt.train" if DEFAULT_SCRIPT in tree else None
    return shlex.join([python(root), scripts[0]])


def _programs(root: Path, tree: Collection[str]) -> list[str]:
    """The Python files at the root that no other one there imports."""
    names = [path for path in tree if path.endswith(".py") and "/" not in path and not _NOT_PROGRAMS.match(path)]
    texts = {
        path: (root / path).read_text(encoding="utf-8", errors="replace") for path in names if (root / path).is_file()
    }
    imported = {name for path, text in texts.items() for name in imports(path, text)}
    return [path for path in texts if path.removesuffix(".py") not in imported]


def with_full_path(line: str, root: Path, tree: Collection[str]) -> str:
    """The command line, with the full path of a program that is here and not committed, such as .venv/bin/python."""
    try:
        script = program_script(line)
    except ValueError:  # a quote does not close, which the validation of the brief reports
        return line
    if script is None or script in tree or not (root / script).exists():
        return line
    return line.replace(shlex.split(line)[0], str(root / script), 1)


def python(root: Path) -> str:
    """The path of the project's own Python if it has one and no environment is active, else `python`."""
    own = next((path for name in ENVIRONMENTS if (path := root / name / "bin" / "python").exists()), None)
    is_active = os.environ.get("VIRTUAL_ENV") or (own is not None and own.parent == Path(sys.executable).parent)
    return "python" if own is None or is_active else str(own)


def reads_budget(root: Path, line: str, tree: Collection[str]) -> bool:
    """Whether the program reads its budget from the loop, so that the trial's time says nothing about the budget."""
    script = entry_file(line, tree)
    return script is not None and (root / script).is_file() and b"AR_BUDGET" in (root / script).read_bytes()


def scope(train: str, tree: Collection[str]) -> str | None:
    """The script of the command."""
    return entry_file(train, tree)


def budget(seconds: float | None) -> str:
    """A round budget with a margin over the seconds of a trial; the default if there was no trial."""
    if seconds is None:
        return "5m"
    return duration(next((limit for limit in ROUND_SECONDS if limit >= MARGIN * seconds), ROUND_SECONDS[-1]))


def duration(seconds: float) -> str:
    """Seconds as a brief writes them."""
    return f"{seconds / 60:g}m" if seconds >= 60 and seconds % 60 == 0 else f"{seconds:g}s"


def in_order(keys: Mapping[str, object]) -> dict[str, object]:
    """The keys that have a value, in the order of a brief."""
    order = [*KEY_ORDER, *(key for key in BRIEF_KEYS if key not in KEY_ORDER)]
    return {key: keys[key] for key in order if keys.get(key) not in (None, (), [], "")}
