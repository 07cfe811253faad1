"""What a sandboxed command sees, by path: system folders, devices, private folders in memory, Python environments.

A deeper path covers a shallower one. This module reads the disk and the brief's command lines, and starts nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from loop.runs.process.environment import prefixes

SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store", "/opt/rocm", "/run/opengl-driver",
)  # fmt: skip
SETTINGS = (
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/passwd", "/etc/group",
    "/etc/nsswitch.conf", "/etc/localtime", "/etc/OpenCL", "/etc/vulkan", "/sys/devices/system/cpu",
)  # fmt: skip
GPU_NODES = ("nvidia*", "dxg", "kfd", "dri")  # below /dev; the drivers read /sys too
PROC_READ_ONLY = ("sys", "irq", "bus")  # below /proc; root could change the whole machine through them
PROC_HIDDEN = (
    "acpi", "fs", "kallsyms", "kcore", "key-users", "keys", "kmsg", "latency_stats", "sched_debug", "scsi", "slabinfo",
    "sysrq-trigger", "timer_list", "timer_stats", "vmallocinfo",
)  # fmt: skip  # below /proc; of the whole machine, and open to root
ENVIRONMENT_PARTS = ("bin", "lib", "lib64", "include", "pyvenv.cfg")  # of an environment around a hidden folder
EMPTY = ("--tmpfs",)
EMPTY_FILE = ("--dev-bind", "/dev/null")  # a program that reads a hidden file finds nothing, and goes on
MEMORY = 4 << 30  # default bytes of each private folder in memory
Mounts = Mapping[Path, tuple[str, ...]]  # path -> arguments of bubblewrap without the path


def system_mounts(*, gpu: bool, memory: int = MEMORY) -> dict[Path, tuple[str, ...]]:
    """System folders and private ones; `gpu` adds the devices of GPUs."""
    mounts: dict[Path, tuple[str, ...]] = {}
    for path in map(Path, SYSTEM):
        if path.is_symlink():
            mounts[path] = ("--symlink", str(path.readlink()))
        elif path.is_dir():
            mounts[path] = ("--ro-bind", str(path))
    mounts |= {path: ("--ro-bind", str(path)) for path in map(Path, SETTINGS) if path.exists()}
    mounts |= {Path("/proc"): ("--proc",), Path("/dev"): ("--dev",), **_proc_masks()}
    private = ("--size", str(memory), "--tmpfs")
    mounts |= {Path("/tmp"): private, Path("/dev/shm"): private, Path("/var/tmp"): ("--symlink", "/tmp")}  # noqa: S108
    if gpu:
        nodes = [node for pattern in GPU_NODES for node in Path("/dev").glob(pattern)]
        mounts |= {node: ("--dev-bind", str(node)) for node in nodes}
        mounts[Path("/sys")] = ("--ro-bind", "/sys")
    return mounts


def _proc_masks() -> dict[Path, tuple[str, ...]]:
    proc = Path("/proc")
    masks = {proc / name: ("--ro-bind", str(proc / name)) for name in PROC_READ_ONLY if (proc / name).exists()}
    hidden = [proc / name for name in PROC_HIDDEN if (proc / name).exists()]
    return masks | {path: EMPTY if path.is_dir() else ("--ro-bind", "/dev/null") for path in hidden}


def environment_mounts(commands: Iterable[Path], *, closed: set[Path]) -> dict[Path, tuple[str, ...]]:
    """The commands' Python environments; a command outside any environment by itself."""
    mounts: dict[Path, tuple[str, ...]] = {}
    for program in commands:
        found = prefixes(program)
        around = [path for path in found if any(folder.is_relative_to(path.resolve()) for folder in closed)]
        parts = [path / name for path in around for name in ENVIRONMENT_PARTS if (path / name).exists()]
        mounts |= read_only([*(path for path in found if path not in around), *parts])
        if not found:
            mounts |= read_only([program, program.resolve()])
    return mounts


def read_only(paths: Iterable[Path]) -> dict[Path, tuple[str, ...]]:
    """Read-only mounts, each under the given name and under the resolved one, which symbolic links lead to."""
    return {name: ("--ro-bind", str(path)) for path in paths for name in (path.absolute(), path.resolve())}


def arguments(mounts: Mounts) -> Iterator[str]:
    """All arguments, shallow paths first; at the end everything becomes read-only that the command may not write."""
    for path in sorted(mounts, key=lambda path: (len(path.parts), path)):
        yield from (*mounts[path], str(path))
    for path in (Path("/"), Path("/dev"), *(path for path in mounts if mounts[path] == EMPTY)):
        yield from ("--remount-ro", str(path))
