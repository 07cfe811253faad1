"""Choosing the real parts, once: repository, brief, profile, journal, session, proposer."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from journal.locate import locate
from journal.store import Journal
from loop import brief as briefs
from loop import profile as profiles
from loop.brief import Brief
from loop.contracts import Proposer
from loop.control import Control
from loop.device import find_device
from loop.environment import missing_program, script_of
from loop.errors import BadInput, RunRefused
from loop.lab import Lab, Screen
from loop.opening import open_session
from loop.profile import Profile
from loop.proposers.sampler import Sampler
from loop.recorder import Recorder
from loop.run import Runs
from loop.scope import Scope
from loop.workspace import Workspace, check_tag

FOLDER = ".ar"  # everything that the loop writes into a repository, beside the memory block of the brief


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a person pointed the loop at, read and checked; nothing is written yet."""

    workspace: Workspace
    brief: Brief
    profile: Profile
    journal: Path
    store: Callable[[Path], Journal] = Journal  # how the journal is opened


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
        journal=locate(journal, start=workspace.root),
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
        if line and (script := script_of(line)) and script not in tree:
            raise BadInput(
                f"The {key} command `{line}` cannot run: {script} is not committed, and runs see commits only."
            )
    if config.proposer in ("claude", "command"):
        raise RunRefused(f"`proposer: {config.proposer}` is not available in this version: use auto or sampler.")


def assemble(setting: Setting, *, tag: str | None, screen: Screen) -> Lab:
    """Take the journal's lease, continue the open session or start one, and put the parts together."""
    if tag is not None:
        check_tag(tag)
    _own_folder(setting.workspace.root / FOLDER)
    journal = setting.store(setting.journal)
    journal.acquire()
    device = find_device()
    recorder = Recorder(journal, open_session(setting, journal, tag=tag, device=device))
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
        defaults=setting.profile.brief,
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
        if not ignore.is_file() or not ignore.stat().st_size:
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"The folder {folder} cannot be written: {error.strerror}. Make it writable, or make room."
        ) from error


def uncommitted(setting: Setting) -> list[str]:
    """Files in scope that the person has edited and not committed: the session stands on the commit, not on them."""
    workspace = setting.workspace
    scope = Scope(patterns=setting.brief.config.scope, tree=workspace.tree(workspace.head()))
    return workspace.changed(scope.files())
