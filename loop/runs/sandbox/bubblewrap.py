"""The sandbox: what a run sees and where it may write, as words before its command (bubblewrap).

Only what is listed is visible: system folders, the Python environment, the run's own folders and its inputs; no home, no
repository, no journal, no other run, no network, no other process. What starts in it ends with it. The loop tries
bubblewrap by running it, because an installed one fails if namespaces are forbidden.

Still possible in it: to learn the time, the machine's load and the content of the listed folders; to fill the run's own
folders until the disk runs low; to use a bug of the kernel or of the GPU's driver. Two processes that see one file can
signal through locks on it, and through the load of one GPU.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from loop.errors import MachineFailure, RunRefused
from loop.runs.process.environment import interpreter, programs
from loop.runs.sandbox import editable_installs, stdlib_bytecode
from loop.runs.sandbox.mounts import (
    EMPTY,
    EMPTY_FILE,
    MEMORY,
    Mounts,
    arguments,
    environment_mounts,
    read_only,
    system_mounts,
)
from loop.runs.sandbox.seccomp import filter_file

ISOLATION = ("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "run")
NO_NESTING = ("--unshare-user", "--disable-userns")  # needs bubblewrap 0.8
SECCOMP = (
    "--seccomp"  # followed by a descriptor; in a command prefix by the filter's path, which whoever starts it opens
)
STDLIBS = ("lib*/python3.*", "pkgs/*/lib/python3.*", "envs/*/lib/python3.*")  # standard libraries below a prefix
TRY_SECONDS = 20.0
TEMP = Path("/tmp/.ar")  # noqa: S108 - inside, where /tmp is private
INSTALL = {
    "apt-get": "sudo apt-get install -y bubblewrap",
    "dnf": "sudo dnf install -y bubblewrap",
    "pacman": "sudo pacman -S --noconfirm bubblewrap",
    "zypper": "sudo zypper install -y bubblewrap",
    "apk": "sudo apk add bubblewrap",
}
NAMESPACES_HINT = (
    "allow namespaces (Ubuntu 24.04: `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`; "
    "Docker: `--security-opt seccomp=unconfined --security-opt apparmor=unconfined`)"
)


def is_available() -> bool:
    """Whether the sandbox works on this machine; tried once per process."""
    return unavailable_reason() is None


@cache
def unavailable_reason() -> str | None:
    """Why the sandbox does not work, and the command that repairs it, as a clause; None if it works."""
    if shutil.which("bwrap") is None:
        command = next((line for name, line in INSTALL.items() if shutil.which(name)), "install the package bubblewrap")
        return f"bubblewrap is not installed: `{command}`"
    complaints = [_try(options) for options in (NO_NESTING, ())]
    return None if None in complaints else f"bubblewrap does not work here ({complaints[-1]}): {NAMESPACES_HINT}"


@cache
def _try(options: tuple[str, ...]) -> str | None:
    """None if a command runs in a sandbox with these options; else bubblewrap's complaint."""
    command = ["--", "/bin/sh", "-c", "exit 0"]
    with Path(filter_file() or os.devnull).open("rb") as compiled:
        filters = [SECCOMP, str(compiled.fileno())] if filter_file() else []
        words = ["bwrap", *ISOLATION, *options, *filters, *arguments(system_mounts(gpu=False)), *command]
        try:
            result = subprocess.run(
                words, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=TRY_SECONDS,
                pass_fds=[compiled.fileno()],
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
    lines = result.stderr.decode(errors="replace").strip().splitlines()
    return None if result.returncode == 0 else (lines or [f"exit code {result.returncode}"])[-1].strip()


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """What every command of a session sees; each command gets its own folders in addition."""

    mounts: Mounts

    def command_prefix(
        self,
        folder: Path,
        *,
        reads: Iterable[Path] = (),
        writes: Iterable[Path] = (),
        hides: Iterable[Path] = (),
        temp: Path | None = None,
    ) -> tuple[str, ...]:
        """The words before a command that starts in `folder`; no path may be below one of `writes`.

        The folder `temp` is TMPDIR under a short name: the path of a socket has 107 bytes at most (unix(7)).
        """
        own = {**read_only(reads), **{path.resolve(): ("--bind", str(path.resolve())) for path in writes}}
        if temp is not None:
            own[TEMP] = ("--symlink", str(temp.resolve()))
        own |= {path: EMPTY if path.is_dir() else EMPTY_FILE for path in hides}
        nesting = NO_NESTING if _try(NO_NESTING) is None else ()
        compiled = filter_file()
        return (
            "bwrap",
            *ISOLATION,
            *nesting,
            *((SECCOMP, str(compiled)) if compiled else ()),
            *arguments({**self.mounts, **own}),
            *(("--setenv", "TMPDIR", str(TEMP)) if temp is not None else ()),
            "--chdir",
            str(folder.resolve()),
            "--",
        )


def build_sandbox(lines: Sequence[str], *, hidden: Iterable[Path], gpu: bool, memory: int = MEMORY) -> Sandbox:
    """The sandbox for these command lines. Raises RunRefused if none works on this machine.

    Of the folders `hidden` only paths that are bound below them are visible, also if an environment surrounds them.
    """
    reason = unavailable_reason()
    if reason is not None:
        raise RunRefused(f"There is no sandbox: {reason}.")
    pythons = dict.fromkeys(interpreter(line) for line in lines)
    closed = {path.resolve() for path in (*hidden, _home()) if path is not None} - {Path("/")}
    mounts = {
        **system_mounts(gpu=gpu, memory=memory),
        **dict.fromkeys(closed, EMPTY),
        **environment_mounts([*pythons, *(program for line in lines for program in programs(line))], closed=closed),
    }
    mounts |= read_only(path for path in editable_installs.packages(pythons, closed=closed) if path not in mounts)
    for python in pythons:
        mounts |= _stdlib_mounts(python, mounts)
    return Sandbox(mounts=MappingProxyType(mounts))


def _stdlib_mounts(python: Path, mounts: Mounts) -> dict[Path, tuple[str, ...]]:
    """The standard library as bytecode in the place of its sources, and no other copy of the sources."""
    source, compiled = _compiled_stdlib(python)
    roots = {path for path in mounts if mounts[path][0] == "--ro-bind" and path.is_dir()} | {Path("/usr/local")}
    copies = {file.parent.resolve() for root in roots for place in STDLIBS for file in root.glob(f"{place}/os.py")}
    names = _visible_names(source, roots)
    packages = {path / name for path in names for name in stdlib_bytecode.PACKAGES if (path / name).is_dir()}
    return {
        **dict.fromkeys(copies - {source} - set(mounts), EMPTY),
        **{path: ("--ro-bind", str(compiled)) for path in names},
        **read_only(packages),
    }


def _compiled_stdlib(python: Path) -> tuple[Path, Path]:
    """(an interpreter's standard library, its compiled copy), compiled once per interpreter in a few seconds."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or (_home() or Path("/nonexistent")) / ".cache") / "ar-loop"
    real, compiler = python.resolve(), Path(stdlib_bytecode.__file__).read_text(encoding="utf-8")
    identity = f"{real} {real.stat().st_size} {real.stat().st_mtime_ns} {compiler}"
    key = hashlib.sha256(identity.encode()).hexdigest()[:16]
    target, unfinished = cache / key, cache / f"{key}.{os.getpid()}"
    if not target.is_dir():
        command = [str(python), "-I", "-S", stdlib_bytecode.__file__, str(unfinished / "lib")]
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if result.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            complaint = result.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise MachineFailure(
                f"The library of {python} cannot be compiled into {cache}: {' '.join(complaint)}. "
                "Set XDG_CACHE_HOME to a folder that can be written."
            )
        (unfinished / "source").write_bytes(result.stdout.strip())
        with contextlib.suppress(OSError):  # another loop may have finished it meanwhile
            unfinished.rename(target)
    return Path((target / "source").read_text(encoding="utf-8")), target / "lib"


def _home() -> Path | None:
    """The person's home, if there is one."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  # Path.home() raises if there is none
    return home if home.is_absolute() else None


def _visible_names(source: Path, roots: Iterable[Path]) -> set[Path]:
    """All visible names of a folder: an environment may be bound under two."""
    return {source} | {path for root in roots for path in root.glob("lib*/python3.*") if path.resolve() == source}
