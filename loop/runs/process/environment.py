"""What a run is given of this machine's settings: an allow-listed environment, the programs it finds, its Python."""

import os
import posixpath
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ALLOWED = (
    "PATH", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_HOME",
    "CUDA_PATH", "CC",
    "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VIRTUAL_ENV", "CONDA_PREFIX",
)  # fmt: skip
_FLAGS = ("-B", "-E", "-I", "-O", "-OO", "-P", "-S", "-s", "-u")  # of Python, which take no value
_SHELL = set("|&;<>()$`\n*?[#~")


def environment(folder: Path, *, more: Mapping[str, str]) -> dict[str, str]:
    """The allow-listed environment of a run whose own files live in `folder`."""
    allowed = {name: os.environ[name] for name in ALLOWED if name in os.environ}
    return {
        **allowed,
        "PATH": search_path(),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def search_path() -> str:
    """PATH of a run: an activated environment's programs first, else those beside this interpreter."""
    given = os.environ.get("PATH", os.defpath)
    return given if os.environ.get("VIRTUAL_ENV") else f"{Path(sys.executable).parent}{os.pathsep}{given}"


def missing_program(line: str) -> str | None:
    """The program of a command line, if it is nowhere on the search path; a script of the repository: see `script_of`."""
    program = _program(line)
    found = script_of(line) or set(line) & _SHELL or shutil.which(program, path=search_path())
    return None if found else program


def script_of(line: str) -> str | None:
    """The path, from the repository's root, of the script that a command line names as its program."""
    program = _program(line)
    inside = "/" in program and not program.startswith("/") and not set(line) & _SHELL
    return posixpath.normpath(program) if inside else None


def file_of_python(line: str) -> str | None:
    """The path, from the repository's root, of the file that a command line gives to Python: X.py of `python -u X.py`."""
    words = shlex.split(line)
    program = _program(line)
    if set(line) & _SHELL or not posixpath.basename(program).startswith("python"):
        return None
    given = words[words.index(program) + 1 :]
    file = next((word for word in given if word not in _FLAGS), "")
    inside = file.endswith(".py") and not file.startswith(("-", "/", ".."))
    return posixpath.normpath(file) if inside else None


def _program(line: str) -> str:
    """The first word that sets no variable."""
    words = [word for word in shlex.split(line) if "=" not in word.split("/")[0]]
    return words[0] if words else line


def argv(line: str) -> list[str]:
    """A command line as words; a shell reads it only where it needs one."""
    return ["/bin/sh", "-c", line] if set(line) & _SHELL or "=" in line.split(maxsplit=1)[0] else shlex.split(line)


def programs(line: str) -> Iterator[Path]:
    """Programs that a command line names and that exist, outermost first."""
    for word in shlex.split(line, comments=False):
        found = shutil.which(word, path=search_path()) if not set(word) & _SHELL else None
        if found:
            yield Path(found).absolute()


def interpreter(line: str) -> Path:
    """The Python that a command line starts, else this one."""
    named = (program for program in programs(line) if program.name.startswith("python"))
    return next(named, Path(sys.executable))


def prefixes(program: Path) -> tuple[Path, ...]:
    """Folders of the Python environment that a program belongs to: its own and the one that it was made from."""
    found: list[Path] = []
    for path in (program, program.resolve()):
        prefix = path.parent.parent
        settings = prefix / "pyvenv.cfg"
        if settings.is_file():
            found += [prefix, *_made_from(settings)]
        elif path.parent.name == "bin" and any(prefix.glob("lib/python3*/os.py")):
            found.append(prefix)
    return tuple(dict.fromkeys(path for one in found for path in (one, one.resolve())))


def _made_from(settings: Path) -> Iterator[Path]:
    for line in settings.read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "home":
            yield Path(value.strip()).parent
