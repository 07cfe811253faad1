"""`ar-loop doctor`: checks everything that a session needs, and says how to repair what is missing. Changes nothing.

`ar-loop run` refuses what is broken here, before it trains anything.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from journal.errors import JournalError
from journal.projections.state import State, fold
from journal.store import Reader
from journal.store.connection import network_file_system
from loop.errors import BadInput, LoopError
from loop.proposers.choice import unset_variables
from loop.runs.devices import find_device
from loop.runs.process.limits import SPARE_BYTES
from loop.runs.sandbox import bubblewrap
from loop.setup import preflight, repository_state, seeds
from loop.setup.preflight import missing_knobs
from loop.setup.project import FOLDER, Project, read_project
from loop.setup.requirements import module_problem

__all__ = ["HealthCheck", "examine", "missing_knobs", "require_health"]

Health = Literal["well", "note", "broken"]
GIT = (2, 36)  # the first version that can sync loose objects and refs before it reports them written
PLENTY, ENOUGH = 8 * SPARE_BYTES, 2 * SPARE_BYTES  # bytes of free disk without a word, and for a session at all

_PROPOSERS = {"sampler": "the built-in sampler", "claude": "Claude", "command": "the brief's command"}


@dataclass(frozen=True)
class HealthCheck:
    """The result of one check. A session can run with a note."""

    name: str
    state: Health
    message: str


def examine(folder: Path, *, journal: Path | None = None) -> list[HealthCheck]:
    """Check git, the files that a session writes, brief, commands, proposer, device, sandbox, disk, journal and clock."""
    try:
        project = read_project(folder, journal=journal)
    except (LoopError, JournalError) as error:
        return [HealthCheck("repository", "broken", str(error)), *_machine(folder)]
    return [*_project(project), *_machine(project.workspace.root), *_journal(project)]


def require_health(project: Project, *, proposes: bool = True) -> None:
    """Raises BadInput for the first thing that `examine` calls broken; without `proposes` nothing is asked of a proposer."""
    checks = (*_project(project), *_disk(project.workspace.root), *_journal_place(project.journal))
    for check in checks:
        if check.state == "broken" and (proposes or check.name != "proposer"):
            message = check.message.rstrip(".")
            raise BadInput(f"{message[0].upper()}{message[1:]}.")


def _project(project: Project) -> Iterator[HealthCheck]:
    """The checks of the repository and of the brief."""
    config, brief = project.brief.config, project.brief
    yield from _git(project)
    yield _folder(project)
    yield HealthCheck(
        "brief", "well", f"{brief.path.name}: {config.direction} {config.metric}, {config.budget:g} s a run"
    )
    scope = ", ".join(config.scope)
    yield _attempt("scope", preflight.check_scope, project, f"a change may edit {scope}")
    if config.evaluate:
        yield _attempt(
            "evaluator", preflight.check_evaluator, project, f"no change can edit what `{config.evaluate}` executes"
        )
    yield _attempt("commands", _check_commands, project, f"`{config.train}` can run, and its inputs exist")
    yield from _requirements(project)
    yield _proposer(project)
    yield from _proposer_notes(project)
    if seed := seeds.fixed_seed(project):
        yield HealthCheck("seed", "note", seed)


def _attempt(name: str, check: Callable[[Project], None], project: Project, success: str) -> HealthCheck:
    """The result of a check that raises what is broken."""
    try:
        check(project)
    except LoopError as error:
        return HealthCheck(name, "broken", str(error))
    return HealthCheck(name, "well", success)


def _check_commands(project: Project) -> None:
    preflight.check_inputs(project)
    preflight.check_commands(project)
    preflight.check_machine(project)


def _git(project: Project) -> Iterator[HealthCheck]:
    workspace = project.workspace
    version, minimum = (".".join(map(str, numbers)) for numbers in (workspace.git_version(), GIT))
    problem = f"git {version} cannot sync refs to disk: install {minimum} or newer"
    is_old = workspace.git_version() < GIT
    broken = (
        problem if is_old else repository_state.missing_objects(workspace) or repository_state.blocked_refs(workspace)
    )
    state: Health = "broken" if broken else "well"
    yield HealthCheck("git", state, broken or f"git {version}, {workspace.root} at {workspace.head()[:10]}")
    for note in repository_state.files_without_content(workspace, project.brief.config.inputs):
        yield HealthCheck("files", "note", note)


def _folder(project: Project) -> HealthCheck:
    """Whether a session can write its own folder, git's, the brief and the journal."""
    root = project.workspace.root
    git = [path for path in (root / ".git" / "objects", root / ".git" / "refs") if path.is_dir()]
    for path in (root / FOLDER, *git, project.brief.path, project.journal):
        existing = _existing(path)
        if not os.access(existing, os.W_OK):
            message = f"{existing} is not writable, and a session writes there: make it writable"
            return HealthCheck("folder", "broken", message)
    return HealthCheck("folder", "well", f"{root} is writable")


