"""Where an agent works: a folder outside the person's repository, which is removed after the call.

    $XDG_CACHE_HOME/ar-loop/agents/REPOSITORY/EXPERIMENT-ATTEMPT-xxxxxxxx/
        tree/         the commit's files in a repository of their own; the agent's working folder
        home/         HOME of the agent
        tmp/          TMPDIR of the agent
        output.log    what the agent prints

REPOSITORY is a hash of the repository's path, so the next loop finds what a killed one has left. An agent that looks for the
enclosing repository, or for instructions in the folders above, finds nothing of the person's project.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import NamedTuple

from loop.errors import MachineFailure
from loop.proposers.command import working_copy
from loop.runs.process import process_table


class AgentFolder(NamedTuple):
    """The paths of one call."""

    root: Path
    tree: Path
    home: Path
    temp: Path
    log: Path


def create(repository: Path, *, name: str) -> AgentFolder:
    """A new folder for an agent of this repository, without its `tree`. Raises OSError and MachineFailure."""
    root = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=_parent(repository)))
    folder = AgentFolder(root, root / "tree", root / "home", root / "tmp", root / "output.log")
    folder.home.mkdir()
    folder.temp.mkdir()
    return folder


def remove_leftovers(repository: Path) -> None:
    """Remove the folders of agents that no longer run: a killed loop left them."""
    for parent in _places(repository):
        for folder in sorted(parent.iterdir()) if _is_own(parent) else ():
            if not process_table.is_running(folder / "home"):  # it may belong to a loop on another journal
                working_copy.remove(folder)


def _parent(repository: Path) -> Path:
    """The first place that can be written, made if it is missing."""
    for parent in _places(repository):
        try:
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        if _is_own(parent) and os.access(parent, os.W_OK):
            return parent
    raise MachineFailure("No folder for the agent can be made: set XDG_CACHE_HOME to a folder that can be written.")


def _places(repository: Path) -> list[Path]:
    """Folders for the agents of a repository, the best first: the cache, then the temporary folder; none lies inside it."""
    root = repository.resolve()
    key = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  # Path.home() raises if there is none
    caches = (os.environ.get("XDG_CACHE_HOME"), home / ".cache" if home.is_absolute() else None)
    bases = [
        *(Path(cache) / "ar-loop" for cache in caches if cache),
        Path(tempfile.gettempdir()) / f"ar-loop-{os.getuid()}",
    ]
    places = [(base / "agents" / key).absolute() for base in bases]
    return [place for place in places if not place.resolve().is_relative_to(root)]


def _is_own(folder: Path) -> bool:
    """Whether a folder and the two above it are this user's: anybody can make some below the temporary folder."""
    places = (folder, *folder.parents[:2])
    return all(place.is_dir() and not place.is_symlink() and place.stat().st_uid == os.getuid() for place in places)
