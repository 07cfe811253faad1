"""Compile caches that stay warm from run to run, without one run's code reaching another's.

The first finished run of the unchanged code leaves what its compilers wrote in `.ar/warm/SESSION`. Every later run is lent a
copy of its own, found through the variables that compilers read; what it adds goes with it, because a cache that an edited
file has written is code that the next run would load.
"""

import os
import shutil
from pathlib import Path

VARIABLES = ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "CUDA_CACHE_PATH", "NUMBA_CACHE_DIR")
FOLDER = ".warm"  # in a run's home
MOST_BYTES = 2 << 30  # that are kept and copied


def lend(kept: Path, home: Path) -> dict[str, str]:
    """Lay a copy of what was kept into a run's home; the variables that lead its compilers there."""
    mine = home / FOLDER
    if kept.is_dir():
        shutil.copytree(kept, mine, ignore=_irregular, symlinks=True, dirs_exist_ok=True)
    return {name: str(mine / name.partition("_")[0].lower()) for name in VARIABLES}


def keep(kept: Path, home: Path) -> None:
    """Keep what a run's compilers wrote, if they wrote anything and nothing is kept yet; a failure costs only time."""
    mine = home / FOLDER
    if kept.exists() or not mine.is_dir() or not 0 < _size(mine) <= MOST_BYTES:
        return
    beside = kept.with_name(f".{home.parent.name}.{os.getpid()}")  # by run: two of the baseline may end at once
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(mine, beside, ignore=_irregular, symlinks=True)
        beside.replace(kept)  # in one step: a loop that is killed leaves no half of it
    except OSError:
        shutil.rmtree(beside, ignore_errors=True)


def _irregular(folder: str, names: list[str]) -> list[str]:
    """What is neither a plain file nor a folder: a pipe would be waited for, a link may lead elsewhere."""
    paths = [Path(folder, name) for name in names]
    return [path.name for path in paths if path.is_symlink() or not (path.is_file() or path.is_dir())]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
