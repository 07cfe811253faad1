"""Notes on commits (git-notes(1)), written by plumbing: one ref, a tree of blobs named by the commits that they are on."""

from collections.abc import Mapping
from datetime import datetime

from loop.workspace import objects
from loop.workspace.objects import FILE, Blob
from loop.workspace.plumbing import Plumbing


def noted(git: Plumbing, ref: str) -> set[str]:
    """The commits that have a note."""
    names = git.run("ls-tree", "-r", "-z", "--name-only", ref) if git.resolve(ref) else ""
    return {name.replace("/", "") for name in names.split("\0") if name}  # git may spread many over folders


def write(git: Plumbing, ref: str, texts: Mapping[str, str], *, when: datetime) -> tuple[str, str | None]:
    """Write the commit that adds notes, by commit; (its name, the name of the one before)."""
    standing = git.resolve(ref)
    blobs = {commit: Blob(FILE, objects.write_blob(git, text.encode())) for commit, text in texts.items()}
    tree = objects.graft(git, f"{standing}^{{tree}}" if standing else None, blobs)
    return objects.write_commit(git, tree, parent=standing, message="Verdicts\n", when=when), standing
