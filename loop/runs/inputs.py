"""Inputs: untracked paths that a run may read, below the repository or, as `~/…`, below the person's home."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from loop.errors import MachineFailure

HOME = "~/"


def source(root: Path, name: str) -> Path:
    """Where an input lies on this machine."""
    return Path(os.path.expanduser(name)) if name.startswith(HOME) else root / name  # noqa: PTH111


def link(names: Iterable[str], *, root: Path, folder: Path, home: Path) -> list[Path]:
    """Link each input into a run's folder, or its home, where the program expects it; return where they lie.

    Raises WorldBroken for one that is gone.
    """
    found = []
    for name in names:
        path = source(root, name)
        if not path.exists():
            raise MachineFailure(f"The input {path} is gone: put it back, then start again.")
        _link(path, home / name.removeprefix(HOME) if name.startswith(HOME) else folder / name)
        found.append(path)
    return found


def afresh(names: Iterable[str], *, root: Path, home: Path) -> list[Path]:
    """An empty home with the inputs that lie in one: what a training left there reaches no evaluator."""
    own = [name for name in names if name.startswith(HOME)]
    if own:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True, exist_ok=True)
    return link(own, root=root, folder=home, home=home)


def _link(source: Path, target: Path) -> None:
    """A symbolic link to where the sandbox binds it."""
    if target.exists() or target.is_symlink():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source)
