"""Python's standard library as bytecode: `python -I -S stdlib_bytecode.py FOLDER` compiles the interpreter's own into FOLDER.

A sandboxed run imports this copy in place of the sources. The demonstration trains on the text of that library, so the
sources contain text of the kind that a run is scored on; the text that it is scored on is in parts that are left out. The
interpreter of the training runs this file, because bytecode belongs to one version. Standard library only; imports nothing
of this project.
"""

import os
import py_compile
import shutil
import sys
from pathlib import Path

PACKAGES = {"site-packages", "dist-packages"}  # kept as empty folders, as mount points for the real ones
# No training imports these. The demonstration's validation text comes from them alone (`gpt.corpus.HIDDEN`).
HIDDEN = {"ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "tests", "tkinter", "turtle.py", "turtledemo"}
OMITTED = HIDDEN | {"__pycache__"} | PACKAGES


def main() -> int:
    source, target = Path(os.__file__).resolve().parent, Path(sys.argv[1])
    for folder, subfolders, files in os.walk(source):
        copy = target / Path(folder).relative_to(source)
        copy.mkdir(parents=True, exist_ok=True)
        if Path(folder) == source:
            for name in PACKAGES.intersection(subfolders):
                (copy / name).mkdir(exist_ok=True)
        subfolders[:] = [name for name in subfolders if name not in OMITTED and not name.startswith("config-")]
        for name in set(files) - OMITTED:
            _copy(Path(folder) / name, copy / name)
    print(source)
    return 0


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        return  # a broken symbolic link
    if source.suffix != ".py":
        shutil.copy(source, target)
        return
    py_compile.compile(
        str(source),
        str(target.with_suffix(".pyc")),
        dfile=source.name,
        optimize=2,  # without docstrings
        quiet=2,  # skips a template that is not Python
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


if __name__ == "__main__":
    sys.exit(main())
