"""Compile caches that runs share, without one run's code reaching another run.

The first finished run of the unchanged code saves what its compilers wrote in `.ar/warm/SESSION`. Every later run gets a
copy of its own, through the variables that compilers read. What a run adds is deleted with the run: a cache that an edited
file has written is code that the next run would load.
"""

import os
import shutil
from pathlib import Path

VARIABLES = ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "CUDA_CACHE_PATH", "NUMBA_CACHE_DIR")
FOLDER = ".warm"  # in a run's home
MAX_BYTES = 2 << 30  # of a saved cache


def restore(cache: Path, home: Path) -> dict[str, str]:
    """Copy the saved cache into a run's home; the variables that lead compilers to the copy."""
    copy = home / FOLDER
    if cache.is_dir():
        shutil.copytree(cache, copy, ignore=_irregular, symlinks=True, dirs_exist_ok=True)
    return {name: str(copy / name.partition("_")[0].lower()) for name in VARIABLES}


def save(cache: Path, home: Path) -> None:
    """Save what a run's compilers wrote, unless a cache is saved already; a failure costs only time."""
    written = home / FOLDER
    if cache.exists() or not written.is_dir() or not 0 < _size(written) <= MAX_BYTES:
        return
    copy = cache.with_name(f".{home.parent.name}.{os.getpid()}")  # named by run: two of the baseline may end at once
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(written, copy, ignore=_irregular, symlinks=True)
        copy.replace(cache)  # in one step: a killed loop leaves no partial cache
    except OSError:
        shutil.rmtree(copy, ignore_errors=True)


def _irregular(folder: str, names: list[str]) -> list[str]:
    """Names that are neither a plain file nor a folder: a pipe would block the copy, a link may lead elsewhere."""
    paths = [Path(folder, name) for name in names]
    return [path.name for path in paths if path.is_symlink() or not (path.is_file() or path.is_dir())]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
