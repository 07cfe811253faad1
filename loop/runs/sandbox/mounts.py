"""Layers of what a sandboxed command sees, by the path where each lies; deeper ones lie over shallower ones.

The machine without its people: system folders, devices, private folders in memory, Python environments. Read from the
disk and from the brief's command lines; nothing is started here.
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
OWN = ("bin", "lib", "lib64", "include", "pyvenv.cfg")  # of an environment that lies around what must stay hidden
EMPTY = ("--tmpfs",)
MEMORY = 4 << 30  # bytes of each private folder in memory, where nothing else is said
Layers = Mapping[Path, tuple[str, ...]]  # arguments of bubblewrap, but for the path


def machine(*, gpu: bool, memory: int = MEMORY) -> dict[Path, tuple[str, ...]]:
    """System folders and private ones; of the devices those of a GPU, where one is used."""
    layers: dict[Path, tuple[str, ...]] = {}
    for path in map(Path, SYSTEM):
        if path.is_symlink():
            layers[path] = ("--symlink", str(path.readlink()))
        elif path.is_dir():
            layers[path] = ("--ro-bind", str(path))
    layers |= {path: ("--ro-bind", str(path)) for path in map(Path, SETTINGS) if path.exists()}
    layers |= {Path("/proc"): ("--proc",), Path("/dev"): ("--dev",)}
    private = ("--size", str(memory), "--tmpfs")
    layers |= {Path("/tmp"): private, Path("/dev/shm"): private, Path("/var/tmp"): ("--symlink", "/tmp")}  # noqa: S108
    if gpu:
        nodes = [node for pattern in GPU_NODES for node in Path("/dev").glob(pattern)]
        layers |= {node: ("--dev-bind", str(node)) for node in nodes}
        layers[Path("/sys")] = ("--ro-bind", "/sys")
    return layers


def environments(commands: Iterable[Path], *, closed: set[Path]) -> dict[Path, tuple[str, ...]]:
    """The commands' Python environments, and the commands themselves where they lie in none."""
    layers: dict[Path, tuple[str, ...]] = {}
    for program in commands:
        found = prefixes(program)
        around = [path for path in found if any(one.is_relative_to(path.resolve()) for one in closed)]
        parts = [path / name for path in around for name in OWN if (path / name).exists()]
        layers |= bound([*(path for path in found if path not in around), *parts])
        if not found:
            layers |= bound([program, program.resolve()])
    return layers


def bound(paths: Iterable[Path]) -> dict[Path, tuple[str, ...]]:
    """Read-only, each under the name given and under its real one, which symbolic links lead to."""
    return {name: ("--ro-bind", str(path)) for path in paths for name in (path.absolute(), path.resolve())}


def in_order(layers: Layers) -> Iterator[str]:
    """All arguments; what is not the command's own to write to becomes read-only at the end."""
    for path in sorted(layers, key=lambda path: (len(path.parts), path)):
        yield from (*layers[path], str(path))
    for path in (Path("/"), Path("/dev"), *(path for path in layers if layers[path] == EMPTY)):
        yield from ("--remount-ro", str(path))
