"""The project: repository, brief and profile, read and checked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from journal.console.locate import locate
from journal.permissions import make_folder
from journal.store import Journal
from loop.brief import profile as profiles
from loop.brief import program as briefs
from loop.brief.defaults import infer_defaults
from loop.brief.profile import Profile
from loop.brief.program import Brief
from loop.errors import BadInput
from loop.workspace import Workspace

FOLDER = ".ar"  # the loop writes here, and into the memory block of the brief


@dataclass(frozen=True, kw_only=True)
class Project:
    """The repository, the brief and the profile of a session."""

    workspace: Workspace
    brief: Brief
    profile: Profile
    defaults: Mapping[str, object]  # of the brief's keys: from the repository's files and from the profile
    journal: Path
    store: Callable[[Path], Journal] = Journal  # opens the journal


def read_project(root: Path, *, journal: Path | None = None) -> Project:
    """Read the repository, the brief and the profile; write nothing. Raises BadInput."""
    workspace = Workspace(root)
    tree = workspace.tree(workspace.head())
    path = briefs.find(workspace.root)
    first = briefs.read(path)
    profile = _profile(workspace, first)
    explicit = first.explicit_keys | profile.brief.keys()
    config = briefs.read(path, defaults=profile.brief).config
    defaults = {**infer_defaults(config, explicit, tree, name=path.name), **profile.brief}
    return Project(
        workspace=workspace,
        brief=briefs.read(path, defaults=defaults),
        profile=profile,
        defaults=defaults,
        journal=locate(journal, start=workspace.root),
    )


def _profile(workspace: Workspace, brief: Brief) -> Profile:
    name = brief.config.profile
    if name is None:
        return Profile()
    path = workspace.root / name
    if not path.is_file():
        raise BadInput(f"The profile {name} of {brief.path.name} does not exist{prepare_hint(brief.config.prepare)}")
    return profiles.read(path)


def prepare_hint(prepare: str | None) -> str:
    """The end of a sentence about a missing file."""
    return f": make it with `{prepare}`." if prepare else "."


def create_folder(folder: Path) -> None:
    """Create `.ar` with a .gitignore of its own: `git status` does not show it."""
    try:
        make_folder(folder)
        ignore = folder / ".gitignore"
        if not ignore.is_file() or not ignore.stat().st_size:
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"The folder {folder} cannot be written: {error.strerror}. Make it writable, or free space."
        ) from error