def _requirements(project: Project) -> Iterator[HealthCheck]:
    """What the commands need on this machine and do not find."""
    config = project.brief.config
    for line in filter(None, (config.train, config.evaluate)):
        if problem := module_problem(project, line):
            yield HealthCheck("imports", "broken" if problem.is_certain else "note", problem.message)


def _proposer_notes(project: Project) -> Iterator[HealthCheck]:
    try:
        yield from (HealthCheck("proposer", "note", note) for note in preflight.proposer_notes(project))
    except LoopError:
        return  # other checks say what is wrong with the repository


def _proposer(project: Project) -> HealthCheck:
    try:
        choice = preflight.proposer_choice(project)
        problem = missing_knobs(project)
    except LoopError as error:
        return HealthCheck("proposer", "broken", str(error))
    if problem:
        return HealthCheck("proposer", "broken", problem)
    if unset := unset_variables(project.brief.config, os.environ):
        return HealthCheck("proposer", "note", unset)
    return HealthCheck("proposer", "well", choice.reason or f"the proposer is {_PROPOSERS[choice.name]}")


def _machine(folder: Path) -> Iterator[HealthCheck]:
    device = find_device()
    no_gpu = "" if device.name != "cpu" else "; there is no GPU, so use small models"
    yield HealthCheck("device", "note" if no_gpu else "well", f"{device.description}{no_gpu}")
    problem = bubblewrap.unavailable_reason()
    yield HealthCheck("sandbox", "note" if problem else "well", problem or "bubblewrap works")
    yield from _disk(folder)


def _disk(folder: Path) -> Iterator[HealthCheck]:
    free = shutil.disk_usage(folder).free
    state: Health = "well" if free >= PLENTY else "note" if free >= ENOUGH else "broken"
    remedy = "" if state == "well" else f": free {(PLENTY - free) / 2**30:.1f} GiB more"
    yield HealthCheck("disk", state, f"{free / 2**30:.1f} GiB free at {folder}{remedy}")


def _journal_place(path: Path) -> Iterator[HealthCheck]:
    """Whether SQLite can keep a journal at a path."""
    kind = network_file_system(path)
    on_network = f"{path} is on a network file system ({kind}): name a local path with --journal" if kind else None
    folder = _existing(path.parent)
    problem = on_network or repository_state.journal_path_problem(path) or repository_state.lock_problem(folder)
    if problem:
        yield HealthCheck("journal", "broken", problem)


def _journal(project: Project) -> Iterator[HealthCheck]:
    path = project.journal
    if broken := list(_journal_place(path)):
        yield from broken
        return
    if not path.exists():
        yield HealthCheck("journal", "well", f"the first run will create {path}")
        return
    try:
        state = fold(Reader(path).read())
    except JournalError as error:
        yield HealthCheck("journal", "broken", str(error))
        return
    yield HealthCheck(
        "journal", "well", f"{path} has {state.position} events; `ar-journal verify` checks its hash chain"
    )
    yield from _noise(project, state)
    if state.recorded_at > datetime.now(UTC).isoformat(timespec="microseconds"):
        message = f"the clock is behind the journal's last event ({state.recorded_at}): set the clock"
        yield HealthCheck("clock", "note", message)
    else:
        yield HealthCheck("clock", "well", "the clock is later than the journal's last event, as it should be")


def _noise(project: Project, state: State) -> Iterator[HealthCheck]:
    session = state.latest_session()
    if session is not None and session.sigma == 0:
        yield HealthCheck("noise", "note", f"in session {session.tag} {seeds.identical_runs(project.brief.config)}")


def _existing(path: Path) -> Path:
    return next(place for place in (path, *path.parents) if place.exists())
