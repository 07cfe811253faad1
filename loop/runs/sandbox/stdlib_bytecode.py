"""Python's standard library as bytecode: `python -I -S library.py FOLDER` compiles the interpreter's own into FOLDER.

A sandboxed run imports this copy in place of the sources. The demonstration's text is that library, so its sources
hold the very text that a run is scored on; compiled without docstrings they hold none of it. Folders that no training
imports are left out. Run by the interpreter that the training will use, because bytecode belongs to one version.
Standard library only; imports nothing of this project.
"""

import os
import py_compile
import shutil
import sys
from pathlib import Path

PACKAGES = {"site-packages", "dist-packages"}  # kept as empty folders: the real ones are bound there
LEFT_OUT = {"test", "tests", "idle_test", "idlelib", "turtledemo", "pydoc_data", "ensurepip", "__pycache__"} | PACKAGES


def main() -> int:
    source, target = Path(os.__file__).resolve().parent, Path(sys.argv[1])
    for folder, below, files in os.walk(source):
        there = target / Path(folder).relative_to(source)
        there.mkdir(parents=True, exist_ok=True)
        if Path(folder) == source:
            for name in PACKAGES.intersection(below):
                (there / name).mkdir(exist_ok=True)
        below[:] = [name for name in below if name not in LEFT_OUT and not name.startswith("config-")]
        for name in files:
            _put(Path(folder) / name, there / name)
    print(source)
    return 0


def _put(source: Path, target: Path) -> None:
    if not source.is_file():
        return  # a symbolic link that leads nowhere
    if source.suffix != ".py":
        shutil.copy(source, target)
        return
    py_compile.compile(
        str(source),
        str(target.with_suffix(".pyc")),
        dfile=source.name,
        optimize=2,  # without docstrings
        quiet=2,  # a template that is no Python is left out
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


if __name__ == "__main__":
    sys.exit(main())
