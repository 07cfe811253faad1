"""A commit's files on disk: byte for byte, without filters, without `.git`, and without links that lead out."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from loop.errors import WorkspaceError
from loop.workspace.objects import LINK, Blob
from loop.workspace.plumbing import Plumbing


def export(git: Plumbing, tree: Mapping[str, Blob], folder: Path) -> None:
    """Write every file of a tree into a folder that does not exist yet."""
    folder.mkdir(parents=True)
    links: list[Path] = []
    for (path, blob), data in zip(tree.items(), git.blobs([blob.sha for blob in tree.values()]), strict=True):
        target = folder / _relative_path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if blob.mode == LINK:
            target.symlink_to(os.fsdecode(data))
            links.append(target)
            continue
        target.write_bytes(data)
        if blob.mode == "100755":
            target.chmod(0o755)
    _remove_outward_links(links, folder=folder)


def _relative_path(path: str) -> PurePosixPath:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or ".git" in (part.lower() for part in pure.parts):
        raise WorkspaceError(f"The tree holds a path that leads out of it: {path!r}.")
    return pure


def _remove_outward_links(links: Iterable[Path], *, folder: Path) -> None:
    """Remove the symbolic links that lead out of the folder: only once all links exist can a chain be followed."""
    root = os.path.realpath(folder)
    outward = [link for link in links if not Path(os.path.realpath(link)).is_relative_to(root)]
    for link in outward:
        link.unlink()
