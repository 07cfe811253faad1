"""What a person pointed the loop at: repository, brief and profile, read and checked for sense; nothing is written yet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from journal.console.locate import locate
from journal.store import Journal
from loop.brief import profile as profiles
from loop.brief import program as briefs
from loop.brief.defaults import of_tree
from loop.brief.profile import Profile
from loop.brief.program import Brief
from loop.errors import BadInput
from loop.workspace import Workspace

FOLDER = ".ar"  # everything that the loop writes into a repository, beside the memory block of the brief


@dataclass(frozen=True, kw_only=True)
class Project:
    """What a person pointed the loop at, read and checked; nothing is written yet."""

    workspace: Workspace
    brief: Brief
    profile: Profile
    defaults: Mapping[str, object]  # of the brief: from the repository's files and from the profile
    journal: Path
    store: Callable[[Path], Journal] = Journal  # how the journal is opened


def look(root: Path, *, journal: Path | None = None) -> Project:
    """Read the repository, the brief and the profile. Raises BadInput."""
    workspace = Workspace(root)
    tree = workspace.tree(workspace.head())
    path = briefs.find(workspace.root)
    first = briefs.read(path)
    profile = _profile(workspace, first)
    given = first.given | profile.brief.keys()
    config = briefs.read(path, defaults=profile.brief).config
    defaults = {**of_tree(config, given, tree, name=path.name), **profile.brief}
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
        raise BadInput(f"The profile {name} of {brief.path.name} does not exist{how_to_make(brief.config.prepare)}")
    return profiles.read(path)


def how_to_make(prepare: str | None) -> str:
    """The end of a sentence on what does not exist."""
    return f": make it with `{prepare}`." if prepare else "."


def own_folder(folder: Path) -> None:
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
