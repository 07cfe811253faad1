"""Git's objects: blobs, trees, commits, notes (git-notes(1)). Written without an index, so no lock and no filter acts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from loop.workspace.plumbing import Plumbing

IDENTITY = {"NAME": "ar-loop", "EMAIL": "ar-loop@localhost"}
FILE, LINK, FOLDER = "100644", "120000", "040000"  # git's modes


@dataclass(frozen=True)
class Blob:
    """A file of a commit's tree: git's mode (100644, 100755, 120000) and object name."""

    mode: str
    sha: str


def write_blob(git: Plumbing, data: bytes, *, store: bool = True) -> str:
    """The name of the object with these bytes; without `store` it is only computed."""
    return git.run("hash-object", *(["-w"] if store else []), "--no-filters", "--stdin", stdin=data)


def graft(git: Plumbing, tree: str | None, blobs: Mapping[str, Blob]) -> str:
    """Write a tree: another tree with these files in it, by path."""
    entries = _entries(git, tree) if tree else {}
    subtrees: dict[str, dict[str, Blob]] = {}
    for path, blob in blobs.items():
        name, slash, rest = path.partition("/")
        if slash:
            subtrees.setdefault(name, {})[rest] = blob
        else:
            entries[name] = f"{blob.mode} blob {blob.sha}"
    for name, inner in subtrees.items():
        mode, _, sha = entries.get(name, "  ").split(" ")
        entries[name] = f"{FOLDER} tree {graft(git, sha if mode == FOLDER else None, inner)}"
    listing = "".join(f"{meta}\t{name}\0" for name, meta in entries.items())
    return git.run("mktree", "-z", stdin=os.fsencode(listing))


def write_commit(git: Plumbing, tree: str, *, parent: str | None, message: str, when: datetime) -> str:
    """Write a commit. The same arguments give the same commit: fixed author, the time in UTC."""
    date = f"{int(when.timestamp())} +0000"
    env = {f"GIT_{role}_{field}": value for role in ("AUTHOR", "COMMITTER") for field, value in IDENTITY.items()}
    env |= {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    return git.run("commit-tree", tree, *(["-p", parent] if parent else []), stdin=message.encode(), env=env)


def commits_with_notes(git: Plumbing, ref: str) -> set[str]:
    names = git.run("ls-tree", "-r", "-z", "--name-only", ref) if git.resolve(ref) else ""
    return {name.replace("/", "") for name in names.split("\0") if name}  # git may spread many over folders


def write_notes(git: Plumbing, ref: str, texts: Mapping[str, str], *, when: datetime) -> tuple[str, str | None]:
    """Write the commit that adds notes, by commit; (its name, the name of the previous one)."""
    previous = git.resolve(ref)
    blobs = {commit: Blob(FILE, write_blob(git, text.encode())) for commit, text in texts.items()}
    tree = graft(git, f"{previous}^{{tree}}" if previous else None, blobs)
    return write_commit(git, tree, parent=previous, message="Verdicts\n", when=when), previous


def _entries(git: Plumbing, tree: str) -> dict[str, str]:
    """Name -> `mode type sha` of a tree's own entries."""
    lines = git.run("ls-tree", "-z", tree).split("\0")[:-1]
    return {name: meta for meta, name in (line.split("\t", 1) for line in lines)}
