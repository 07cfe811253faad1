"""Checks before a session starts: what makes it impossible, and what its user should know."""

import os
from collections.abc import Iterator
from pathlib import Path

from journal.projections.sessions import Session
from journal.projections.state import State
from journal.reports.figures import format_metric
from loop.brief.notes import read_notes
from loop.brief.scope import Scope, matches
from loop.errors import BadInput
from loop.gate.evaluator import scope_refusal
from loop.gate.gate import DEFAULT_LIMITS
from loop.proposers.choice import ProposerChoice, choose_proposer
from loop.proposers.sampler.sampler import NO_KNOBS, moves_of
from loop.runs.devices import assign_devices
from loop.runs.inputs import source_path
from loop.runs.process.environment import missing_program, program_script, python_script
from loop.runs.sandbox import bubblewrap
from loop.runs.sandbox.policy import require_sandbox
from loop.runtime.evaluator_code import evaluator_code
from loop.setup.project import Project, prepare_hint
from loop.workspace import Workspace


def check(project: Project) -> None:
    """Raises BadInput if the project cannot run, RunRefused if a sandbox is needed and missing."""
    check_scope(project)
    check_evaluator(project)
    check_inputs(project)
    check_commands(project)
    check_machine(project)
    proposer_choice(project)


def check_scope(project: Project) -> None:
    """Raises BadInput if there is no file to edit, or one that no proposal could edit."""
    workspace, limit = project.workspace, DEFAULT_LIMITS.file_bytes
    head, scope = workspace.head(), _scope(project)
    for path, size in workspace.sizes(head, scope.files()).items():
        if size is not None and size > limit:
            raise BadInput(
                f"{path} has {size:,} bytes, and a file in scope may have {limit:,}: take it out of `scope`, or name it under "
                "`locked`."
            )
    workspace.read(head, scope.files())


def check_evaluator(project: Project) -> None:
    """Raises BadInput if a change could edit or create code that the evaluator executes."""
    workspace = project.workspace
    code = evaluator_code(workspace, workspace.head(), project.brief.config)
    if refusal := scope_refusal(code, _scope(project)):
        raise BadInput(refusal)


def check_inputs(project: Project) -> None:
    """Raises BadInput if an input is missing, or the notes cannot be read."""
    config, root = project.brief.config, project.workspace.root
    read_notes(root, config.notes)
    for name in config.inputs:
        if not source_path(root, name).exists():
            raise BadInput(
                f"The input {name} of {project.brief.path.name} does not exist{prepare_hint(config.prepare)}"
            )


def check_commands(project: Project) -> None:
    """Raises BadInput if a command of the brief has no program or no script."""
    config, workspace = project.brief.config, project.workspace
    tree = workspace.tree(workspace.head())
    for key, line in (("train", config.train), ("evaluate", config.evaluate), ("command", config.command)):
        if line and (program := missing_program(line)):
            raise BadInput(f"The {key} command `{line}` cannot run: there is no program `{program}`.")
        script = (program_script(line) or python_script(line)) if line else None
        is_input = script is not None and any(Path(script).is_relative_to(name) for name in config.inputs)
        if script and script not in tree and not is_input:
            reason = _missing_script(workspace.root / script, script, is_program=program_script(line or "") is not None)
            raise BadInput(f"The {key} command `{line}` cannot run: {reason}")


def check_machine(project: Project) -> None:
    """Raises RunRefused if a sandbox is needed and missing, BadInput if there are too few devices for the workers."""
    require_sandbox(project.brief.config, by_model=False)
    assign_devices(project.brief.config.workers)


def missing_knobs(project: Project) -> str | None:
    """Why the sampler would have nothing to propose and the session would end at its baseline; else None."""
    if proposer_choice(project).name != "sampler":
        return None
    workspace = project.workspace
    has_knobs = any(moves_of(workspace.read(workspace.head(), _scope(project).files())))
    return None if has_knobs else f"the built-in sampler has nothing to propose. {NO_KNOBS}"


def proposer_notes(project: Project) -> Iterator[str]:
    """Keys of the brief that have no effect on the sampler, a sentence each."""
    config, workspace = project.brief.config, project.workspace
    if config.sampler != "local":
        yield (
            f"`sampler: {config.sampler}` means `local`: the sampler has no TPE, because its own steps found more "
            "everywhere it was measured. Remove the key."
        )
    if config.priors:
        moves = moves_of(workspace.read(workspace.head(), _scope(project).files()))
        knobs = {name for move in moves for name in (move.name, move.name.rpartition(":")[2])}
        for name in sorted(config.priors.keys() - knobs):
            yield f"`priors` names {name}, which is no knob of the files in scope: correct the name, or remove it."


