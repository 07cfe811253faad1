"""What a repository lacks for a session: objects, room for refs, locks; and the files that a run gets without their content."""

import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from loop.workspace import Workspace
from loop.workspace.plumbing import REFETCH

MAX_JOURNAL_PATH = 504  # bytes: SQLite opens 512 (MAX_PATHNAME), with the suffix of its own files
LISTED = 3  # paths in a message


def missing_objects(workspace: Workspace) -> str | None:
    """A sentence about a partial clone that lacks files of HEAD; None if all are here."""
    missing = workspace.missing_files(workspace.head())
    if not missing:
        return None
    return f"this is a partial clone without {_listed(missing)} of HEAD: run `{REFETCH}`"


def blocked_refs(workspace: Workspace, tag: str | None = None) -> str | None:
    """A sentence about a ref that leaves no room for the refs of a session; None if there is room."""
    ref = workspace.blocking_ref(tag)
    if ref is None:
        return None
    name = ref.removeprefix("refs/heads/")
    remedy = f"`git branch -m {name} NEW-NAME`" if name != ref else "`git update-ref` with another name"
    return f"{name} exists, and git cannot keep the session's refs beside it: rename it with {remedy}"


def lock_problem(folder: Path, *, flock: Callable[[int, int], None] = fcntl.flock) -> str | None:
    """A sentence about a file system that has no locks; None if it has. Nothing is written: a folder can be locked."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    except OSError as error:
        return f"{folder} has no file locks ({error.strerror}): name a journal on a local disk with --journal"
    finally:
        os.close(descriptor)
    return None


def journal_path_problem(path: Path) -> str | None:
    """A sentence about a path that SQLite cannot open; None if it can."""
    size = len(os.fsencode(path))
    if size <= MAX_JOURNAL_PATH:
        return None
    return (
        f"the journal's path has {size} bytes, and SQLite opens at most {MAX_JOURNAL_PATH}: "
        "name a shorter one with --journal"
    )


def files_without_content(workspace: Workspace, inputs: tuple[str, ...]) -> Iterator[str]:
    """A sentence for each kind of file that a run would get without its content."""
    head = workspace.head()
    pointers = [path for path in workspace.large_file_pointers(head) if not _is_input(path, inputs)]
    if pointers:
        yield (
            f"{_listed(pointers)}: the commit holds a pointer of Git LFS, and a run may read that pointer: get the content "
            "with `git lfs pull`, and name the path under `inputs`"
        )
    modules = [path for path in workspace.submodules(head) if not _is_input(path, inputs)]
    if modules:
        yield f"{_listed(modules)}: a submodule is an empty folder in a run: name it under `inputs` if the run needs it"


def _is_input(path: str, inputs: tuple[str, ...]) -> bool:
    return any(Path(path).is_relative_to(name) for name in inputs)


def _listed(paths: list[str]) -> str:
    more = f" and {len(paths) - LISTED} more" if len(paths) > LISTED else ""
    return ", ".join(paths[:LISTED]) + more
