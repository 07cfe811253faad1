"""The files that an agent finds: the program in a repository of its own, and what the loop tells it in `.proposal/`."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from loop.contracts import Request
from loop.proposers import history
from loop.proposers.command import working_copy
from loop.workspace import Workspace, private_repository

INSTRUCTIONS = ".proposal"


def write(tree: Path, request: Request, *, workspace: Workspace, when: datetime) -> dict[str, str]:
    """Write the parent's files as a repository of one commit; returns their snapshot."""
    workspace.export(request.parent, tree)
    before = working_copy.snapshot(tree)
    private_repository.create(tree, message=f"The program at {request.parent}\n", when=when)
    return before


def write_instructions(tree: Path, request: Request, texts: Mapping[str, str], *, journal: Path | None) -> None:
    """Write the instructions by name, and what earlier experiments left in the journal into `tried/`."""
    folder = tree / INSTRUCTIONS
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    if journal is not None:
        history.write_tried(journal, folder / "tried", session=request.session, before=request.experiment)
