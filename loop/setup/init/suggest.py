"""Suggested values for the keys of a brief, from the repository's files and from a trial run."""

import os
import shlex
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from loop.brief.config import BRIEF_KEYS
from loop.brief.defaults import DEFAULT_SCRIPT, entry_file
from loop.gate.gate import DEFAULT_LIMITS
from loop.runs.process.environment import program_script
from loop.setup.init import code_files, command_candidates

ENVIRONMENTS = (".venv", "venv", "env")  # folders of a project's own Python, at its root
MAX_TEXTS = 300  # files that are read for a suggestion
MARGIN = 1.5  # budget over the seconds of the trial
ROUND_SECONDS = (10, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 2700, 3600, 7200, 14400, 28800)
KEY_ORDER = (
    *("goal", "metric", "direction", "target", "pattern", "log", "guard"),
    *("scope", "train", "evaluate", "inputs", "budget"),
)


def trains(root: Path, tree: Collection[str], scope: object, *, goal: str = "") -> list[str]:
    """The commands that may train, the likeliest first, with the project's own Python if it has one and no other is active."""
    in_scope = [path for path in scope if path in tree and path.endswith(".py")] if isinstance(scope, list) else []
    texts = read_texts(root, tree)
    likely = [path for path in in_scope if command_candidates.is_program(path, texts) or "/" in path]
    own = [shlex.join([python(root), path]) for path in likely]
    found = command_candidates.commands(texts, python=python(root), goal=goal)
    rest = [shlex.join([python(root), path]) for path in in_scope if path not in likely]
    default = ["python -m gpt.train"] if DEFAULT_SCRIPT in tree else []
    return list(dict.fromkeys([*own, *found, *rest, *default]))


def read_texts(root: Path, tree: Collection[str]) -> dict[str, str]:
    """The texts that tell which commands there are."""
    paths = sorted(path for path in tree if command_candidates.is_read(path))[:MAX_TEXTS]
    files = [(path, root / path) for path in paths]
    return {
        path: file.read_text(encoding="utf-8", errors="replace")
        for path, file in files
        if file.is_file() and file.stat().st_size <= command_candidates.MAX_BYTES
    }


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


def scope(train: str, root: Path, tree: Collection[str]) -> list[str]:
    """The script of the command; the code that it measures if the script measures, or if the command builds a program."""
    script = entry_file(train, tree)
    if script is not None and not code_files.measures(script):
        return [script]
    editable = sorted(path for path in tree if _size(root / path) <= DEFAULT_LIMITS.file_bytes)
    return code_files.measured(train, read_texts(root, tree), editable) or ([script] if script else [])


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


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