def proposer_choice(project: Project) -> ProposerChoice:
    """The proposer of this brief on this machine. Raises BadInput or RunRefused if the brief's own proposer cannot work."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  # Path.home() raises if there is no home
    return choose_proposer(
        project.brief.config, environment=os.environ, home=home, sandbox_problem=bubblewrap.unavailable_reason
    )


def uncommitted_files(project: Project) -> list[str]:
    """The files in scope with uncommitted edits, which a session does not see."""
    return project.workspace.uncommitted(_scope(project).files())


def ended_session(state: State, *, tag: str | None) -> str | None:
    """A sentence about a session that has ended: this call continues it, or starts a new one beside it; else None."""
    session = state.latest_session() if tag is None else state.sessions.rows.get(tag)
    if session is None or session.state != "ended" or (tag is None and state.open_session() is not None):
        return None
    ended = f"session {session.tag} has ended ({session.reason})"
    if tag is not None:
        return f"{ended}, and this call continues it."
    return f"{ended}, so this call starts a new one: `ar-loop run --tag {session.tag}` continues it."


def unmerged_session(
    workspace: Workspace, state: State, scope: tuple[str, ...], *, tag: str | None, best: Session | None = None
) -> Session | None:
    """The session with keeps without which a new session would start: the study's `best`, else the latest; else None."""
    is_new = tag not in state.sessions.rows if tag else state.open_session() is None
    earlier = [row for row in state.sessions.rows.values() if row.kept > 0 and workspace.exists(row.incumbent)]
    if not is_new or not earlier:
        return None
    session = best if best in earlier else earlier[-1]
    return None if _holds(workspace, session, scope) else session


def unmerged_message(last: Session, *, is_in_study: bool) -> str:
    """How to start from what a session kept, as a sentence."""
    count = f"{last.kept} change{'s' * (last.kept > 1)}, {last.metric} {format_metric(last.best, last.sigma)}"
    onto, merge = f"`ar-loop run --onto {last.tag}` starts from there", f"`git merge {last.branch}` first to include it"
    include = onto if is_in_study else merge
    or_continue = "" if last.state == "ended" else f", or continue that session with `ar-loop run --tag {last.tag}`"
    lacks = f"HEAD does not hold what session {last.tag} kept ({count})"
    return f"{lacks}, so a new session starts without it: {include}{or_continue}."


def dropped_edits(project: Project, row: Session) -> str | None:
    """A sentence about files in scope that HEAD has changed since a session started; None if there are none."""
    workspace = project.workspace
    if not workspace.exists(row.base) or row.base == workspace.head():
        return None
    then, now = workspace.tree(row.base), workspace.tree(workspace.head())
    edited = [path for path in _scope(project).files() if then.get(path) != now.get(path)]
    if not edited or _holds(workspace, row, project.brief.config.scope):
        return None
    names = ", ".join(edited[:3]) + (" …" if len(edited) > 3 else "")
    return (
        f"HEAD has changed {names} since session {row.tag} started, and a session from there does not have these edits."
    )


def _scope(project: Project) -> Scope:
    """The scope over the files of HEAD."""
    workspace, config = project.workspace, project.brief.config
    return Scope(patterns=config.scope, tree=workspace.tree(workspace.head()), locked=config.locked)


def _missing_script(path: Path, script: str, *, is_program: bool) -> str:
    """Why a run would not find a script, and what to do."""
    if not path.exists():
        return f"there is no {script} here."
    remedy = f"Name it by its whole path: {path}." if is_program else "Commit it."
    return f"{script} is not committed, and runs see commits only. {remedy}"


def _holds(workspace: Workspace, session: Session, scope: tuple[str, ...]) -> bool:
    """Whether HEAD holds a session's incumbent in its history, or the same files in scope."""
    head = workspace.head()
    ours, theirs = workspace.tree(head), workspace.tree(session.incumbent)
    edited = {path for path in ours | theirs if matches(path, scope)}
    return workspace.contains(head, session.incumbent) or all(ours.get(path) == theirs.get(path) for path in edited)
