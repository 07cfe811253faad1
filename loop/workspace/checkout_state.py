"""What a person sees of their repository: HEAD, refs, index, files, configuration. Two readings tell what changed between.

Files are compared by size and time, not by content, so that no filter runs and a large checkout costs milliseconds. The loop's
own refs are left out, and the paths that the caller names.
"""

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from loop.workspace.plumbing import Plumbing

OWN_REFS = "autoresearch/"  # part of the name of every ref of a session
LISTED = 5  # names in one clause
SETTINGS = ("config", "info/attributes", "info/exclude")  # below git's folder
HOOKS = "hooks"


@dataclass(frozen=True, kw_only=True)
class CheckoutState:
    """One reading. Each part maps a name to a text that differs if what the name stands for has changed."""

    head: str
    refs: Mapping[str, str]
    index: Mapping[str, str]
    files: Mapping[str, str]
    settings: Mapping[str, str]


def read_state(git: Plumbing, *, leave_out: Collection[Path] = ()) -> CheckoutState:
    """The present state, without the files at or below the paths to leave out. Raises WorkspaceError."""
    refs = dict(
        line.split(" ", 1) for line in git.run("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    )
    entries = (entry.split("\t", 1) for entry in git.run("ls-files", "-z", "--stage").split("\0") if entry)
    names = git.run("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    left_out = [path.relative_to(git.root) for path in leave_out if path.is_relative_to(git.root)]
    seen = [name for name in names if name and not any(Path(name).is_relative_to(path) for path in left_out)]
    return CheckoutState(
        head=_head(git),
        refs={name: sha for name, sha in refs.items() if OWN_REFS not in name},
        index={path: meta for meta, path in entries},
        files={name: _fingerprint(git.root / name) for name in seen},
        settings=dict(_settings(git)),
    )


def differences(before: CheckoutState, after: CheckoutState) -> tuple[str, ...]:
    """What changed between two readings, one clause each."""
    clauses = []
    if before.head != after.head:
        clauses.append(f"HEAD moved from {_short(before.head)} to {_short(after.head)}")
    parts = (
        ("refs", before.refs, after.refs),
        ("the index", before.index, after.index),
        ("files", before.files, after.files),
        ("git's settings", before.settings, after.settings),
    )
    for name, old, new in parts:
        changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
        if changed:
            clauses.append(f"{name} changed: {_listed(changed)}")
    return tuple(clauses)


def _head(git: Plumbing) -> str:
    """The commit and the branch that the person has checked out."""
    commit = git.resolve("HEAD")
    return f"{commit} {git.run('rev-parse', '--symbolic-full-name', 'HEAD')}" if commit else ""


def _settings(git: Plumbing) -> Iterator[tuple[str, str]]:
    for name in SETTINGS:
        path = git.common / name
        if path.is_file():
            yield name, hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    hooks = git.common / HOOKS
    for path in sorted(hooks.iterdir()) if hooks.is_dir() else ():
        yield f"{HOOKS}/{path.name}", _fingerprint(path)


def _fingerprint(path: Path) -> str:
    try:
        status = path.lstat()
    except OSError as error:
        return error.strerror or "missing"
    return f"{status.st_mode} {status.st_size} {status.st_mtime_ns} {status.st_ino}"


def _short(head: str) -> str:
    commit, _, name = head.partition(" ")
    return f"{name.removeprefix('refs/heads/') or 'no branch'} at {commit[:10] or 'no commit'}"


def _listed(names: list[str]) -> str:
    shown = [os.fsencode(name).decode("utf-8", "backslashreplace") for name in names[:LISTED]]
    return ", ".join(shown) + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")
