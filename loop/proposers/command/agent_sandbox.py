"""The sandbox of an agent: its own folder is writable, the network is open, and nothing else of the person's is visible.

Beside what a run sees (`loop.runs.sandbox.mounts`), an agent sees certificates and the settings of name resolution, its own
installation, and the files and folders that the command line and the variables of `command_env` name by their whole paths. A
folder that a variable names is writable, because a login refreshes itself in it.
"""

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from loop.proposers.command.agent_folder import AgentFolder
from loop.runs.process import shell_programs
from loop.runs.process.environment import programs, search_path
from loop.runs.sandbox.bubblewrap import Sandbox, is_available
from loop.runs.sandbox.mounts import EMPTY, Mounts, environment_mounts, read_only, system_mounts

NETWORK = (
    "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols",
    "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/ssl/cert.pem", "/etc/pki/tls", "/etc/pki/ca-trust/extracted",
    "/etc/ca-certificates", "/etc/crypto-policies",
)  # fmt: skip
KERNEL = (("/", "dev"), ("/", "proc"), ("/", "sys"))  # parts of paths that are no files of the person
NODE_MODULES = "node_modules"
SHARE_NETWORK = "--share-net"
_SCRIPT = re.compile(rb"#!\s*(?:/usr/bin/env\s+(?:-S\s+)?)?(\S+)")


def command_prefix(
    line: str, folder: AgentFolder, *, repository: Path, variables: Mapping[str, str]
) -> tuple[str, ...] | None:
    """The words before an agent's command; None if no sandbox works on this machine."""
    if not is_available():
        return None
    closed = {path.resolve() for path in (repository, _home()) if path is not None} - {Path("/")}
    installed = [*programs(line), *map(Path, filter(None, map(shutil.which, ("git", "node"))))]
    mounts = _mounts(installed, closed=closed)
    logins = [path for path in map(Path, variables.values()) if _may_see(path, mounts)]
    words = [path for path in map(Path, shell_programs.words(line)) if _may_see(path, mounts)]
    reads = [*(path for path in logins if path.is_file()), *words]
    writes = [*(path for path in logins if path.is_dir()), folder.tree, folder.home, folder.temp]
    sandbox = Sandbox(mounts=MappingProxyType(mounts))
    *prefix, end = sandbox.command_prefix(folder.tree, reads=reads, writes=writes)
    return (*prefix, SHARE_NETWORK, end)


def _may_see(path: Path, mounts: Mounts) -> bool:
    """Whether a path is a file or a folder, and no system folder, nor the home, the repository, or one around them."""
    is_plain = path.parts[:2] not in KERNEL and path.is_absolute() and (path.is_file() or path.is_dir())
    return is_plain and not any(place.is_relative_to(path.resolve()) for place in mounts)


def _mounts(installed: Iterable[Path], *, closed: set[Path]) -> Mounts:
    used = [program for path in installed for program in (path, *_interpreter(path))]
    mounts = {
        **system_mounts(gpu=False),
        **dict.fromkeys(closed, EMPTY),
        **environment_mounts([program.resolve() for program in used], closed=closed),
        **read_only(folder for path in used for folder in _node_folders(path)),
        **read_only(path for path in map(Path, NETWORK) if path.exists()),
    }
    folders = [path for path, words in mounts.items() if words[0] == "--ro-bind" and path.is_dir()]
    links = [path for path in used if path.is_symlink() and not any(path.is_relative_to(folder) for folder in folders)]
    return {**mounts, **{path: ("--symlink", str(path.resolve())) for path in links}}


def _interpreter(program: Path) -> Iterator[Path]:
    """The interpreter that a script names in its first line."""
    try:
        with program.open("rb") as file:
            match = _SCRIPT.match(file.read(256))
    except OSError:
        return
    found = shutil.which(os.fsdecode(match[1]), path=search_path()) if match else None
    if found:
        yield Path(found)


def _node_folders(program: Path) -> Iterator[Path]:
    """What a program of npm needs: the outermost `node_modules` around it; of node itself its prefix."""
    real = program.resolve()
    if NODE_MODULES in real.parts:
        yield Path(*real.parts[: real.parts.index(NODE_MODULES) + 1])
    elif real.parent.name == "bin" and (real.parent.parent / "lib" / NODE_MODULES).is_dir():  # node's own prefix
        yield real.parent.parent


def _home() -> Path | None:
    """The person's home, if there is one."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  # Path.home() raises if there is none
    return home if home.is_absolute() else None
