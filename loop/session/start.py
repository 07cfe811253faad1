"""Opening a session: the one that the journal has open goes on, else a new one starts on a branch of its own."""

import importlib.metadata
import os
import platform
from datetime import UTC, datetime

import msgspec

from journal.events import SessionStarted, session_stream
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
from loop.session.brief_edits import check_rules
from loop.setup.project import Project
from loop.workspace import Workspace, branch_name, in_use

PROFILE_SUBJECT = "Profile {name}: the constants for this machine"


def open_session(setting: Project, journal: Journal, *, tag: str | None, device: Device, past: bool = False) -> str:
    """The tag of the session to go on with; with `past`, of one that has something kept, ended or not.

    Raises BadInput where the brief or the repository forbids it.
    """
    state = fold(journal.read())
    session = _past(state, tag=tag) if past else _continued(state, tag=tag)
    name = session.tag if session else tag or _free_tag(setting.workspace, state)
    if place := setting.workspace.checked_out(name):
        raise BadInput(in_use(name, place))
    if session is None:
        _start(setting, journal, name, device=device)
        return name
    started = journal.stream(session_stream(name))[0].event
    if isinstance(started, SessionStarted):
        check_rules(setting.brief.config, started)
        _check_share(setting.brief.config, started, device=device)
    return name


def _check_share(config: Config, started: SessionStarted, *, device: Device) -> None:
    """Raises BadInput where more or fewer workers would give a run another share of the machine than those before it."""
    workers = started.config.get("workers", 1)
    if config.workers != workers and device.words != started.device:
        raise BadInput(
            f"The brief says `workers: {config.workers}`, which gives a run {device.words}; session {started.session} "
            f"measures on {started.device}: put `workers: {workers}` back, or start a new session with --tag NAME."
        )


def _continued(state: State, *, tag: str | None) -> Session | None:
    """The session to go on with: the one named, else the one that is open."""
    if tag is None:
        return state.open_session()
    session = state.sessions.rows.get(tag)
    if session is not None and session.state == "ended":
        raise BadInput(f"Session {tag} has ended ({session.reason}): choose another tag.")
    return session


def _past(state: State, *, tag: str | None) -> Session:
    """The session whose keeps are looked at again: the one named, else the latest."""
    session = state.latest_session() if tag is None else state.sessions.rows.get(tag)
    if session is None:
        raise BadInput(f"There is no session {tag or 'yet'}: --ablate tests what a session has kept.")
    if not session.incumbent_experiment:
        raise BadInput(f"Session {session.tag} has kept no change yet: there is nothing to test again.")
    return session


def _start(setting: Project, journal: Journal, name: str, *, device: Device) -> None:
    """Record a new session, then put its branch where the event says."""
    workspace, config = setting.workspace, setting.brief.config
    if workspace.branch(name) is not None:
        raise BadInput(f"Branch {branch_name(name)} exists and is no session of this journal: choose another --tag.")
    base = workspace.head()
    tree = workspace.tree(base)
    scope = Scope(patterns=config.scope, tree=tree, locked=config.locked).files()
    start = _profiled(workspace, base, setting.profile, scope=scope, when=datetime.now(UTC))
    workspace.hold(name, 0, start)  # the event names it, so no `git gc` may take it
    event = SessionStarted(
        session=name,
        brief=setting.brief.text,
        brief_hash=setting.brief.hash,
        config=msgspec.to_builtins(config),
        base=base,
        start=start,
        branch=branch_name(name),
        profile=setting.profile.name or None,
        constants=dict(setting.profile.constants),
        locked={_plain(path): blob.sha for path, blob in tree.items() if path not in scope},
        host=author(),
        device=device.words,
        versions={"python": platform.python_version(), "ar-loop": importlib.metadata.version("ar-loop")},
    )
    journal.append(session_stream(name), [event], expected_version=0)
    workspace.advance(name, start, expected=None)


def _plain(path: str) -> str:
    """A path as text: names that are no UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _profiled(workspace: Workspace, base: str, profile: Profile, *, scope: tuple[str, ...], when: datetime) -> str:
    """The first commit of the branch: the base with the profile's constants, or the base where nothing differs."""
    changed = profiles.write(profile.constants, workspace.read(base, scope))
    if not changed:
        return base
    return workspace.commit(base, changed, message=PROFILE_SUBJECT.format(name=profile.name) + "\n", when=when)


def _free_tag(workspace: Workspace, state: State) -> str:
    """A tag of today that neither the journal nor the repository uses: nov20, nov20-2, …"""
    today = datetime.now().astimezone().strftime("%b%d").lower()
    names = (today if number == 1 else f"{today}-{number}" for number in range(1, 1000))
    return next(name for name in names if name not in state.sessions.rows and workspace.branch(name) is None)
