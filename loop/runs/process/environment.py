"""What a run inherits from this machine: an allow-list of environment variables, its search path, its Python."""

import os
import posixpath
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from loop.runs.process.shell_programs import missing_shell_program

ALLOWED = (
    "PATH", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_HOME",
    "CUDA_PATH", "CC",
    "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VIRTUAL_ENV", "CONDA_PREFIX",
)  # fmt: skip
_FLAGS = ("-B", "-E", "-I", "-O", "-OO", "-P", "-S", "-s", "-u")  # of Python, without a value
_SHELL = set("|&;<>()$`\n*?[#~")


def environment(home: Path, *, temp: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a run: the allow-list, its home and its temporary folder, and `extra`.

    Temporary files have a folder of their own: Codex keeps its helpers out of every temporary folder, a home included.
    """
    allowed = {name: os.environ[name] for name in ALLOWED if name in os.environ}
    return {
        **allowed,
        "PATH": search_path(),
        "HOME": str(home),
        "TMPDIR": str(temp),
        "PYTHONNOUSERSITE": "1",
        "PYTHONUNBUFFERED": "1",
        **extra,
    }


def search_path() -> str:
    """PATH of a run: the programs of an activated environment first, else those beside this interpreter."""
    path = os.environ.get("PATH", os.defpath)
    return path if os.environ.get("VIRTUAL_ENV") else f"{Path(sys.executable).parent}{os.pathsep}{path}"


def missing_program(line: str) -> str | None:
    """The program of a command line, if it is nowhere on the search path; for a script of the repository: `program_script`."""
    if set(line) & _SHELL:
        return missing_shell_program(line, path=search_path())
    program = _program(line)
    is_known = program_script(line) or shutil.which(program, path=search_path())
    return None if is_known else program


def program_script(line: str) -> str | None:
    """The path, from the repository's root, of the script that is the program of a command line: run.sh of `./run.sh -x`."""
    program = _program(line)
    is_inside = "/" in program and not program.startswith("/") and not set(line) & _SHELL
    return posixpath.normpath(program) if is_inside else None


def python_script(line: str) -> str | None:
    """The path, from the repository's root, of the script that a command line gives to Python: x.py of `python -u x.py`."""
    words = shlex.split(line)
    program = _program(line)
    if set(line) & _SHELL or not posixpath.basename(program).startswith("python"):
        return None
    arguments = words[words.index(program) + 1 :]
    file = next((word for word in arguments if word not in _FLAGS), "")
    is_inside = file.endswith(".py") and not file.startswith(("-", "/", ".."))
    return posixpath.normpath(file) if is_inside else None


def argv(line: str) -> list[str]:
    """A command line as arguments; through a shell only if it needs one."""
    return ["/bin/sh", "-c", line] if set(line) & _SHELL or "=" in line.split(maxsplit=1)[0] else shlex.split(line)


def programs(line: str) -> Iterator[Path]:
    """The programs that a command line names and that exist, outermost first."""
    for word in shlex.split(line, comments=False):
        path = shutil.which(word, path=search_path()) if not set(word) & _SHELL else None
        if path:
            yield Path(path).absolute()


def interpreter(line: str) -> Path:
    """The Python that a command line starts, else this one."""
    pythons = (program for program in programs(line) if program.name.startswith("python"))
    return next(pythons, Path(sys.executable))


def prefixes(program: Path) -> tuple[Path, ...]:
    """Folders of the Python environment that a program belongs to: its own, and the one that it is based on."""
    found: list[Path] = []
    for path in (program, program.resolve()):
        prefix = path.parent.parent
        settings = prefix / "pyvenv.cfg"
        if settings.is_file():
            found += [prefix, *_base_prefixes(settings)]
        elif path.parent.name == "bin" and any(prefix.glob("lib/python3*/os.py")):
            found.append(prefix)
    return tuple(dict.fromkeys(path for prefix in found for path in (prefix, prefix.resolve())))


def _program(line: str) -> str:
    """The first word that sets no variable."""
    words = [word for word in shlex.split(line) if "=" not in word.split("/")[0]]
    return words[0] if words else line


def _base_prefixes(settings: Path) -> Iterator[Path]:
    for line in settings.read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "home":
            yield Path(value.strip()).parent
