"""What can be seen to be wrong, or worth a word, before a session begins."""

import os
from collections.abc import Iterable
from pathlib import Path

from journal.projections.sessions import Session
from journal.projections.state import State
from journal.reports.narration import number
from loop.brief.scope import Scope, matches
from loop.errors import BadInput
from loop.proposers.choice import Choice, choose
from loop.proposers.sampler import tpe
from loop.runs.devices import share
from loop.runs.inputs import source
from loop.runs.process.environment import file_of_python, missing_program, script_of
from loop.runs.sandbox import bubblewrap
from loop.runs.sandbox.policy import admit
from loop.setup.project import Project, how_to_make
from loop.workspace import Workspace


def check(setting: Project) -> None:
    """Everything that can be seen to be wrong before anything is written. Raises BadInput."""
    config, workspace = setting.brief.config, setting.workspace
    tree = workspace.tree(workspace.head())
    Scope(patterns=config.scope, tree=tree, locked=config.locked).files()
    for name in config.inputs:
        if not source(workspace.root, name).exists():
            raise BadInput(f"The input {name} of {setting.brief.path.name} does not exist{how_to_make(config.prepare)}")
    for key, line in (("train", config.train), ("evaluate", config.evaluate), ("command", config.command)):
        if line and (program := missing_program(line)):
            raise BadInput(f"The {key} command `{line}` cannot run: there is no program `{program}`.")
        script = (script_of(line) or file_of_python(line)) if line else None
        if script and script not in tree and not _given(script, config.inputs):
            why = _not_there(workspace.root / script, script, program=script_of(line or "") is not None)
            raise BadInput(f"The {key} command `{line}` cannot run: {why}")
    if config.sampler == "tpe" and not tpe.installed():
        raise BadInput("`sampler: tpe` needs Optuna: `pip install optuna`, or leave the line out.")
    admit(config, by_model=False)
    share(config.workers)
    choice(setting)


def _given(script: str, inputs: Iterable[str]) -> bool:
    """Whether a script is an input, or lies in one."""
    return any(Path(script).is_relative_to(name) for name in inputs)


def _not_there(path: Path, script: str, *, program: bool) -> str:
    """Why a script is not there for a run, and what to do."""
    if not path.exists():
        return f"there is no {script} here."
    mend = f"Name it by its whole path: {path}." if program else "Commit it."
    return f"{script} is not committed, and runs see commits only. {mend}"


def choice(setting: Project) -> Choice:
    """Which proposer this brief gets here, and why. Raises BadInput or RunRefused where it cannot have the one it names."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  # Path.home() raises where there is none
    return choose(setting.brief.config, environment=os.environ, home=home, unsafe=bubblewrap.why_not)


def uncommitted(setting: Project) -> list[str]:
    """Files in scope that the person has edited and not committed: the session stands on the commit, not on them."""
    workspace = setting.workspace
    scope = Scope(patterns=setting.brief.config.scope, tree=workspace.tree(workspace.head()))
    return workspace.changed(scope.files())


def unmerged_session(workspace: Workspace, state: State, scope: tuple[str, ...], *, tag: str | None) -> str | None:
    """A sentence about the latest session with keeps, where `run` starts a new one without them; None where all is well."""
    starts = tag not in state.sessions.rows if tag else state.open_session() is None
    before = [one for one in state.sessions.rows.values() if one.kept > 0 and workspace.exists(one.incumbent)]
    if not starts or not before or _holds(workspace, before[-1], scope):
        return None
    last = before[-1]
    count = f"{last.kept} change{'s' * (last.kept > 1)}, {last.metric} {number(last.best)}"
    go_on = "" if last.state == "ended" else f"; to go on with it, `ar-loop run --tag {last.tag}`"
    return (
        f"HEAD does not hold what session {last.tag} kept ({count}), so a new session starts without it: to take it along, "
        f"`git merge {last.branch}` first{go_on}."
    )


def _holds(workspace: Workspace, session: Session, scope: tuple[str, ...]) -> bool:
    """Whether HEAD has a session's incumbent in its history, or its files in scope are the same."""
    head = workspace.head()
    ours, theirs = workspace.tree(head), workspace.tree(session.incumbent)
    edited = {path for path in ours | theirs if matches(path, scope)}
    return workspace.contains(head, session.incumbent) or all(ours.get(path) == theirs.get(path) for path in edited)
