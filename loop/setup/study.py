"""The study of a project: which earlier sessions its next session compares with, and what that session lacks."""

import os
from collections.abc import Mapping

import msgspec

from journal.projections.sessions import Session
from journal.projections.state import State
from journal.projections.studies import Identity, make_identity
from journal.reports.study_report import best_session
from loop.brief.config import Config
from loop.brief.scope import Scope
from loop.setup.project import Project
from loop.workspace import Workspace


def locked_files(workspace: Workspace, commit: str, config: Config) -> dict[str, str]:
    """The files of a commit out of scope, path -> git's object name."""
    tree = workspace.tree(commit)
    scope = Scope(patterns=config.scope, tree=tree, locked=config.locked).files()
    locked = ((path, blob.sha) for path, blob in tree.items() if path not in scope)
    return {os.fsencode(path).decode("utf-8", "backslashreplace"): sha for path, sha in locked}  # JSON is UTF-8


def identity(project: Project) -> Identity:
    """What the results of a session from HEAD depend on besides the files in scope."""
    workspace, config = project.workspace, project.brief.config
    settings: Mapping[str, object] = msgspec.to_builtins(config)
    return make_identity(settings, locked_files(workspace, workspace.head(), config))


def sessions(project: Project, state: State) -> tuple[str, ...]:
    """The earlier sessions that measured what a session from HEAD measures, oldest first."""
    present = identity(project)
    return tuple(tag for tag in state.studies.rows if state.studies.identity(tag) == present)


def best(project: Project, state: State, *, device: str) -> Session | None:
    """The study's session with the best kept commit on a device class; None if none has kept a change there."""
    return best_session(state, sessions(project, state), device=device)
