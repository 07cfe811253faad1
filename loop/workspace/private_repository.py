"""A repository of its own around a folder: an agent that looks for the enclosing repository finds this one.

It has one commit and nothing of the person's: no configuration, template, hook or name. Its bytes are the folder's bytes.
"""

from datetime import datetime
from pathlib import Path

from loop.workspace.objects import write_commit
from loop.workspace.plumbing import Plumbing

BRANCH = "main"
ATTRIBUTES = "* -text -filter -ident -working-tree-encoding\n"  # whatever a `.gitattributes` of the commit asks for
SETTINGS = {"user.name": "agent", "user.email": "agent@localhost", "commit.gpgsign": "false", "gc.auto": "0"}
NOT_SYNCED = ("-c", "core.fsync=none")  # the folder is removed after one call


def create(folder: Path, *, message: str, when: datetime) -> str:
    """Make the folder a work tree whose one commit holds all its files; returns the commit. Raises WorkspaceError."""
    git = Plumbing.initialise(folder, branch=BRANCH)
    (folder / ".git" / "info").mkdir(exist_ok=True)
    (folder / ".git" / "info" / "attributes").write_text(ATTRIBUTES, encoding="ascii")
    for name, value in SETTINGS.items():
        git.run("config", name, value)
    git.run(*NOT_SYNCED, "add", "--all", "--force", ".")
    tree = git.run(*NOT_SYNCED, "write-tree")
    commit = write_commit(git, tree, parent=None, message=message, when=when)
    git.run("update-ref", f"refs/heads/{BRANCH}", commit)
    return commit
