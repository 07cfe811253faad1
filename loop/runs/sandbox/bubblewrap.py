"""The sandbox: what a run may see and where it may write, as words to put before its command (bubblewrap).

Nothing is visible that is not listed: system folders, the Python environment, the run's own folders and its inputs; no
home, no repository, no journal, no other run, no network, no other process. What starts in it ends with it. bubblewrap
is tried by running it: its presence says nothing where namespaces are forbidden.

Remains possible in it: to learn the time, the machine's load and what lies in the listed folders; to fill the run's own
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
from loop.runs.sandbox.mounts import EMPTY, MEMORY, Layers, bound, environments, in_order, machine

ALONE = ("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "run")
NO_NESTING = ("--unshare-user", "--disable-userns")  # needs bubblewrap 0.8
COPIES = ("lib*/python3.*", "pkgs/*/lib/python3.*", "envs/*/lib/python3.*")  # where a prefix holds standard libraries
TRY_SECONDS = 20.0
INSTALL = {
    "apt-get": "sudo apt-get install -y bubblewrap",
    "dnf": "sudo dnf install -y bubblewrap",
    "pacman": "sudo pacman -S --noconfirm bubblewrap",
    "zypper": "sudo zypper install -y bubblewrap",
    "apk": "sudo apk add bubblewrap",
}
FORBIDDEN = (
    "allow namespaces (Ubuntu 24.04: `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`; "
    "Docker: `--security-opt seccomp=unconfined --security-opt apparmor=unconfined`)"
)


def available() -> bool:
    """Whether the sandbox works here, tried once per process; `why_not` says why it does not."""
    return why_not() is None


@cache
def why_not() -> str | None:
    """None where the sandbox works; else the reason and the line that mends it."""
    if shutil.which("bwrap") is None:
        line = next((line for name, line in INSTALL.items() if shutil.which(name)), "install the package bubblewrap")
        return f"bubblewrap is not installed: `{line}`"
    said = [_try(options) for options in (NO_NESTING, ())]
    return None if None in said else f"bubblewrap does not work here ({said[-1]}): {FORBIDDEN}"


@cache
def _try(options: tuple[str, ...]) -> str | None:
    """None if a command runs in a sandbox with these options; else what bubblewrap says."""
    words = ["bwrap", *ALONE, *options, *in_order(machine(gpu=False)), "--", "/bin/sh", "-c", "exit 0"]
    try:
        ended = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=TRY_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = ended.stderr.decode(errors="replace").strip().splitlines()
    return None if ended.returncode == 0 else (lines or [f"exit code {ended.returncode}"])[-1].strip()


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """What every command of a session sees; each gets its own folders on top. Raises RunRefused where there is none."""

    layers: Layers

    def words(
        self, folder: Path, *, reads: Iterable[Path] = (), writes: Iterable[Path] = (), hides: Iterable[Path] = ()
    ) -> tuple[str, ...]:
        """What to put before a command that starts in `folder`; nothing may be mounted below what it may write to."""
        own = {**bound(reads), **{path.resolve(): ("--bind", str(path.resolve())) for path in writes}}
        own |= {path: EMPTY if path.is_dir() else ("--ro-bind", "/dev/null") for path in hides}
        nesting = NO_NESTING if _try(NO_NESTING) is None else ()
        words = in_order({**self.layers, **own})
        return ("bwrap", *ALONE, *nesting, *words, "--chdir", str(folder.resolve()), "--")


def build(lines: Sequence[str], *, hidden: Iterable[Path], gpu: bool, memory: int = MEMORY) -> Sandbox:
    """The sandbox for these command lines.

    `hidden` are folders of which nothing shows but what is bound below them, also where an environment lies around them.
    """
    reason = why_not()
    if reason is not None:
        raise RunRefused(f"There is no sandbox: {reason}.")
    pythons = dict.fromkeys(interpreter(line) for line in lines)
    closed = {path.resolve() for path in (*hidden, _home()) if path is not None} - {Path("/")}
    layers = {
        **machine(gpu=gpu, memory=memory),
        **dict.fromkeys(closed, EMPTY),
        **environments([*pythons, *(program for line in lines for program in programs(line))], closed=closed),
    }
    layers |= bound(path for path in editable_installs.beside(pythons, closed=closed) if path not in layers)
    for python in pythons:
        layers |= _library(python, layers)
    return Sandbox(layers=MappingProxyType(layers))


def _library(python: Path, layers: Layers) -> dict[Path, tuple[str, ...]]:
    """The standard library as bytecode in the place of its sources, and no other copy of these."""
    source, compiled = _bytecode(python)
    roots = {path for path in layers if layers[path][0] == "--ro-bind" and path.is_dir()} | {Path("/usr/local")}
    copies = {found.parent.resolve() for root in roots for place in COPIES for found in root.glob(f"{place}/os.py")}
    places = {
        path / name for path in _named(source, roots) for name in stdlib_bytecode.PACKAGES if (path / name).is_dir()
    }
    return {
        **dict.fromkeys(copies - {source} - set(layers), EMPTY),
        **{path: ("--ro-bind", str(compiled)) for path in _named(source, roots)},
        **bound(places),
    }


def _bytecode(python: Path) -> tuple[Path, Path]:
    """(folder of an interpreter's library, its compiled copy), made once per interpreter in a few seconds."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or (_home() or Path("/nonexistent")) / ".cache") / "ar-loop"
    real, how = python.resolve(), Path(stdlib_bytecode.__file__).read_text(encoding="utf-8")
    about = f"{real} {real.stat().st_size} {real.stat().st_mtime_ns} {how}"
    key = hashlib.sha256(about.encode()).hexdigest()[:16]
    made, beside = cache / key, cache / f"{key}.{os.getpid()}"
    if not made.is_dir():
        command = [str(python), "-I", "-S", stdlib_bytecode.__file__, str(beside / "lib")]
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if ended.returncode != 0:
            shutil.rmtree(beside, ignore_errors=True)
            why = ended.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise MachineFailure(
                f"The library of {python} cannot be compiled into {cache}: {' '.join(why)}. "
                "Set XDG_CACHE_HOME to a folder that can be written."
            )
        (beside / "source").write_bytes(ended.stdout.strip())
        with contextlib.suppress(OSError):  # another loop may have made it in the meantime
            beside.rename(made)
    return Path((made / "source").read_text(encoding="utf-8")), made / "lib"


def _home() -> Path | None:
    """The person's home, where there is one."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  # Path.home() raises where there is none
    return home if home.is_absolute() else None


def _named(source: Path, roots: Iterable[Path]) -> set[Path]:
    """Every visible name of a folder: an environment may be bound under two."""
    return {source} | {path for root in roots for path in root.glob("lib*/python3.*") if path.resolve() == source}
