"""Opening a session: continue the open one, or start a new one on its own branch."""

import importlib.metadata
import platform
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from journal.events import SessionStarted, session_stream
from journal.events.names import is_commit
from journal.projections.sessions import Session
from journal.projections.state import State, fold
from journal.store import Journal
from journal.store.intents import author
from loop.brief import profile as profiles
from loop.brief.config import Config
from loop.brief.profile import Profile
from loop.brief.scope import Scope
from loop.contracts import Device
from loop.errors import BadInput
from loop.session.brief_edits import check_comparable
from loop.session.onto import earlier_session
from loop.setup.project import Project
from loop.setup.study import locked_files
from loop.workspace import Workspace, branch_name, check_tag, checked_out_message

PROFILE_SUBJECT = "Profile {name}: the constants for this machine"


def open_session(
    project: Project,
    journal: Journal,
    *,
    tag: str | None,
    device: Device,
    ablate: bool = False,
    onto: str | None = None,
) -> str:
    """The tag of the session to run. With `ablate` it is a session with kept changes, which may have ended.

    With `onto`, a session's tag or `best`, it is a new session from that one's best commit. Raises BadInput if the brief or
    the repository forbids it.
    """
    state = fold(journal.read())
    earlier = earlier_session(project, state, onto, tag=tag, device=device) if onto is not None else None
    session = (
        None if earlier else _session_to_ablate(state, tag=tag) if ablate else _session_to_continue(state, tag=tag)
    )
    if session is not None:
        _check_names(session)
    name = session.tag if session else tag or _free_tag(project.workspace, state)
    if place := project.workspace.branch_checkout(name):
        raise BadInput(checked_out_message(name, place))
    if session is None:
        _start(project, journal, name, device=device, earlier=earlier)
        return name
    started = journal.stream(session_stream(name))[0].event
    if isinstance(started, SessionStarted):
        check_comparable(project.brief.config, started)
        _check_device_share(project.brief.config, started, device=device)
    return name


def _check_names(session: Session) -> None:
    """Raises BadInput for a session whose names could lead elsewhere: a journal may come from anywhere."""
    check_tag(session.tag)
    if session.branch != branch_name(session.tag):
        raise BadInput(f"Session {session.tag} was imported, without its branch: start a new session with --tag NAME.")
    wrong = next(
        (name for name in (session.base, session.start, session.incumbent, session.tip) if not is_commit(name)), None
    )
    if wrong is not None:
        raise BadInput(
            f"Session {session.tag} names {wrong!r:.80}, which is not the full name of a commit: the journal is not of this "
            "loop; start a new session with --tag NAME."
        )


def _check_device_share(config: Config, started: SessionStarted, *, device: Device) -> None:
    """Raises BadInput if other `workers` give a run another share of the machine than the session's runs had."""
    workers = started.config.get("workers", 1)
    if config.workers != workers and device.description != started.device:
        raise BadInput(
            f"`workers: {config.workers}` gives a run {device.description}, but session {started.session} measures on "
            f"{started.device}: restore `workers: {workers}`, or start a new session with --tag NAME."
        )


def _session_to_continue(state: State, *, tag: str | None) -> Session | None:
    """The open session, or the one of the tag, which may have ended; None for a new one."""
    return state.open_session() if tag is None else state.sessions.rows.get(tag)


def _session_to_ablate(state: State, *, tag: str | None) -> Session:
    session = state.latest_session() if tag is None else state.sessions.rows.get(tag)
    if session is None:
        raise BadInput(f"There is no session {tag or 'yet'}: --ablate tests the changes that a session has kept.")
    if not session.incumbent_experiment:
        raise BadInput(f"Session {session.tag} has kept no change yet: --ablate has nothing to test.")
    return session


def _start(project: Project, journal: Journal, name: str, *, device: Device, earlier: Session | None) -> None:
    """Record a new session, then create its branch where the event says."""
    workspace, brief, profile = project.workspace, project.brief, project.profile
    if workspace.branch(name) is not None:
        raise BadInput(
            f"Branch {branch_name(name)} exists and belongs to no session of this journal: choose another --tag."
        )
    base = earlier.incumbent if earlier else workspace.head()
    # the constants of the profile are in an earlier session's commit, with what it kept since
    constants = {} if earlier else dict(profile.constants)
    start = _first_commit(workspace, base, profile, constants, config=brief.config)
    workspace.pin(name, 0, start)  # before the event names it, so that `git gc` cannot remove it
    event = SessionStarted(
        session=name,
        brief=brief.text,
        brief_hash=brief.hash,
        config=msgspec.to_builtins(brief.config),
        base=base,
        start=start,
        branch=branch_name(name),
        profile=profile.name or None,
        constants=constants,
        locked=locked_files(workspace, base, brief.config),
        host=author(),
        device=device.description,
        versions={"python": platform.python_version(), "ar-loop": importlib.metadata.version("ar-loop")},
        onto=earlier.tag if earlier else "",
    )
    journal.append(session_stream(name), [event], expected_version=0)
    workspace.move_branch(name, start, expected=None)


def _first_commit(
    workspace: Workspace, base: str, profile: Profile, constants: Mapping[str, str], *, config: Config
) -> str:
    """The first commit of the branch: the base with the profile's constants, or the base itself if they change nothing."""
    scope = Scope(patterns=config.scope, tree=workspace.tree(base), locked=config.locked).files()
    changed = profiles.apply_constants(constants, workspace.read(base, scope))
    if not changed:
        return base
    message = PROFILE_SUBJECT.format(name=profile.name) + "\n"
    return workspace.commit(base, changed, message=message, when=datetime.now(UTC))


def _free_tag(workspace: Workspace, state: State) -> str:
    """An unused tag with today's date: nov20, nov20-2, …"""
    today = datetime.now().astimezone().strftime("%b%d").lower()
    names = (today if number == 1 else f"{today}-{number}" for number in range(1, 1000))
    return next(name for name in names if name not in state.sessions.rows and workspace.branch(name) is None)
