"""Writes a skill and a paragraph for coding agents into a person's repository, and none of the person's own text."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from journal.console.output_file import replacing
from loop.errors import BadInput

BEGIN = "<!-- ar-loop:begin (`ar-loop init --agents` writes these lines) -->"
END = "<!-- ar-loop:end -->"
SKILL_FILE = Path(".claude/skills/ar-loop/SKILL.md")
AGENTS_FILE = Path("AGENTS.md")

_TEXTS = Path(__file__).with_name("for_agents")
_SKILL_HEAD = """---
name: ar-loop
description: >-
  Runs machine-learning experiments unattended with ar-loop, and reads what they found. Use it to improve the metric of a
  training script, to start, watch or steer a session, or to answer what was tried and why it was kept.
---

"""

Action = Literal["written", "updated", "unchanged"]


@dataclass(frozen=True)
class AgentFile:
    """A file for agents: its new text, and what that does to the file."""

    path: Path
    text: str
    action: Action


def prepare(root: Path) -> list[AgentFile]:
    """The files to write below the root of a repository. Raises BadInput, before anything is written."""
    return [
        _prepared(root, SKILL_FILE, _text("skill.md"), head=_SKILL_HEAD, is_shared=False),
        _prepared(root, AGENTS_FILE, _text("paragraph.md")),
    ]


def write(files: list[AgentFile]) -> None:
    """Write what is new. Raises BadInput, JournalError."""
    for file in files:
        if file.action == "unchanged":
            continue
        try:
            file.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"The folder {file.path.parent} cannot be made: {error.strerror}.") from error
        with replacing(file.path) as partial:
            partial.write_bytes(file.text.encode())
            if file.path.exists():
                partial.chmod(file.path.stat().st_mode & 0o777)


def with_block(text: str, block: str, *, name: str) -> str:
    """The text with the block between its markers, at the end if it has no markers. Raises BadInput if they do not pair."""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = end.join([BEGIN, *block.strip().splitlines(), END])
    if BEGIN not in text and END not in text:
        separator = "" if not text else end if text.endswith(end) else end + end
        return f"{text}{separator}{lines}{end}"
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise BadInput(
            f"{name}: the lines of ar-loop must begin with one `{BEGIN}` and end with one `{END}`: repair them."
        )
    before, _, rest = text.partition(BEGIN)
    return f"{before}{lines}{rest.partition(END)[2]}"


def _text(name: str) -> str:
    return (_TEXTS / name).read_text(encoding="utf-8")


def _prepared(root: Path, name: Path, block: str, *, head: str = "", is_shared: bool = True) -> AgentFile:
    """A file that holds the block; one that is not shared must be ar-loop's own."""
    path = root / name
    for part in _existing(root, name):
        if not part.resolve().is_relative_to(root.resolve()):
            raise BadInput(f"{part} is a link out of the repository: nothing is written through it.")
    if not path.exists():
        return AgentFile(path, with_block(head, block, name=str(name)).lstrip("\n"), "written")
    old = _read(path)
    if not is_shared and BEGIN not in old:
        raise BadInput(f"{name} exists and is not of ar-loop: move it away first.")
    new = with_block(old, block, name=str(name))
    return AgentFile(path, new, "unchanged" if new == old else "updated")


def _existing(root: Path, name: Path) -> Iterator[Path]:
    """The folders and the file of a path that exist, dangling links included."""
    for part in reversed([root / name, *((root / folder) for folder in name.parents)]):
        if part.is_symlink() or part.exists():
            yield part


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise BadInput(f"{path} cannot be used: {problem}.") from error
