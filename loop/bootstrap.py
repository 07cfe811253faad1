"""Choosing the real parts, once: repository, brief, profile, journal, session, proposer."""

import getpass
import importlib.metadata
import platform
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from journal.events import SessionStarted, session_stream
from journal.projections import State, fold
from journal.projections.sessions import Session
from journal.store import Journal
from loop import brief as briefs
from loop import profile as profiles
from loop.brief import Brief
from loop.contracts import Proposer
from loop.control import Control
from loop.device import Device, find_device
from loop.errors import BadInput, RunRefused
from loop.lab import Lab, Screen
from loop.profile import Profile
from loop.proposers.sampler import Sampler
from loop.recorder import Recorder
from loop.run import Runs
from loop.runner import missing_program
from loop.scope import Scope
from loop.workspace import Workspace, branch_name, check_tag

FOLDER = ".ar"  # everything that the loop writes into a repository, beside the memory block of the brief
PROFILE_SUBJECT = "Profile {name}: the constants for this machine"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a person pointed the loop at, read and checked; nothing is written yet."""

    workspace: Workspace
    brief: Brief
    profile: Profile
    journal: Path


def look(root: Path, *, journal: Path | None = None) -> Setting:
    """Read the repository, the brief and the profile. Raises BadInput."""
    workspace = Workspace(root)
    workspace.head()
    path = briefs.find(workspace.root)
    first = briefs.read(path)
    profile = _profile(workspace, first)
    brief = briefs.read(path, defaults=profile.brief)
    return Setting(
        workspace=workspace,
        brief=brief,
        profile=profile,
        journal=journal or workspace.root / FOLDER / "journal.db",
    )


def check(setting: Setting) -> None:
    """Everything that can be seen to be wrong before anything is written. Raises BadInput."""
    config, workspace = setting.brief.config, setting.workspace
    tree = workspace.tree(workspace.head())
    Scope(patterns=config.scope, tree=tree, locked=config.locked).files()
    for name in config.inputs:
        if not (workspace.root / name).exists():
            raise BadInput(
                f"The input {name} of {setting.brief.path.name} does not exist{_how_to_make(config.prepare)}"
            )
    for key, line in (("train", config.train), ("evaluate", config.evaluate)):
        if line and (program := missing_program(line)):
            raise BadInput(f"The {key} command `{line}` cannot run: there is no program `{program}`.")
    if config.proposer in ("claude", "command"):
        raise RunRefused(f"`proposer: {config.proposer}` is not available in this version: use auto or sampler.")


def assemble(setting: Setting, *, tag: str | None, screen: Screen) -> Lab:
    """Take the journal's lease, continue the open session or start one, and put the parts together."""
    _own_folder(setting.workspace.root / FOLDER)
    journal = Journal(setting.journal)
    journal.acquire()
    device = find_device()
    state = fold(journal.read())
    session = _continued(state, tag=tag)
    name = session.tag if session else _start(setting, journal, state, tag=tag, device=device)
    recorder = Recorder(journal, name)
    sampler = Sampler()
    return Lab(
        brief=setting.brief,
        recorder=recorder,
        workspace=setting.workspace,
        runs=Runs(
            setting.workspace, setting.brief.config, folder=setting.workspace.root / FOLDER / "runs", device=device.name
        ),
        proposer=_proposer(sampler),
        filler=sampler,
        control=Control(recorder),
        screen=screen,
        folder=setting.workspace.root / FOLDER,
        device=device.name,
    )


def _proposer(sampler: Sampler) -> Proposer:
    return sampler


def _profile(workspace: Workspace, brief: Brief) -> Profile:
    name = brief.config.profile
    if name is None:
        return Profile()
    path = workspace.root / name
    if not path.is_file():
        raise BadInput(f"The profile {name} of {brief.path.name} does not exist{_how_to_make(brief.config.prepare)}")
    return profiles.read(path)


def _how_to_make(prepare: str | None) -> str:
    return f": make it with `{prepare}`." if prepare else "."


def _own_folder(folder: Path) -> None:
    """Make `.ar`, which ignores itself, so that `git status` stays as it is."""
    try:
        folder.mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"The folder {folder} cannot be written: {error.strerror}.") from error


def _continued(state: State, *, tag: str | None) -> Session | None:
    """The session to go on with: the one named, else the one that is open."""
    if tag is None:
        return state.open_session()
    check_tag(tag)
    session = state.sessions.rows.get(tag)
    if session is not None and session.state == "ended":
        raise BadInput(f"Session {tag} has ended ({session.reason}): choose another tag.")
    return session


def _start(setting: Setting, journal: Journal, state: State, *, tag: str | None, device: Device) -> str:
    """Record a new session, then put its branch where the event says."""
    workspace, config = setting.workspace, setting.brief.config
    name = tag or _free_tag(workspace, state)
    check_tag(name)
    if workspace.branch(name) is not None:
        raise BadInput(f"Branch {branch_name(name)} exists and is no session of this journal: choose another --tag.")
    base = workspace.head()
    tree = workspace.tree(base)
    scope = Scope(patterns=config.scope, tree=tree, locked=config.locked).files()
    when = datetime.now(UTC)
    start = _profiled(workspace, base, setting.profile, scope=scope, when=when)
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
        locked={path: blob.sha for path, blob in tree.items() if path not in scope},
        host=f"{getpass.getuser()}@{socket.gethostname()}",
        device=device.words,
        versions={"python": platform.python_version(), "ar-loop": importlib.metadata.version("ar-loop")},
    )
    journal.append(session_stream(name), [event], expected_version=0)
    workspace.advance(name, start, expected=None)
    return name


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


def uncommitted(setting: Setting) -> list[str]:
    """Files in scope that the person has edited and not committed: the session stands on the commit, not on them."""
    workspace = setting.workspace
    scope = Scope(patterns=setting.brief.config.scope, tree=workspace.tree(workspace.head()))
    return workspace.changed(scope.files())
