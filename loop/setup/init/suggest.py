"""What a brief could say, from the repository's files and from a trial run."""

import os
import re
import shlex
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from loop.brief.config import BRIEF_KEYS
from loop.brief.defaults import OWN, SCRIPTS, script_of
from loop.brief.metric_candidates import Candidate
from loop.gate.change_rules import imports
from loop.runs.process.environment import script_of as script_of_run

ENVIRONMENTS = (".venv", "venv", "env")  # folders of a project's own Python, at its root
_ASIDE = re.compile(r"setup\.py|conftest\.py|test_.*|.*_test\.py|__\w+__\.py")  # no programs to run
ROOM = 1.5  # of the time that the trial took
ROUND = (10, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 2700, 3600, 7200, 14400, 28800)  # seconds
FIRST = (
    "goal",
    "metric",
    "direction",
    "target",
    "pattern",
    "log",
    "guard",
    "scope",
    "train",
    "evaluate",
    "inputs",
    "budget",
)


def train(root: Path, tree: Collection[str], scope: object) -> str | None:
    """The command that trains, with the project's own Python where it has one and no other is active."""
    named = [path for path in scope if path in tree and path.endswith(".py")] if isinstance(scope, list) else []
    programs = _programs(root, tree)
    lone = programs if len(programs) == 1 else []
    asked = [path for path in named if path in programs or "/" in path]
    scripts = [*asked, *(path for path in SCRIPTS if path in tree), *lone, *named]
    if not scripts:
        return "python -m gpt.train" if OWN in tree else None
    return shlex.join([python(root), scripts[0]])


def _programs(root: Path, tree: Collection[str]) -> list[str]:
    """Python files at the root that no other one imports."""
    names = [path for path in tree if path.endswith(".py") and "/" not in path and not _ASIDE.match(path)]
    texts = {
        path: (root / path).read_text(encoding="utf-8", errors="replace") for path in names if (root / path).is_file()
    }
    imported = {name for path, text in texts.items() for name in imports(path, text)}
    return [path for path in texts if path.removesuffix(".py") not in imported]


def whole(line: str, root: Path, tree: Collection[str]) -> str:
    """A command line whose program lies here and is not committed, such as .venv/bin/python, with its whole path."""
    try:
        script = script_of_run(line)
    except ValueError:  # quotes that do not close: the brief's own sentence says it
        return line
    if script is None or script in tree or not (root / script).exists():
        return line
    return line.replace(shlex.split(line)[0], str(root / script), 1)


def python(root: Path) -> str:
    """`python`, which is the active environment's, else the one beside this program; or the project's own by its path."""
    own = [root / name / "bin" / "python" for name in ENVIRONMENTS]
    found = next((path for path in own if path.exists()), None)
    active = os.environ.get("VIRTUAL_ENV") or (found is not None and found.parent == Path(sys.executable).parent)
    return "python" if found is None or active else str(found)


def keeps_time(root: Path, line: str, tree: Collection[str]) -> bool:
    """Whether the program reads its budget from the loop, so that a run takes as long as that says."""
    script = script_of(line, tree)
    return script is not None and (root / script).is_file() and b"AR_BUDGET" in (root / script).read_bytes()


def scope(train: str, tree: Collection[str]) -> str | None:
    """The file that the command runs."""
    return script_of(train, tree)


def budget(seconds: float | None) -> str:
    """A budget with some room, in a round number, for a command that took so long; the default for one that was not tried."""
    if seconds is None:
        return "5m"
    enough = next((limit for limit in ROUND if limit >= ROOM * seconds), ROUND[-1])
    return duration(enough)


def duration(seconds: float) -> str:
    """Seconds as a brief says them."""
    return f"{seconds / 60:g}m" if seconds >= 60 and seconds % 60 == 0 else f"{seconds:g}s"


def best(found: Sequence[Candidate]) -> Candidate | None:
    """The candidate that is the metric beyond doubt: the likeliest, if its name says which way is better, or the only one."""
    likely = found[0] if found else None
    return likely if likely is not None and (likely.direction is not None or len(found) == 1) else None


def in_order(keys: Mapping[str, object]) -> dict[str, object]:
    """The keys that say something, as a person would read them."""
    order = [*FIRST, *(key for key in BRIEF_KEYS if key not in FIRST)]
    return {key: keys[key] for key in order if keys.get(key) not in (None, (), [], "")}
