"""The code that the evaluator and `prepare` execute, read from a commit, and the modules that their Python has."""

import sys
from functools import lru_cache

from loop import judges
from loop.brief.config import Config
from loop.errors import WorkspaceError
from loop.gate.evaluator import Evaluator, evaluators
from loop.runs.process.environment import interpreter
from loop.runs.process.python_modules import importable_modules
from loop.runs.sandbox import editable_installs
from loop.workspace import Workspace


def evaluator_code(workspace: Workspace, commit: str, config: Config) -> tuple[Evaluator, ...]:
    """What the brief's `evaluate` and `prepare` execute; nothing for a judge of this package, which imports no change."""
    is_judge = config.evaluate is not None and judges.isolated_command(config.evaluate) is not None
    lines = (None if is_judge else config.evaluate, config.prepare if config.evaluate else None)
    return _code(workspace, commit, tuple(line for line in lines if line))


@lru_cache(maxsize=8)
def _code(workspace: Workspace, commit: str, lines: tuple[str, ...]) -> tuple[Evaluator, ...]:
    tree = workspace.tree(commit)

    def read(path: str) -> str:
        try:
            return workspace.read(commit, [path])[path]
        except WorkspaceError as error:
            raise KeyError(path) from error

    return tuple(
        evaluator
        for line in lines
        for evaluator in evaluators([line], tree, read, folders=_own_folders(workspace, line))
    )


def installed_modules(evaluator: Evaluator) -> frozenset[str]:
    """The top-level modules that the evaluator's Python has, or at least those of the standard library."""
    return importable_modules(evaluator.command) or sys.stdlib_module_names


def _own_folders(workspace: Workspace, line: str) -> tuple[str, ...]:
    """The folders of the repository from which the command's Python imports an editable install."""
    folders = editable_installs.folders(interpreter(line))
    return tuple(
        "" if folder == workspace.root else folder.relative_to(workspace.root).as_posix()
        for folder in folders
        if folder.is_relative_to(workspace.root)
    )
