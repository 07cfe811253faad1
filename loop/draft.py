"""A first brief for a repository, from a few answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from loop import brief
from loop.errors import BadInput
from loop.workspace import Workspace


@dataclass(frozen=True)
class Question:
    """One answer that a brief needs, and what stands in for it where nobody is there to ask."""

    text: str
    default: str | None = None
    optional: bool = False


QUESTIONS = {
    "goal": Question("What is wanted, in a sentence"),
    "metric": Question("The one number that decides, as the output names it"),
    "direction": Question("minimize or maximize", default="minimize"),
    "train": Question("The command that trains", default="python train.py"),
    "scope": Question("The file that may be edited", default="train.py"),
    "budget": Question("Training time of one run", default="5m"),
}

HUMAN = """
# {goal}

Say here what you would tell a colleague who works through the night: what you have tried, what you believe,
what must not be touched, what would count as cheating.
"""


def write(root: Path, answers: Mapping[str, object]) -> Path:
    """Write program.md at the root of the repository. Raises BadInput; never overwrites."""
    workspace = Workspace(root)
    path = workspace.root / brief.NAMES[0]
    if path.exists():
        raise BadInput(f"{path} exists: edit it, or move it away first.")
    missing = [key for key in QUESTIONS if not answers.get(key)]
    if missing:
        raise BadInput(f"A brief needs {missing[0]}: say it with --{missing[0]}.")
    text = render(answers)
    brief.parse(text, path=path)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        path.unlink(missing_ok=True)
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from error
    return path


def render(answers: Mapping[str, object]) -> str:
    """The text of a brief."""
    values = {key: _list(value) if key == "scope" else value for key, value in answers.items()}
    matter = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=1000)
    heading = re.sub(r"\s+", " ", str(answers["goal"])).strip()
    return f"---\n{matter}---\n{HUMAN.format(goal=heading)}"


def _list(value: object) -> object:
    return list(value) if isinstance(value, list | tuple) else [value]
