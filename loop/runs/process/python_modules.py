"""The modules that a command's Python can import, as that Python itself says."""

import json
import shlex
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

from loop.errors import MachineFailure
from loop.runs.process.environment import environment, interpreter
from loop.runs.process.runner import Command, CommandObserver, run

SECONDS = 60.0  # of a cold disk; it takes a tenth of a second
MARK = "ar-modules: "
# A folder without `__init__.py` is a package too, and an editable install may have a finder of its own.
_QUERY = f"""
import importlib.util, json, os, sys
folders = [path for path in sys.path[1:] if os.path.isdir(path)]
names = {{entry.split(".")[0] for path in folders for entry in os.listdir(path)}}
names |= set(sys.builtin_module_names) | set(getattr(sys, "stdlib_module_names", ()))
def found(name):
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
names |= {{name for name in sys.argv[1:] if name not in names and found(name)}}
print({MARK!r} + json.dumps(sorted(name for name in names if name.isidentifier())))
"""


def importable_modules(line: str, wanted: frozenset[str] = frozenset()) -> frozenset[str] | None:
    """The top-level modules that the Python of a command line can import, of `wanted` each that a finder of its own knows.

    None if that Python does not answer. The files of the repository are not among them.
    """
    return _ask(interpreter(line), wanted)


@lru_cache(maxsize=16)
def _ask(python: Path, wanted: frozenset[str]) -> frozenset[str] | None:
    with tempfile.TemporaryDirectory(prefix="ar-modules-") as folder:
        (Path(folder) / "home").mkdir()
        command = Command(
            line=shlex.join([str(python), "-c", _QUERY, *sorted(wanted)]),
            folder=Path(folder),
            environment=environment(Path(folder) / "home", temp=Path(folder), extra={}),
            log=Path(folder) / "log",
            seconds=SECONDS,
        )
        try:
            run(command, CommandObserver())
        except MachineFailure:
            return None
        lines = (Path(folder) / "log").read_text(encoding="utf-8", errors="replace").splitlines()
    answer = next((line.removeprefix(MARK) for line in lines if line.startswith(MARK)), None)
    return None if answer is None else frozenset(json.loads(answer)) | sys.stdlib_module_names
