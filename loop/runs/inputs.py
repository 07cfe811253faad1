"""Inputs: untracked paths that a run may read, below the repository or, as `~/…`, below the person's home."""

import os
from collections.abc import Iterable
from pathlib import Path

from loop.errors import MachineFailure

HOME = "~/"


def source_path(root: Path, name: str) -> Path:
    """The path of an input on this machine."""
    return Path(os.path.expanduser(name)) if name.startswith(HOME) else root / name  # noqa: PTH111


def link(names: Iterable[str], *, root: Path, folder: Path, home: Path) -> list[Path]:
    """Link each input into a run's folder or its home, and return their sources. Raises MachineFailure if one is missing."""
    sources = []
    for name in names:
        source = source_path(root, name)
        if not source.exists():
            raise MachineFailure(f"The input {source} does not exist any more: put it back, then start again.")
        target = home / name.removeprefix(HOME) if name.startswith(HOME) else folder / name
        if not (target.exists() or target.is_symlink()):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(source)  # the sandbox binds the source
        sources.append(source)
    return sources
